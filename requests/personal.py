"""What cases keep about people, and how it goes when its time is over."""

from datetime import date, datetime

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from audit.personal import Clock, Holding, Rows, StartEvent, Then, exclude, register
from law.models import Company

from . import letting_go
from .models import (
    CopyPart,
    Correction,
    IdentityDocument,
    Message,
    Outcome,
    Particulars,
    Stage,
    Task,
    TaskFile,
)

# Two categories, for two lengths of time: a case that was worked on is proof (law/data/retention.csv:
# rights_request_log), while what nobody confirmed proves nothing and goes soon (unverified_request).
CASES, UNCONFIRMED = "rights-requests", "unconfirmed-requests"
# Art. 5(2), 17(3)(e): what was asked and answered has to be shown to an authority or a court.
PROOF = gettext_lazy("It shows what was asked of us and how we answered.")
_UNCONFIRMED = Q(request__outcome__in=[Outcome.UNVERIFIED, Outcome.SPAM])


def _closed_until(day: date) -> Q:
    return Q(request__stage=Stage.CLOSED, request__closed_at__lt=Company.current().end_of(day))


def delete(rows: Rows, at: datetime) -> int:
    return int(rows._raw_delete(rows.db))


def _holding(
    model: type[Particulars] | type[Message] | type[Correction],
    fields: tuple[str, ...],
    category: str,
    rows: Q,
    survives: str | Promise = "",
) -> Holding:
    return register(
        Holding(
            model=model,
            category=category,
            fields=fields,
            subjects=("request__subject", "request__requester"),
            copied_to=(
                "request__requester",
            ),  # a parent's words are no part of the child's copy (Art. 15(4))
            clocks={StartEvent.CLOSED: Clock(until=_closed_until)},
            ways={Then.DELETE: delete},
            all_rows=rows,
            survives=survives,
        )
    )


TYPED, SAID = ("name", "email", "about", "details", "authority"), ("body",)
PARTICULARS = _holding(Particulars, TYPED, CASES, ~_UNCONFIRMED, PROOF)
MESSAGES = _holding(Message, SAID, CASES, ~_UNCONFIRMED, PROOF)
UNCONFIRMED_PARTICULARS = _holding(Particulars, TYPED, UNCONFIRMED, _UNCONFIRMED)
UNCONFIRMED_MESSAGES = _holding(Message, SAID, UNCONFIRMED, _UNCONFIRMED)

ASKERS = ("request__subject", "request__requester")
# Of a category that stays as proof, but these two prove nothing that the case does not: an erasure takes them.
ANSWERS = register(
    Holding(
        model=Task,
        category=CASES,
        fields=("answer_text",),
        subjects=ASKERS,
        clocks={StartEvent.CLOSED: Clock(until=_closed_until)},
        ways=dict.fromkeys((Then.DELETE, Then.ANONYMIZE), letting_go.words_of_answers),
        all_rows=Q(request__isnull=False) & ~Q(answer_text__in=["", letting_go.NO_WORDS]),
        in_copies=False,  # they stand in the index of the copy
    )
)
PARTS = register(
    Holding(
        model=CopyPart,
        category=CASES,
        fields=("redacted_name",),
        subjects=ASKERS,
        clocks={StartEvent.CLOSED: Clock(until=_closed_until)},
        ways={Then.DELETE: letting_go.parts_with_files},
        in_copies=False,  # what was withheld from one copy is not in the next
    )
)
NO_PROOF = (ANSWERS, PARTS)
POINTS = ("what", "wanted", "value", "why")
CORRECTIONS = _holding(Correction, POINTS, CASES, ~_UNCONFIRMED, PROOF)
UNCONFIRMED_CORRECTIONS = _holding(Correction, POINTS, UNCONFIRMED, _UNCONFIRMED)

exclude(IdentityDocument, "Sealed, and destroyed after the verdict or on its own date, whatever comes first.")
exclude(
    TaskFile,
    "Sealed under the key of its case, and gone with the copy that was made of it; what was withheld from "
    "that copy goes with its part (CopyPart).",
)
