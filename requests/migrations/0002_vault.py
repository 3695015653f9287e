import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("requests", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "wrapped",
                    models.BinaryField(
                        help_text="The key, locked by a master key that is not in the database.", null=True
                    ),
                ),
                (
                    "wrapped_by",
                    models.CharField(
                        db_index=True,
                        editable=False,
                        help_text="Fingerprint of that master key.",
                        max_length=16,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("shredded_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "shredded_by",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="Kind and reference of the actor.",
                        max_length=80,
                    ),
                ),
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="key",
                        to="requests.rightsrequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SealedFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.CharField(editable=False, max_length=100, unique=True)),
                ("size", models.PositiveBigIntegerField(help_text="In bytes, before sealing.")),
                (
                    "sha256",
                    models.CharField(
                        help_text="Of the sealed file, which says nothing of its content.", max_length=64
                    ),
                ),
                ("sealed_at", models.DateTimeField()),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="requests.casekey",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddConstraint(
            model_name="casekey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("shredded_at", None), ("wrapped__isnull", False)),
                    models.Q(("shredded_at__isnull", False), ("wrapped", None)),
                    _connector="OR",
                ),
                name="requests_case_key_there_or_shredded",
            ),
        ),
    ]
