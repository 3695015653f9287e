from django.db import migrations

# As Django asks on PostgreSQL for `istartswith`; in the order of bytes, which alone answers LIKE 'MOR%' whatever
# the language of the database. SQLite, for a small house, reads the table.
INDEXES = {
    "people_person_family_given": "upper(family_name::text) text_pattern_ops, upper(given_name::text) text_pattern_ops",
    "people_person_given": "upper(given_name::text) text_pattern_ops",
}


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name, columns in INDEXES.items():
            schema_editor.execute(f"CREATE INDEX {name} ON people_person ({columns})")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in INDEXES:
            schema_editor.execute(f"DROP INDEX {name}")


class Migration(migrations.Migration):
    dependencies = [("people", "0005_restrictions")]

    operations = [migrations.RunPython(create, drop)]
