"""Who asks, and may they? A ladder: no more is asked than the risk demands (EDPB Guidelines 01/2022).

Two dangers shape it. *Impostors* know a lot about their victims: what is sent goes to the address on
file, facts alone never open a copy or an erasure, and a plea (“I lost that address”) costs time, a letter
to that very address and two colleagues. *Over-asking* harms everybody: documents come last."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from audit.actors import ActorKind, Acts
from law.models import Company
from notices import links
from notices.mail import kill_links
from notices.models import Mail
from people.models import Guardianship, Person, Role, User
from requests import events, guards, moves
from requests.arriving import matching, receipts
from requests.models import (
    Happened,
    IdentityCheck,
    Method,
    RequesterKind,
    Right,
    RightsRequest,
    Stage,
    Verdict,
)
from requests.refusals import LinkSpent, NoAddress, NoCheckOpen, NotEnough, WrongStage
from requests.saying import mails

from . import proofs

# A stranger with these could read or destroy somebody's data: knowing facts is not enough.
WEIGHTY = (Right.ACCESS, Right.PORTABILITY, Right.ERASURE)
BY_TWO = "The address is said to be lost: two colleagues decide, after the wait."
DECIDED_BY_STAFF = (Method.KNOWN_FACTS, Method.DOCUMENT)


def ladder(request: RightsRequest) -> list[Method]:
    """What would be enough for this case, the lightest first."""
    if request.requester_kind == RequesterKind.SCHOOL:
        return [Method.SCHOOL]
    rungs = [Method.SIGNED_IN, Method.ADDRESS_ON_FILE]
    if request.right not in WEIGHTY:
        rungs.append(Method.KNOWN_FACTS)
    return [*rungs, Method.DOCUMENT]


# --- How it begins ---------------------------------------------------------------------------


def begin(cases: list[RightsRequest], *, by: Acts, at: datetime) -> None:
    """Of what was asked in one go: pass whoever is signed in; else one link to the address on file."""
    open_cases = [case for case in cases if case.needs_identity]
    if not open_cases:
        return
    if _vouches(by, open_cases[0]):
        method = Method.SIGNED_IN if isinstance(by, Person) else Method.SCHOOL
        person = by if isinstance(by, Person) else None
        for case in open_cases:
            confirm_identity(case, method=method, person=person, by=by, at=at)
    elif person := candidate(open_cases[0]):
        for case in open_cases:
            open_check(case, Method.ADDRESS_ON_FILE, at)
        mails.post_link(open_cases[0], person, at=at)


def _vouches(by: Acts, request: RightsRequest) -> bool:
    """A sign-in shows who asks; of an agent it shows nothing about the person (abuse A9)."""
    if by.as_actor().kind == ActorKind.SCHOOL_CLIENT:
        return True
    return isinstance(by, Person) and request.requester_kind != RequesterKind.AGENT


def candidate(request: RightsRequest) -> Person | None:
    """Whose address the typed one is, if there is one: the link goes there, and only its use matches them.

    A family shares a mailbox: then it is the adult's (people_person_one_adult_an_address)."""
    if request.requester_kind == RequesterKind.AGENT:
        return request.subject
    if request.requester is not None:
        return request.requester
    if request.subject is not None and request.requester_kind == RequesterKind.SELF:
        return request.subject
    typed = request.particulars.email
    same = Person.objects.active().filter(email=typed, undeliverable_at=None, erased_at=None) if typed else []
    people = sorted(same, key=lambda person: (person.role == Role.LEARNER, person.pk))
    if len(people) > 1 and people[0].role == Role.LEARNER:
        return None
    return people[0] if people else None


# --- Asking ----------------------------------------------------------------------------------


