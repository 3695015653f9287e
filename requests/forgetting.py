"""Letting go of people in this database: set-based, whatever their number (GDPR Art. 17).

What apps hold about people they declare themselves (audit.personal), so nothing is forgotten that
somebody declared, and the inventory's coverage check sees to it that everything is declared."""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q

from audit.personal import Holding, Rows, Then, Way, holdings
from inventory.holds import held_rows
from notices import mail
from notices.actions import cancel_for
from notices.models import Mail
from people.models import Person


def forget(people: Iterable[int], *, keep: Collection[str] = (), at: datetime) -> dict[str, int]:
    """Take away what every app holds about these people, and say how many rows went, by model.

    `people` are their numbers; `keep` are codes of categories that must stay. Rows on a legal hold stay
    whatever the caller says, and so does what survives by its nature (`Holding.survives`). The person's
    own row goes last and keeps its number, for the evidence that points to it. Run it in a transaction;
    running it again takes what is left, which is nothing."""
    numbers = list(people)
    cancel_for(numbers)
    mail.empty(Mail.objects.filter(recipient_id__in=numbers), at=at)
    gone: dict[str, int] = {}
    for holding in _in_order(holdings()):
        if not holding.survives and holding.category not in keep:
            rows = about(holding, numbers).exclude(held_rows(holding))
            gone[holding.label] = gone.get(holding.label, 0) + _way(holding)(rows, at)
    return {label: count for label, count in gone.items() if count}


def about(holding: Holding, people: Collection[int]) -> Rows:
    """The rows of a holding that are about any of these people; none where nothing leads to a person."""
    theirs = (Q(**{f"{path}__in": people}) for path in holding.subjects)
    return holding.rows().filter(reduce(or_, theirs, Q(pk__in=[])))


def _in_order(found: Iterable[Holding]) -> list[Holding]:
    return sorted(found, key=lambda holding: holding.model is Person)


def _way(holding: Holding) -> Way:
    """A person's row is emptied and keeps its number; everything else is deleted where it can be."""
    wanted = (Then.ANONYMIZE, Then.DELETE) if holding.model is Person else (Then.DELETE, Then.ANONYMIZE)
    return next(holding.ways[then] for then in wanted if then in holding.ways)
