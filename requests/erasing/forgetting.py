"""Letting go of people in this database: set-based, whatever their number (GDPR Art. 17).

What apps hold about people they declare themselves (audit.personal), so nothing is forgotten that
somebody declared, and the inventory's coverage check sees to it that everything is declared."""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import CharField, Q
from django.db.models.functions import Cast

from audit.personal import Holding, Rows, Then, Way, holdings
from inventory.letting_go.holds import held_rows
from inventory.models import LegalHold
from notices import mail
from notices.actions import cancel_for
from notices.models import Mail
from people.models import Person
from requests.models import RightsRequest
from requests.personal import NO_PROOF


def forget(people: Iterable[int], *, keep: Collection[str] = (), at: datetime) -> dict[str, int]:
    """Take away what every app holds about these people, and say how many rows went, by model.

    `people` are their numbers; `keep` are codes of categories that must stay. Rows on a legal hold stay
    whatever the caller says, and so does what survives by its nature (`Holding.survives`). The person's
    own row goes last and keeps its number, for the evidence that points to it. Run it in a transaction;
    running it again takes what is left, which is nothing."""
    numbers = list(people)
    cancel_for(numbers)
    mail.empty(Mail.objects.filter(recipient_id__in=numbers), at=at)
    _empty_typed(numbers, at=at)
    gone: dict[str, int] = {}
    are_holds = LegalHold.objects.in_force().exists()  # asked once, not for each holding
    for holding in _in_order(holdings()):
        if not holding.survives and (holding.category not in keep or holding in NO_PROOF):
            rows = about(holding, numbers)
            rows = rows.exclude(held_rows(holding)) if are_holds else rows
            gone[holding.label] = gone.get(holding.label, 0) + _way(holding)(rows, at)
    return {label: count for label, count in gone.items() if count}


def _empty_typed(people: list[int], *, at: datetime) -> None:
    """Mails that bear no number of theirs, for they went to an address typed in a form: in cases that are
    theirs; and whatever went to their address on file, of open questions only what has left already."""
    theirs = RightsRequest.objects.filter(Q(subject__in=people) | Q(requester__in=people)).order_by()
    addresses = Person.objects.filter(pk__in=people).exclude(email="").order_by()
    typed = Mail.objects.filter(object_type=RightsRequest._meta.label_lower, recipient_id=None)
    typed = typed.exclude(address="")
    mail.empty(typed.filter(object_ref__in=theirs.values(ref=Cast("pk", CharField()))), at=at)
    mail.empty(typed.at_rest().filter(address__in=addresses.values("email")), at=at)


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
