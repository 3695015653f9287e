"""What we publish about requests: how many, how they ended, how long they took (11 CCR § 7102).

Counted by the year of receipt. Spam is no request, and a second copy of the same request is one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Q

from law.models import Company

from .models import Outcome, Right, RightsRequest, RightsRequestQuerySet

YEARS = 5
ANSWERED = (Outcome.DONE, Outcome.PARTLY, Outcome.DENIED)


@dataclass(frozen=True)
class Figures:
    """One right in one year. `median_days` is None until something was answered."""

    right: str
    received: int
    done: int
    partly: int
    denied: int
    median_days: int | None

    @property
    def other(self) -> int:
        """Still open, withdrawn, not confirmed or passed on."""
        return self.received - self.done - self.partly - self.denied


def years(*, at: datetime) -> list[int]:
    """The years with requests, the newest first, at most five."""
    first = _counted().aggregate(first=Min("received_at"))["first"]
    if first is None:
        return []
    zone = Company.current().zone
    newest, oldest = at.astimezone(zone).year, first.astimezone(zone).year
    return list(range(newest, max(oldest, newest - YEARS + 1) - 1, -1))


def of_year(year: int) -> list[Figures]:
    """For each right that somebody used in that year, in the order of rights."""
    rows = _of(year)
    counted = rows.values("right").annotate(
        received=Count("pk"),
        done=Count("pk", filter=Q(outcome=Outcome.DONE)),
        partly=Count("pk", filter=Q(outcome=Outcome.PARTLY)),
        denied=Count("pk", filter=Q(outcome=Outcome.DENIED)),
    )
    found = {row["right"]: row for row in counted.order_by()}
    return [
        Figures(**found[right], median_days=_median_days(rows, right))
        for right in Right.values
        if right in found
    ]


def _counted() -> RightsRequestQuerySet:
    return RightsRequest.objects.exclude(outcome__in=[Outcome.SPAM, Outcome.DUPLICATE])


def _of(year: int) -> RightsRequestQuerySet:
    zone = Company.current().zone
    begins, ends = (datetime(number, 1, 1, tzinfo=zone).astimezone(UTC) for number in (year, year + 1))
    return _counted().filter(received_at__gte=begins, received_at__lt=ends)


def _median_days(rows: RightsRequestQuerySet, right: str) -> int | None:
    """Whole days from receipt to the answer; the lower of the two in the middle."""
    answered = rows.filter(right=right, outcome__in=ANSWERED)
    count = answered.count()
    if not count:
        return None
    took = ExpressionWrapper(F("closed_at") - F("received_at"), output_field=DurationField())
    middle: timedelta = (
        answered.annotate(took=took).order_by("took").values_list("took", flat=True)[(count - 1) // 2]
    )
    return middle.days
