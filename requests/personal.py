"""What cases keep about people, and how it goes when its time is over."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.personal import (
    Clock,
    Column,
    Holding,
    Rows,
    StartEvent,
    Then,
    Words,
    exclude,
    one_of,
    register,
)
from law.models import Company

from .erasing import letting_go
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
PROOF = _("It shows what was asked of us and how we answered.")
_UNCONFIRMED = Q(request__outcome__in=[Outcome.UNVERIFIED, Outcome.SPAM])


def _closed_until(day: date) -> Q:
    return Q(request__stage=Stage.CLOSED, request__closed_at__lt=Company.current().end_of(day))


def delete(rows: Rows, at: datetime) -> int:
    return int(rows._raw_delete(rows.db))


@dataclass(frozen=True)
class _Kind:
    """Rows that hang on a case, and how a copy speaks of them."""

    model: type[Particulars] | type[Message] | type[Correction]
    fields: tuple[str, ...]
    title: Words
    about: Words
    columns: dict[str, Column]


def _holding(kind: _Kind, category: str, rows: Q, survives: str | Promise = "") -> Holding:
    return register(
        Holding(
            model=kind.model,
            category=category,
            fields=kind.fields,
            title=kind.title,
            about=kind.about,
            columns={"request": Column(heading=_("Request"), path="request__reference"), **kind.columns},
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


TYPED = _Kind(
    Particulars,
    ("name", "email", "about", "details", "authority"),
    _("Requests"),
    _("What was asked of us about data, as it was written."),
    {
        "received_at": Column(heading=_("Received"), path="request__received_at"),
        "name": Column(heading=_("Name")),
        "email": Column(heading=_("Email address")),
        "about": Column(heading=_("About whom")),
        "details": Column(heading=_("Details")),
        "authority": Column(heading=_("What shows that an agent may act")),
    },
)
SAID = _Kind(
    Message,
    ("body",),
    _("Messages"),
    _("What was written to us about a request, and what we answered."),
    {
        "sent_at": Column(heading=_("Sent")),
        "sender_kind": Column(
            heading=_("From"),
            say=one_of(
                staff=_("us"), system=_("us"), person=_("the person who asked"), school_client=_("the school")
            ),
        ),
        "body": Column(heading=_("Text")),
    },
)
POINT = _Kind(
    Correction,
    ("what", "wanted", "value", "why"),
    _("Corrections"),
    _("What was said to be wrong, what it should say, and what we decided."),
    {
        "field": Column(
            heading=_("What it is about"),
            say=one_of(
                given_name=_("First name"),
                family_name=_("Family name"),
                birth_date=_("Date of birth"),
                email=_("Email address"),
                place=_("Country or region"),
                language=_("Language"),
                other=_("Something else"),
            ),
        ),
        "what": Column(heading=_("What is wrong")),
        "wanted": Column(heading=_("What it should say")),
        "judgment": Column(
            heading=_("What we decided"),
            say=one_of(open=_("not decided yet"), accepted=_("corrected"), refused=_("not corrected")),
        ),
        "value": Column(heading=_("Corrected to")),
        "why": Column(heading=_("Why not")),
        "decided_at": Column(heading=_("Decided")),
    },
)
PARTICULARS = _holding(TYPED, CASES, ~_UNCONFIRMED, PROOF)
MESSAGES = _holding(SAID, CASES, ~_UNCONFIRMED, PROOF)
UNCONFIRMED_PARTICULARS = _holding(TYPED, UNCONFIRMED, _UNCONFIRMED)
UNCONFIRMED_MESSAGES = _holding(SAID, UNCONFIRMED, _UNCONFIRMED)

ASKERS = ("request__subject", "request__requester")
# Of a category that stays as proof, but these two prove nothing that the case does not: an erasure takes them.
ANSWERS = register(
    Holding(
        model=Task,
        category=CASES,
        fields=("answer_text",),
        title=_("Answers of those we asked"),
        about=_("What the owners of our systems wrote when we asked them."),
        columns={
            "answered_at": Column(heading=_("Answered")),
            "answer_text": Column(heading=_("What they wrote")),
        },
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
        title=_("Parts of copies"),
        about=_("What was put into a copy, or kept out of it."),
        columns={"redacted_name": Column(heading=_("Name of the file"))},
        subjects=ASKERS,
        clocks={StartEvent.CLOSED: Clock(until=_closed_until)},
        ways={Then.DELETE: letting_go.parts_with_files},
        in_copies=False,  # what was withheld from one copy is not in the next
    )
)
NO_PROOF = (ANSWERS, PARTS)
CORRECTIONS = _holding(POINT, CASES, ~_UNCONFIRMED, PROOF)
UNCONFIRMED_CORRECTIONS = _holding(POINT, UNCONFIRMED, _UNCONFIRMED)

exclude(IdentityDocument, "Sealed, and destroyed after the verdict or on its own date, whatever comes first.")
exclude(
    TaskFile,
    "Sealed under the key of its case, and gone with the copy that was made of it; what was withheld from "
    "that copy goes with its part (CopyPart).",
)
