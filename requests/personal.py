"""What cases keep about people, and how it goes when its time is over."""

from datetime import date, datetime

from django.db.models import Q

from audit.personal import Clock, Holding, Rows, StartEvent, Then, register
from law.models import Company

from .models import Message, Particulars, Stage

CASES = "rights-requests"
# Art. 5(2), 17(3)(e): what was asked and answered has to be shown to an authority or a court.
PROOF = "It shows what was asked of us and how we answered."


def _closed_until(day: date) -> Q:
    return Q(request__stage=Stage.CLOSED, request__closed_at__lt=Company.current().end_of(day))


def delete(rows: Rows, at: datetime) -> int:
    return int(rows._raw_delete(rows.db))


PARTICULARS = register(
    Holding(
        model=Particulars,
        category=CASES,
        fields=("name", "email", "about", "details", "authority"),
        subjects=("request__subject", "request__requester"),
        clocks={StartEvent.CLOSED: Clock(until=_closed_until)},
        ways={Then.DELETE: delete},
        survives=PROOF,
    )
)
MESSAGES = register(
    Holding(
        model=Message,
        category=CASES,
        fields=("body",),
        subjects=("request__subject", "request__requester"),
        clocks={StartEvent.CLOSED: Clock(until=_closed_until)},
        ways={Then.DELETE: delete},
        survives=PROOF,
    )
)