@transaction.atomic
def ask_identity(
    request: RightsRequest, *, method: Method | str, by: Acts, at: datetime, reason: str = ""
) -> IdentityCheck:
    """A colleague has a real doubt and asks for proof. Only this counts for the clock, not the link every
    request gets (GDPR Art. 12(6)). A check that was open is void."""
    guards.locked(request)
    is_unverified(request)
    method = Method(method)
    if method not in ladder(request):
        raise NotEnough(f"“{method.label}” is not enough for {request.get_right_display()}.")
    if method in DECIDED_BY_STAFF:
        _refuse_one_alone(request)
    check = open_check(request, method, at)
    person = candidate(request)
    if method == Method.ADDRESS_ON_FILE:
        if person is None or not mails.post_link(request, person, at=at):
            raise NoAddress
    else:
        mails.post_news(request, mails.QUESTION, at=at)
    facts = {"method": method.value}
    events.deed(request, "ask_identity", Happened.ID_REQUESTED, by=by, at=at, reason=reason, facts=facts)
    return check


@transaction.atomic
def send_link(request: RightsRequest, *, at: datetime) -> bool:
    """The requester asks for a new link. Says nothing of whether there was anybody to send it to."""
    guards.locked(request)
    person = candidate(request)
    if request.stage != Stage.UNVERIFIED or person is None:
        return False
    check = open_of(request)
    if check is not None and check.is_recovery:
        return False  # not while two colleagues judge whether that address is lost
    if check is None:
        open_check(request, Method.ADDRESS_ON_FILE, at)
    ends = closes_at(request)  # past it, the case is kept for us, not for them
    return mails.post_link(request, person, until=ends if ends > at else None, at=at)


def open_check(
    request: RightsRequest,
    method: Method,
    at: datetime,
    *,
    is_recovery: bool = False,
    not_before: datetime | None = None,
) -> IdentityCheck:
    void_open(request, at=at)
    return IdentityCheck.objects.create(
        request=request, method=method, asked_at=at, is_recovery=is_recovery, not_before=not_before
    )


def void_open(request: RightsRequest, *, at: datetime) -> None:
    """Nobody waits for this proof any more; what was handed in for it goes."""
    void(request, Verdict.OPEN, at=at)


def void(request: RightsRequest, *verdicts: Verdict, at: datetime) -> None:
    checks = request.identity_checks.filter(verdict__in=verdicts)
    checks.update(verdict=Verdict.VOID, decided_at=at)
    proofs.destroy_judged(request, at=at)


def open_of(request: RightsRequest) -> IdentityCheck | None:
    return request.identity_checks.filter(verdict=Verdict.OPEN).first()


def closes_at(request: RightsRequest) -> datetime:
    """When nobody has confirmed it by then (`unverified`). Asked for proof anew, they have all the time anew."""
    asked = request.identity_checks.aggregate(last=Max("asked_at"))["last"]
    return (asked or request.received_at) + timedelta(days=Company.current().unverified_days)


def is_unverified(request: RightsRequest) -> None:
    if request.stage != Stage.UNVERIFIED:
        raise WrongStage("The requester has shown who they are already, or the case is closed.")


# --- Verdicts --------------------------------------------------------------------------------


@transaction.atomic
def confirm_link(mail: Mail, *, at: datetime) -> RightsRequest:
    """Behind a POST: whoever reads the address on file says it was them. Of what was asked in the same go,
    everything is confirmed; nothing else is (abuse A6). Raises LinkSpent."""
    # The case before its mail, as everybody who ends links holds them: another order would deadlock.
    request = guards.locked(RightsRequest.objects.get(pk=mail.object_ref))
    if not links.consume(mail, at=at):
        raise LinkSpent
    person = Person.objects.filter(pk=mail.recipient_id or 0, email=mail.address, erased_at=None).first()
    if person is None or request.stage != Stage.UNVERIFIED:
        raise LinkSpent
    for case in (request, *asked_along(request)):
        confirm_identity(case, method=Method.ADDRESS_ON_FILE, person=person, by=person, at=at)
    return request


def asked_along(request: RightsRequest) -> list[RightsRequest]:
    if request.submission is None:
        return []
    same = RightsRequest.objects.filter(submission=request.submission, stage=Stage.UNVERIFIED)
    return list(same.exclude(pk=request.pk).order_by("pk"))


