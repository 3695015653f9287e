"""What this room holds about people, and the audit record, whose own app lies below the inventory."""

from datetime import date, datetime

from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Cast, NullIf
from django.utils.translation import gettext_lazy as _

from audit.disposing import PROOFS
from audit.models import Event, SealedEvent
from audit.personal import Clock, Column, Holding, Rows, StartEvent, Then, exclude, one_of, register
from law.models import Company
from people.personal import CASES, WISHES, when_over

from .models import CookieReceipt, Objection, System

RECORD, CHOICES = "audit-record", "cookie-choices"


def _done_until(day: date) -> Q:
    return Q(at__lt=Company.current().end_of(day))


def delete_rows(rows: Rows, at: datetime) -> int:
    return int(rows._raw_delete(rows.db) or 0)  # Django asks nothing, and says None, of no rows at all


def _number(kind: str, ref: str, means: str) -> Case:
    """A reference kept as text, where it is a person's number. Somebody at the public form has none."""
    return Case(When(**{kind: means}, then=Cast(NullIf(F(ref), Value("")), BigIntegerField())))


EVENTS = register(
    Holding(
        model=Event,
        category=RECORD,
        fields=("actor_ref", "object_ref", "reason"),
        title=_("Record of what was done"),
        about=_("Who did what and when, as our record shows it, by numbers and without names."),
        columns={
            "at": Column(heading=_("When")),
            "actor_ref": Column(heading=_("Number of who did it")),
            "object_ref": Column(heading=_("Number of what it was done to")),
            "reason": Column(heading=_("Why")),
        },
        subjects=("person_done_to", "person_doing"),
        derived={
            "person_done_to": _number("object_type", "object_ref", "people.person"),
            "person_doing": _number("actor_kind", "actor_ref", "person"),
        },
        clocks={StartEvent.EVENT: Clock(until=_done_until)},
        ways={Then.DELETE: delete_rows},
        survives=_("It proves what was done and when, and names nobody."),
        in_copies=False,  # what colleagues did, in their words: looked up by hand where somebody asks for it
        # Before its seal nothing would show that an event was there; the proof of what went stays.
        all_rows=~Q(verb__in=PROOFS) & Q(Exists(SealedEvent.objects.filter(event=OuterRef("pk")))),
    )
)
RECEIPTS = register(
    Holding(
        model=CookieReceipt,
        category=CHOICES,
        fields=("reference", "choices", "gpc"),
        title=_("Cookie choices"),
        about=_("What a browser answered when we asked about cookies."),
        columns={
            "at": Column(heading=_("When")),
            "reference": Column(heading=_("Number of the receipt")),
            "choices": Column(heading=_("Yes or no to each group")),
            "gpc": Column(heading=_("The browser asked not to be tracked")),
        },
        subjects=(),  # pseudonymous: no row leads to a person
        clocks={StartEvent.EVENT: Clock(until=_done_until)},
        ways={Then.DELETE: delete_rows},
    )
)
OBJECTIONS = register(
    Holding(
        model=Objection,
        category=CASES,
        fields=("purpose", "kind", "case", "since", "until"),
        title=_("Uses to stop"),
        about=_("What we were asked to stop, and since when."),
        columns={
            "purpose": Column(heading=_("Number of the use")),
            "purpose_name": Column(heading=_("Use"), path="purpose__name"),
            "kind": Column(
                heading=_("Every use of a kind"),
                say=one_of(marketing=_("direct marketing"), sale=_("sale, or sharing for advertising")),
            ),
            "case": Column(heading=_("Request")),
            "since": Column(heading=_("Since")),
            "until": Column(heading=_("Until")),
        },
        subjects=("person_id",),
        clocks={StartEvent.CLOSED: when_over("person_id")},
        ways={Then.DELETE: delete_rows},
        survives=WISHES,
    )
)
exclude(
    System, "The work address of whoever answers for a system: a colleague or a team, kept by the employer."
)
