from django.db import migrations


def as_facts(apps, schema_editor):
    """A plan used to hold sentences. What keeps something becomes its kind; a period that was words in English is
    gone, so an order that waits is decided anew, as after any change of the register."""
    orders = apps.get_model("requests", "ErasureOrder").objects
    for order in orders.all():
        order.plan = [_fact(line) for line in order.plan]
        order.save(update_fields=["plan"])


def _fact(line):
    kept = {"category", "name", "hold", "rows"}
    return {
        **{key: value for key, value in line.items() if key in kept},
        "keeper": _keeper(line),
        "terms": [],
    }


def _keeper(line):
    if line["goes"]:
        return ""
    return "hold" if line["hold"] else "law" if line["is_refusal"] else "proof"


class Migration(migrations.Migration):
    dependencies = [("requests", "0004_corrections")]

    operations = [migrations.RunPython(as_facts, migrations.RunPython.noop)]
