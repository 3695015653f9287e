"""Erasing somebody: proposed by one, approved by another, announced, waited for, then done (GDPR Art. 17).

The order of things protects everybody. *Two people* read the same counted plan. *The address on file*
hears of it and can stop it while it waits, whoever asked (abuse A3). *Other systems and companies* are
asked first, for they need to know whom to erase. *This database* comes last, in one transaction with the
closing letter, the ledger outside and the end of every file we put together; a process killed anywhere
before leaves everything as it was."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from audit import outside
from audit.actions import record
from audit.actors import SYSTEM, Acts
from audit.refusals import Refused
from inventory.letting_go import holds
from inventory.models import LegalHold, System
from law.models import Company
from notices import mail
from notices.mail import LinkSpec, Reader
from notices.models import Mail
from people.models import Person, User
from processors.models import Processor
from requests import actions, clocks, events, guards
from requests.copies import packages
from requests.keeping import vault
from requests.models import (
    Answer,
    Duty,
    ErasureOrder,
    Happened,
    LetterKind,
    Outcome,
    Right,
    RightsRequest,
    Stage,
    Task,
    Way,
)
from requests.others import fanout, work
from requests.saying import letters, mails

from . import plans
from .forgetting import forget

# Names of templates/notices/requests/*, of the portal's addresses, and what a link may do.
PLANNED, LAST = "requests.stop", "requests.erased"
STOP_PURPOSE, STOP_PAGE = "requests.stop", "portal:request_stop_link"
READ_PURPOSE, READ_PAGE = "requests.read", "portal:request_letter"
LAST_LINK_LASTS = timedelta(days=30)


class ErasureCannotMove(Refused):
    pass


class PlanChanged(Refused):
    def __init__(self) -> None:
        super().__init__(
            "What goes and what stays has changed since this was proposed: a rule, an activity or a hold. "
            "Propose it again, so that two people decide on the same."
        )


class NothingToErase(Refused):
    def __init__(self, lines: list[plans.Line]) -> None:
        kept = " ".join(f"{line.name}: {line.why}" for line in lines) or "Nothing is on file about them."
        covering = LegalHold.objects.filter(pk__in=[line.hold for line in lines if line.hold])
        super().__init__(
            f"There is nothing to erase. {kept} {holds.words(covering.select_related('owner'))}".strip()
        )


@transaction.atomic
def propose(request: RightsRequest, *, by: User, at: datetime, reason: str) -> ErasureOrder:
    """Count what would go and what stays. Raises when anything else of this person is still under way."""
    request = guards.locked(request)
    _refuse_unready(request, at)
    lines = _plan(request, at)
    if not any(line.goes for line in lines):
        raise NothingToErase(list(plans.kept(lines)))
    order, _created = ErasureOrder.objects.update_or_create(
        request=request,
        defaults={
            "approved_by": None,
            "approved_at": None,
            "not_before": None,
            "proposed_by": by,
            "proposed_at": at,
            "plan": plans.as_json(lines),
            "plan_sha256": plans.fingerprint(lines),
        },
    )
    events.note(request, Happened.ERASURE_PROPOSED, by=by, at=at, facts={"rows": _rows(lines)})
    record("requests.propose_erasure", request, by=by, at=at, reason=reason, details={"rows": _rows(lines)})
    return order


@transaction.atomic
def approve(order: ErasureOrder, *, by: User, at: datetime, reason: str) -> ErasureOrder:
    """A second person has read the plan. The requester is told, and can stop it until the wait is over."""
    request = guards.locked(order.request)
    order = ErasureOrder.objects.select_for_update().get(pk=order.pk)
    guards.is_second_person(order.proposed_by_id, by, "approve this erasure")
    if order.approved_at or order.stopped_at or request.stage not in (Stage.REVIEW, Stage.FULFILLING):
        raise ErasureCannotMove("This erasure has been decided already.")
    if plans.fingerprint(_plan(request, at)) != order.plan_sha256:
        raise PlanChanged
    is_late_to_stop = _were_told(request)
    order.approved_by, order.approved_at = by, at
    order.not_before = at if is_late_to_stop else at + timedelta(hours=Company.current().cool_off_hours)
    order.save(update_fields=["approved_by", "approved_at", "not_before"])
    facts = {"not_before": order.not_before.isoformat()}
    events.note(request, Happened.ERASURE_APPROVED, by=by, at=at, facts=facts)
    record("requests.approve_erasure", request, by=by, at=at, reason=reason, details=facts)
    if request.stage == Stage.REVIEW:
        actions.begin_work(request, by=by, at=at, reason=reason)
    if not is_late_to_stop:
        _tell_of_the_wait(request, order, at)
    return order


@transaction.atomic
def stop(order: ErasureOrder, *, by: Acts, at: datetime, reason: str = "") -> RightsRequest:
    """The requester thought again, or it never was them: nothing is erased and the case is closed."""
    request = guards.locked(order.request)
    order = ErasureOrder.objects.select_for_update().get(pk=order.pk)
    if not is_stoppable(order, at):
        raise ErasureCannotMove("It is too late to stop this: others have been told to erase.")
    order.stopped_at = at
    order.save(update_fields=["stopped_at"])
    events.note(request, Happened.ERASURE_STOPPED, by=by, at=at)
    record("requests.stop_erasure", request, by=by, at=at, reason=reason)
    return actions.withdraw(request, by=by, at=at, reason=reason)


def is_stoppable(order: ErasureOrder, at: datetime) -> bool:
    """While it waits; once others have been told to erase, there is no way back."""
    waits = order.approved_at is not None and order.not_before is not None and at < order.not_before
    return waits and order.stopped_at is None and order.done_at is None and not _were_told(order.request)


def _were_told(request: RightsRequest) -> bool:
    return request.tasks.filter(duty=Duty.ERASE).exists()


def hindrance(request: RightsRequest, order: ErasureOrder, at: datetime) -> Refused | None:
    """Why an approved erasure may not go on now. Asked before anybody is told to erase and before we do:
    a hold, a request for a copy or a quarrel over a guardian may have come while it waited."""
    try:
        guards.is_not_paused(request)
        guards.may_act(request)  # a guardian’s authority may have ended meanwhile
        _refuse_while_others_wait(request)
    except Refused as refusal:
        return refusal
    return PlanChanged() if _has_changed(request, order, at) else None


def _has_changed(request: RightsRequest, order: ErasureOrder, at: datetime) -> bool:
    return plans.fingerprint(_plan(request, at)) != order.plan_sha256


def is_to_decide_anew(request: RightsRequest, *, at: datetime) -> bool:
    """What two people approved is no longer what would be done."""
    order = ErasureOrder.objects.filter(request=request, stopped_at=None, done_at=None).first()
    if order is None or request.stage != Stage.FULFILLING or request.pause_reason:
        return False
    return _has_changed(request, order, at)


def begin_due(*, at: datetime) -> int:
    """Ask the systems and companies of every erasure whose wait is over. Any number of workers, any number
    of times: a task exists once."""
    waiting = ErasureOrder.objects.filter(
        request__stage=Stage.FULFILLING, approved_at__isnull=False, stopped_at=None, done_at=None,
        not_before__lte=at,
    ).exclude(request__tasks__duty=Duty.ERASE)  # fmt: skip
    return sum(_begin(order, at) for order in waiting.select_related("request").order_by("pk"))


@transaction.atomic
def _begin(order: ErasureOrder, at: datetime) -> bool:
    request = guards.locked(order.request)
    order = ErasureOrder.objects.get(pk=order.pk)
    if order.approved_at is None or order.stopped_at or request.stage != Stage.FULFILLING:
        return False
    if hindrance(request, order, at):  # the desk shows which (turns)
        return False
    opened = fanout.open_tasks(request, at=at)
    if not guards.noted(request, Happened.TASKS_OPENED).exists():
        events.note(request, Happened.TASKS_OPENED, by=SYSTEM, at=at, facts={"tasks": len(opened)})
    return bool(opened)


@transaction.atomic
def carry_out(
    request: RightsRequest, *, by: User, at: datetime, reason: str = "", letter: str
) -> RightsRequest:
    """Everybody else has answered: erase here, send the closing letter, close. All or nothing.

    `letter` is what staff made of the draft. Raises when a task is open, the plan no longer holds, or a
    legal hold came in between."""
    request = guards.locked(request)
    order = ErasureOrder.objects.select_for_update().get(request=request)
    _refuse_too_early(request, order, at)
    lines = _plan(request, at)
    subject = guards.subject_of(request)
    reader = mails.whom(request)  # the address goes in the next step
    gone = _forget(subject, lines, by, at)
    _answer_our_own_task(request, gone, at)
    order.done_at, order.result = at, gone
    order.save(update_fields=["done_at", "result"])
    outside.note(
        "erasure", str(subject.pk), at=at, details={"keep": [line.category for line in plans.kept(lines)]}
    )
    events.note(request, Happened.ERASED, by=by, at=at, facts={"rows": sum(gone.values())})
    record("requests.erase", request, by=by, at=at, reason=reason, details={"rows": gone})
    letters.send(request, LetterKind.ERASED, letter, by=by, at=at)
    _send_the_last_mail(request, reader, at)
    return actions.close(request, by=by, at=at, outcome=outcome_of(request, lines), letter_sent=True)


def _refuse_unready(request: RightsRequest, at: datetime) -> None:
    """A case in review (or one whose plan changed), of somebody known who showed who they are, with no copy
    still owed to them."""
    is_ready = request.stage == Stage.REVIEW or is_to_decide_anew(request, at=at)
    if request.right != Right.ERASURE or not is_ready:
        raise ErasureCannotMove("Only a request for erasure that is in review can be proposed.")
    guards.is_verified(request)
    guards.may_act(request)
    guards.is_its_turn(request)
    guards.is_not_paused(request)
    _refuse_while_others_wait(request)


def _refuse_while_others_wait(request: RightsRequest) -> None:
    subject = guards.subject_of(request)
    theirs = Q(subject=subject) | Q(requester=subject)  # about their child, too: where would the answer go?
    others = RightsRequest.objects.open().filter(theirs).exclude(pk=request.pk)
    if names := list(others.exclude(comes_after=request).values_list("reference", flat=True)):
        raise ErasureCannotMove(
            f"Finish {', '.join(names)} first: the same person still waits for an answer."
        )


def _refuse_too_early(request: RightsRequest, order: ErasureOrder, at: datetime) -> None:
    if order.approved_at is None or order.stopped_at or order.done_at:
        raise ErasureCannotMove("This erasure is not approved, was stopped, or is done already.")
    if order.not_before and at < order.not_before:
        raise ErasureCannotMove(f"The requester can stop this until {clocks.moment(order.not_before)}.")
    if found := hindrance(request, order, at):
        raise found
    if request.tasks.filter(duty=Duty.ERASE).exclude(way=Way.HERE).open().exists():
        raise ErasureCannotMove(
            "Systems or companies have not answered yet; they have to know whom to erase."
        )
    if not guards.noted(request, Happened.TASKS_OPENED).exists():  # also where the register names nobody
        raise ErasureCannotMove("The systems and companies have not been asked yet. Look again in a minute.")


def _forget(subject: Person, lines: list[plans.Line], by: Acts, at: datetime) -> dict[str, int]:
    """Their rows, and every file we or others put together about them, in whatever case."""
    gone = forget([subject.pk], keep={line.category for line in plans.kept(lines)}, at=at)
    for case in RightsRequest.objects.filter(subject=subject):
        packages.remove_all(case, at=at)
        vault.shred(case, by=by, at=at)
    return gone


def _tell_of_the_wait(request: RightsRequest, order: ErasureOrder, at: datetime) -> None:
    """To the address on file, whoever asked: whoever reads it can stop the erasure (abuse A3)."""
    subject = guards.subject_of(request)
    to = mails.whom(request) or mails.Whom(subject.email, subject.pk, subject.given_name)
    if not to.address or order.not_before is None:
        return
    mail.post(
        PLANNED,
        request,
        to=Reader(to.address, request.language, to.person_id, to.greeting),
        context={"reference": request.reference, "not_before_at": order.not_before.isoformat()},
        link=LinkSpec(STOP_PURPOSE, STOP_PAGE, order.not_before - at, args=(request.reference,)),
        at=at,
    )


def _send_the_last_mail(request: RightsRequest, to: mails.Whom | None, at: datetime) -> None:
    """Nobody is on file any more whom a code could be sent to, so this link opens the letter by itself."""
    if to is None:
        return
    mail.post(
        LAST,
        request,
        to=Reader(to.address, request.language),
        context={"reference": request.reference},
        link=LinkSpec(READ_PURPOSE, READ_PAGE, LAST_LINK_LASTS, args=(request.reference,)),
        at=at,
    )


def forget_last_addresses(*, at: datetime) -> int:
    """The address that the mail about an erasure went to is not kept longer than its link would work: nor
    where it never went out, for staff had those days to send it again."""
    told = Mail.objects.filter(event=LAST, posted_at__lt=at - LAST_LINK_LASTS).exclude(address="")
    return mail.empty(told, at=at)


def _answer_our_own_task(request: RightsRequest, gone: dict[str, int], at: datetime) -> None:
    for task in Task.objects.filter(request=request, duty=Duty.ERASE, way=Way.HERE).open():
        answer = Answer.DONE if gone else Answer.NOTHING
        work.answer(task, answer=answer, count_done=sum(gone.values()), by=SYSTEM, at=at)


def outcome_of(request: RightsRequest, lines: list[plans.Line]) -> Outcome:
    """Partly, when a law or a hold keeps something, or somebody could not erase."""
    exceptions = request.tasks.filter(duty=Duty.ERASE, answer=Answer.EXCEPTION).exists()
    stays = [line for line in plans.kept(lines) if line.is_refusal]
    return Outcome.PARTLY if exceptions or stays else Outcome.DONE


def preview(request: RightsRequest, *, at: datetime) -> list[plans.Line]:
    """What would go and what would stay if it were decided now; empty while nobody is known."""
    return _plan(request, at) if request.subject else []


def whom_it_asks(request: RightsRequest, *, at: datetime) -> tuple[list[System], list[Processor]]:
    """The systems and companies that would be asked if work began now."""
    return fanout.asked_of(request, Company.current().day_of(at))


def _plan(request: RightsRequest, at: datetime) -> list[plans.Line]:
    today = Company.current().day_of(at)
    return plans.plan(guards.subject_of(request), on=today)


def _rows(lines: list[plans.Line]) -> int:
    return sum(line.count for line in lines if line.goes)
