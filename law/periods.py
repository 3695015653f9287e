"""Lengths of time as laws write them. Pure."""

from dataclasses import dataclass

from django.db.models import TextChoices


class PeriodUnit(TextChoices):
    CALENDAR_MONTH = "calendar_month", "months"
    CALENDAR_DAY = "calendar_day", "days"
    BUSINESS_DAY = "business_day", "business days"
    WORKING_DAY = "working_day", "working days"
    HOUR = "hour", "hours"


@dataclass(frozen=True)
class Period:
    """So many months, days, working days or hours."""

    number: int
    unit: str

    def __str__(self) -> str:
        words = str(PeriodUnit(self.unit).label)
        return f"1 {words[:-1]}" if self.number == 1 else f"{self.number} {words}"
