from django.db import models


class ClosedDay(models.Model):
    """A day on which offices in a place are shut. Staff correct it; a deadline's explanation keeps the
    days that it skipped, so a later correction rewrites no case."""

    class Kind(models.TextChoices):
        PUBLIC_HOLIDAY = "public_holiday", "public holiday"
        SUBSTITUTE = "substitute", "day in lieu of a holiday"
        CLOSE_DOWN = "close_down", "close-down"

    place = models.CharField(
        max_length=6,
        help_text="Country, or country and region: DE, DE-BE, US-CA, GB-SCT. A region adds to its country’s days, "
        "and its own row wins on the same day.",
    )
    day = models.DateField()
    name = models.CharField(max_length=100)
    is_closed = models.BooleanField(
        "offices are shut", default=True, help_text="Off: listed somewhere, but people work that day."
    )
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.PUBLIC_HOLIDAY)
    source = models.CharField(max_length=100, blank=True)
    checked = models.CharField(max_length=100, blank=True, help_text="How, and against what, it was checked.")
    is_corrected = models.BooleanField(
        "written or corrected by staff",
        default=False,
        editable=False,
        help_text="An import leaves it alone.",
    )

    class Meta:
        ordering = ["-day", "place"]
        constraints = [
            models.UniqueConstraint(fields=["place", "day"], name="law_closed_day_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day} in {self.place}"
