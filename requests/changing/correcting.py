"""Corrections: written down point by point, decided by a colleague, applied here, told to others (Art. 16, 19).

The danger: a correction is a way to become somebody. *Another address* receives the codes that open a copy,
so it takes as much proof as a copy does. *Another date of birth or place* makes a child old enough to
decide alone, or a grown-up a child whose parent decides: neither is taken from the one who would win by it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.actors import SYSTEM, Acts
from law import readings
from law.ages import has_reached
from law.models import Company
from people import cleaning
from people.actions import correct
from people.models import ADULT, Person, Role, User
from people.refusals import NothingCorrected
from requests import events, guards
from requests.models import (
    Correctable,
    Correction,
    Happened,
    Judgment,
    Method,
    RequesterKind,
    Right,
    RightsRequest,
    Stage,
    Verdict,
)
from requests.refusals import (
    AddressNeedsProof,
    AgeNeedsProof,
    CorrectionNotClean,
    NothingToCorrect,
    ReasonMissing,
    UndecidedCorrections,
    WrongStage,
)
from requests.saying import mails

MOST = 20  # points of one case
# Whoever shows one of these reads the mailbox on file, or is somebody a document names.
PROVES_AN_ADDRESS = (Method.SIGNED_IN, Method.ADDRESS_ON_FILE, Method.DOCUMENT)


@dataclass(frozen=True)
class Wanted:
    """One point as it was typed: a field of ours or `other`, what is wrong, what it should say."""

    field: str
    what: str
    wanted: str


@dataclass(frozen=True)
class Decision:
    """`value` as we write it when accepted; `why` for the requester when refused."""

    judgment: str
    value: str = ""
    why: str = ""


# --- Written down ------------------------------------------------------------------------------


def take_down(request: RightsRequest, points: Iterable[Wanted]) -> None:
    """What the form of a new case holds. In the caller's transaction."""
    rows = (Correction(request=request, field=p.field, what=p.what, wanted=p.wanted) for p in points)
    Correction.objects.bulk_create(list(rows)[:MOST])


@transaction.atomic
def add(
    request: RightsRequest, *, field: str, what: str, wanted: str, by: User, at: datetime, reason: str = ""
) -> Correction:
    """A colleague writes down what the requester said, on the phone or in a message."""
    guards.locked(request)
    _may_still_change(request)
    point = Correction.objects.create(request=request, field=Correctable(field), what=what, wanted=wanted)
    facts = {"field": field}
    events.deed(
        request, "add_correction", Happened.CORRECTION_ADDED, by=by, at=at, reason=reason, facts=facts
    )
    return point


# --- Decided -----------------------------------------------------------------------------------


@transaction.atomic
def decide(
    request: RightsRequest, *, decisions: Mapping[int, Decision], by: User, at: datetime, reason: str = ""
) -> RightsRequest:
    """Accept or refuse each point. May be decided anew until work begins.

    Raises CorrectionNotClean, AddressNeedsProof, AgeNeedsProof, ReasonMissing."""
    guards.locked(request)
    _may_still_change(request)
    points = list(request.corrections.select_for_update().filter(pk__in=decisions))
    for point in points:
        _decide_one(point, decisions[point.pk], by, at)
    _refuse_takeovers(request, at)
    accepted = [point.field for point in points if point.judgment == Judgment.ACCEPTED]
    facts = {"accepted": sorted(accepted), "refused": len(points) - len(accepted)}
    events.deed(
        request, "decide_corrections", Happened.CORRECTIONS_DECIDED, by=by, at=at, reason=reason, facts=facts
    )
    return request


def _decide_one(point: Correction, decision: Decision, by: User, at: datetime) -> None:
    point.judgment, point.decided_by, point.decided_at = Judgment(decision.judgment), by, at
    point.value, point.why = "", ""
    if point.judgment == Judgment.ACCEPTED:
        point.value = clean(point.field, decision.value, Company.current().day_of(at))
    elif decision.why.strip():
        point.why = decision.why
    else:
        raise ReasonMissing("Say why this is not corrected: the requester reads it (GDPR Art. 12(4)).")
    point.save()


def clean(field: str, typed: str, today: date) -> str:
    """The form we write, by the rules of `people.cleaning`. Raises CorrectionNotClean."""
    try:
        value: str = _CLEAN[Correctable(field)](typed, today)
    except ValidationError as error:
        raise CorrectionNotClean(f"{Correctable(field).label.capitalize()}: {error.messages[0]}") from None
    if not value:
        raise CorrectionNotClean(f"{Correctable(field).label.capitalize()}: say what it should say.")
    return value


def _place(typed: str, today: date) -> str:
    country, _dash, region = typed.strip().upper().partition("-")
    country = cleaning.clean_country(country)
    region = cleaning.clean_region(country, region)
    return f"{country}-{region}" if region else country


def _born(typed: str, today: date) -> str:
    born = cleaning.clean_birth_date(typed, today)
    return born.isoformat() if born else ""


_CLEAN: dict[Correctable, Any] = {
    Correctable.GIVEN_NAME: lambda typed, today: cleaning.clean_name(typed),
    Correctable.FAMILY_NAME: lambda typed, today: cleaning.clean_name(typed),
    Correctable.EMAIL: lambda typed, today: cleaning.clean_email(typed),
    Correctable.LANGUAGE: lambda typed, today: cleaning.clean_language(typed) if typed.strip() else "",
    Correctable.BIRTH_DATE: _born,
    Correctable.PLACE: _place,
    Correctable.OTHER: lambda typed, today: typed.strip(),
}


