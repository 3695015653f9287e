"""What the policy says about requests, complaints and questions, held against the queue."""

from datetime import date, timedelta

from django.db.models import Q

from audit.actors import ActorKind
from audit.promises import Finding, at_risk, broken, kept, promise
from law.models import Company

from .models import Message, Right, RightsRequest, RightsRequestQuerySet

SHOWN = 20
SOON = timedelta(days=3)
CONCERNS = (Right.COMPLAINT, Right.INQUIRY)


@promise(
    "requests-in-time", "We'll process your request within a reasonable timeframe and confirm completion."
)
def requests_in_time(on: date) -> Finding:
    """GDPR Art. 12(3) and its kin: a case past its legal date breaks the sentence, one close to it puts
    it at risk. Overdue is a question to the dates, so no job can miss it."""
    cases = RightsRequest.objects.open().exclude(right__in=CONCERNS)
    if late := _shown(cases.filter(legal_due_on__lt=on)):
        return broken(f"{_said(late)} past the legal date without an answer.", late)
    near = Q(strict_due_on__lt=on + SOON)
    if close := _shown(cases.filter(near)):
        return at_risk(f"{_said(close)} due by now or within {SOON.days} days.", close)
    return kept("Every open request has time left.")


@promise("concerns-answered", "Privacy concerns deserve thoughtful responses.")
def concerns_answered(on: date) -> Finding:
    """A complaint or a question past the house's own date; a message nobody has read for days."""
    concerns = RightsRequest.objects.open().filter(right__in=CONCERNS)
    if late := _shown(concerns.filter(strict_due_on__lt=on)):
        return broken(f"{_said(late)} past the date we set ourselves.", late)
    if unread := _shown(RightsRequest.objects.filter(pk__in=_unread(on))):
        return at_risk(f"{_said(unread)} holding a message that nobody has read.", unread)
    return kept("Every complaint, question and message has been looked at in time.")


def _unread(on: date) -> list[int]:
    company = Company.current()
    before = company.end_of(on - timedelta(days=company.house_acknowledge_days + 1))
    waiting = Message.objects.filter(read_at=None, sender_kind=ActorKind.PERSON, sent_at__lt=before)
    return list(waiting.order_by().values_list("request", flat=True).distinct()[:SHOWN])


def _shown(cases: RightsRequestQuerySet) -> list[RightsRequest]:
    return list(cases.order_by("strict_due_on", "pk")[:SHOWN])


def _said(cases: list[RightsRequest]) -> str:
    if len(cases) == SHOWN:
        return f"{SHOWN} cases or more are"
    return "1 case is" if len(cases) == 1 else f"{len(cases)} cases are"
