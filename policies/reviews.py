"""When a policy is to be looked at again. Pure."""

import calendar
from datetime import date


def due_on(last: date, months: int) -> date:
    """The same day of the month `months` later, or that month's last day."""
    year, month = divmod(last.year * 12 + last.month - 1 + months, 12)
    month += 1
    return date(year, month, min(last.day, calendar.monthrange(year, month)[1]))
