from django.core.management import call_command
from django.db import migrations


def create_table(apps, schema_editor):
    """The cache that counts attempts to sign in (settings.CACHES), shared by every process."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]

    operations = [migrations.RunPython(create_table, migrations.RunPython.noop)]
