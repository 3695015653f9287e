"""Days, months and years on. Pure; used by every rule that counts time."""

from calendar import monthrange
from datetime import date, timedelta

from django.db import models


class Unit(models.TextChoices):
    DAYS = "days", "days"
    MONTHS = "months", "months"
    YEARS = "years", "years"


def months_after(day: date, months: int) -> date:
    """The same day of the month `months` later (or earlier), or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def after(day: date, number: int, unit: str) -> date:
    """The last day of a period that starts on `day`, which belongs to it whole (Reg. 1182/71 Art. 3(2)(c))."""
    if unit == Unit.DAYS:
        return day + timedelta(days=number)
    return months_after(day, number * 12 if unit == Unit.YEARS else number)


def last_start(over_on: date, number: int, unit: str) -> date:
    """The latest start whose period is over when that day begins: for 1 March and a month, 31 January."""
    last = over_on - timedelta(days=1)
    start = after(last, -number, unit)
    while after(start + timedelta(days=1), number, unit) <= last:
        start += timedelta(days=1)
    return start