@transaction.atomic
def confirm_identity(
    request: RightsRequest,
    *,
    method: Method | str,
    by: Acts,
    at: datetime,
    person: Person | None = None,
    note: str = "",
    reason: str = "",
) -> RightsRequest:
    """Unverified → review. `person` is who showed themselves; a colleague matches whom it is about with
    `match`. `note` says what was compared, not what it said.

    Raises NotEnough where the risk asks for more; a recovery goes through `vouch` and `second`."""
    guards.locked(request)
    is_unverified(request)
    method = Method(method)
    if method not in ladder(request):
        raise NotEnough(f"“{method.label}” is not enough for {request.get_right_display()}.")
    if method in DECIDED_BY_STAFF:
        guards.is_staff(by)
    check = open_of(request)
    if check is not None and check.is_recovery:
        raise NotEnough(BY_TWO)
    if isinstance(by, User):
        _refuse_one_alone(request)
    if check is None or check.method != method:
        check = open_check(request, method, at)
    return pass_check(request, check, person=person, by=by, at=at, note=note, reason=reason)


def _refuse_one_alone(request: RightsRequest) -> None:
    """Once the address was said to be lost, no colleague alone says who it is, in another check neither,
    nor that the link was used: that is for whoever reads the mail to show (abuse A2)."""
    if guards.noted(request, Happened.ADDRESS_LOST).exists():
        raise NotEnough(BY_TWO)


def pass_check(
    request: RightsRequest,
    check: IdentityCheck,
    *,
    person: Person | None,
    by: Acts,
    at: datetime,
    note: str,
    reason: str,
) -> RightsRequest:
    check.verdict, check.decided_at, check.note = Verdict.PASSED, at, note or check.note
    if check.decided_by_id is None and isinstance(by, User):
        check.decided_by = by
    check.save()
    shown_at = proofs.shown_at(check, at)
    proofs.destroy_judged(request, at=at)
    _match_by_proof(request, person)
    moves.move(request, Stage.REVIEW, verified_at=at, requester=request.requester, subject=request.subject)
    matching.learn_place(request, at)
    asked = guards.noted(request, Happened.ID_REQUESTED).exists()
    kind = Happened.ID_RECEIVED if asked else Happened.CONFIRMED
    facts = {"method": check.method}
    events.deed(
        request, "confirm_identity", kind, by=by, at=at, reason=reason, facts=facts, happened_at=shown_at
    )
    receipts.confirm(request, at=at)
    return request


def _match_by_proof(request: RightsRequest, person: Person | None) -> None:
    """Who showed themselves is the requester; about whom it is follows only where there is no choice."""
    if person is None:
        return
    if request.requester_kind == RequesterKind.AGENT:
        return
    request.requester = request.requester or person
    if request.subject is None:
        request.subject = _only_subject(request, request.requester)


def _only_subject(request: RightsRequest, requester: Person) -> Person | None:
    if request.requester_kind == RequesterKind.SELF:
        # A mailbox that a learner shares with the family does not say which of them asks.
        shared = Person.objects.active().filter(email=requester.email).exclude(pk=requester.pk).exists()
        return None if shared else requester
    if request.requester_kind == RequesterKind.GUARDIAN:
        children = Guardianship.objects.verified().filter(guardian=requester)[:2]
        return children[0].child if len(children) == 1 else None
    return None


@transaction.atomic
def fail_identity(request: RightsRequest, *, by: Acts, at: datetime, reason: str) -> RightsRequest:
    """What was shown does not fit. The case stays unverified; another way may be tried."""
    guards.locked(request)
    check = open_of(request)
    if check is None:
        raise NoCheckOpen
    check.verdict, check.decided_at = Verdict.FAILED, at
    check.decided_by = by if isinstance(by, User) else None
    check.save(update_fields=["verdict", "decided_at", "decided_by"])
    proofs.destroy_judged(request, at=at)
    kill_links(request, mails.CONFIRM_PURPOSE, at=at)
    facts = {"method": check.method}
    events.deed(request, "fail_identity", Happened.IDENTITY_FAILED, by=by, at=at, reason=reason, facts=facts)
    return request