def refuse_undecided(request: RightsRequest, *, at: datetime) -> None:
    """Before work begins: nobody can correct what nobody has said, or what is not decided.

    Who would win by it is asked once more: since the decision somebody else may have been found on file, or
    a stronger proof have given way to a weaker one."""
    if request.right != Right.RECTIFICATION:
        return
    if request.corrections.undecided().exists():
        raise UndecidedCorrections
    if not request.corrections.accepted().exists():
        raise NothingToCorrect
    _refuse_takeovers(request, at)


def _may_still_change(request: RightsRequest) -> None:
    if request.right != Right.RECTIFICATION:
        raise WrongStage("Only a request for correction holds corrections.")
    if request.stage not in (Stage.UNVERIFIED, Stage.REVIEW):
        raise WrongStage("Work on this case has begun. What is new needs a request of its own.")


# --- Who would win by it -----------------------------------------------------------------------


def _refuse_takeovers(request: RightsRequest, at: datetime) -> None:
    subject = request.subject
    if subject is None or not (values := values_for(request)):
        return
    if "email" in values and values["email"] != subject.email and not _shows_an_address(request):
        raise AddressNeedsProof
    if subject.role == Role.LEARNER and {"birth_date", "country"} & values.keys():
        _refuse_another_age(request, subject, values, Company.current().day_of(at))


def _proof(request: RightsRequest) -> Any:
    return request.identity_checks.filter(verdict=Verdict.PASSED).order_by("-decided_at", "-pk").first()


def _shows_an_address(request: RightsRequest) -> bool:
    """Facts that an acquaintance knows do not, nor does a school or an agent (abuse A2, A9, A20)."""
    proof = _proof(request)
    if proof is None or request.requester_kind in (RequesterKind.AGENT, RequesterKind.SCHOOL):
        return False
    return proof.method in PROVES_AN_ADDRESS or proof.second_by_id is not None


def _refuse_another_age(
    request: RightsRequest, subject: Person, values: Mapping[str, object], today: date
) -> None:
    """A learner's age decides who speaks for them: they alone may not raise it, a guardian not lower it."""
    proof = _proof(request)
    if proof is not None and proof.method == Method.DOCUMENT:
        return
    before = _may_alone(subject.birth_date, subject.place, today)
    after = _may_alone(values.get("birth_date", subject.birth_date), _place_after(subject, values), today)
    grows = any(new and not old for old, new in zip(before, after, strict=True))
    shrinks = any(old and not new for old, new in zip(before, after, strict=True))
    kind = request.requester_kind
    if grows and kind not in (RequesterKind.GUARDIAN, RequesterKind.SCHOOL):
        raise AgeNeedsProof("The learner would be old enough to decide alone. A verified guardian, the school or a document has to show it.")  # fmt: skip
    if shrinks and kind not in (RequesterKind.SELF, RequesterKind.SCHOOL):
        raise AgeNeedsProof("A guardian would decide again for somebody who decides alone. They themselves, the school or a document has to show it.")  # fmt: skip


def _may_alone(born: object, place: str, today: date) -> tuple[bool, bool]:
    """Old enough to consent where they live, and of age."""
    if not isinstance(born, date):
        return False, False
    consent = readings.ages(today, Company.current()).years(place)
    return has_reached(born, consent, today), has_reached(born, ADULT, today)


def _place_after(subject: Person, values: Mapping[str, object]) -> str:
    if "country" not in values:
        return subject.place
    return f"{values['country']}-{values['region']}" if values["region"] else str(values["country"])


# --- Done here ---------------------------------------------------------------------------------


def values_for(request: RightsRequest) -> dict[str, object]:
    """What is accepted, as columns of a person; the later point of two about one field counts."""
    values: dict[str, object] = {}
    for point in request.corrections.accepted():
        match point.field:
            case Correctable.OTHER:
                continue
            case Correctable.PLACE:
                country, _dash, region = point.value.partition("-")
                values |= {"country": country, "region": region}
            case Correctable.BIRTH_DATE:
                values["birth_date"] = date.fromisoformat(point.value)
            case name:
                values[name] = point.value
    return values


def apply(request: RightsRequest, *, at: datetime, by: Acts = SYSTEM) -> int:
    """Write what was accepted into this database, and say how many fields changed. In a transaction.

    The address that is replaced hears of it: whoever reads it can object (abuse A2)."""
    subject = guards.subject_of(request)
    values = values_for(request)
    former = mails.on_file(subject) if values.get("email", subject.email) != subject.email else None
    reason = f"Corrected for request {request.reference}."
    try:
        changed = correct(subject, values=values, by=by, at=at, reason=reason) if values else []
    except NothingCorrected:
        changed = []
    request.corrections.accepted().exclude(field=Correctable.OTHER).update(applied_at=at)
    if former is not None:
        mails.post_address_changed(request, former, at=at)
    return len(changed)


# --- Told to others ----------------------------------------------------------------------------


def told(request: RightsRequest) -> list[dict[str, str]]:
    """What a system or company is asked to write: docs/reference/calls-to-systems.md."""
    return [
        {"field": point.field, "what": point.what, "value": point.value}
        for point in request.corrections.accepted()
    ]


def on_file_now(subject: Person, field: str) -> str:
    """What our records say today, for the page on which a colleague decides."""
    if field == Correctable.OTHER:
        return ""
    value = getattr(subject, field)
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value or "")
