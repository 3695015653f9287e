"""Where a fault of the register may be, so that the health page need not read a million activities.

Both tables are written by the database itself (inventory.leads) and hold too much rather than too
little: whoever reads one looks whether the activity still bears it out."""

from django.db import models

from .registers import DataCategory, ProcessingActivity, Purpose


class PurposeUse(models.Model):
    """Some activity for this purpose uses this category of these people, or once did."""

    purpose = models.ForeignKey(Purpose, on_delete=models.CASCADE, related_name="+", db_index=False)
    category = models.ForeignKey(DataCategory, on_delete=models.CASCADE, related_name="+")
    whose = models.TextField(help_text="As the activity's column reads as text.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "category", "whose"], name="inventory_use_once")
        ]

    def __str__(self) -> str:
        return f"Purpose {self.purpose_id} uses category {self.category_id}"


class LooseEnd(models.Model):
    """An activity that may name no category, or no system."""

    class Lacks(models.TextChoices):
        CATEGORIES = "categories", "categories"
        SYSTEMS = "systems", "systems"

    # Without a key in the database: links that go with their activity leave a loose end on the way.
    activity = models.ForeignKey(
        ProcessingActivity,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    lacks = models.CharField(max_length=16, choices=Lacks)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["activity", "lacks"], name="inventory_loose_end_once")]

    def __str__(self) -> str:
        return f"Activity {self.activity_id}: {self.lacks}"
