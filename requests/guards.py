"""What must hold before something happens to a case: each raises `Refused` or returns."""

from typing import Any

from django.db.models import QuerySet

from audit.actors import Acts
from notices.models import Mail
from people.models import Guardianship, Person, User

from .models import (
    DenialReason,
    Duty,
    ErasureOrder,
    Happened,
    Outcome,
    PauseReason,
    RequesterKind,
    Right,
    RightsRequest,
    Stage,
)
from .refusals import (
    MayNotAct,
    NeedsSecondPerson,
    NeedsStaff,
    NoAddress,
    NobodyMatched,
    NotVerified,
    Paused,
    ReasonMissing,
    TasksOpen,
    WaitsForAnother,
    WrongStage,
)
from .saying import mails


def locked(request: RightsRequest) -> RightsRequest:
    """The same object, read anew and held: whoever else wants this case waits until we commit."""
    request.refresh_from_db(from_queryset=RightsRequest.objects.select_for_update())
    return request


def may_become(request: RightsRequest, stage: Stage) -> None:
    if stage not in RightsRequest.transitions[request.stage]:
        raise WrongStage(f"This case is {request.get_stage_display()}; it cannot become {stage.label} now.")


def is_open(request: RightsRequest) -> None:
    if not request.is_open:
        raise WrongStage(f"This case is closed: {request.get_outcome_display()}.")


def is_verified(request: RightsRequest) -> None:
    """Every path, duplicates included (Fides GHSA-qx5f-ghc2-7g5c); the database says so too."""
    if request.needs_identity and request.verified_at is None:
        raise NotVerified


def is_about_somebody(request: RightsRequest) -> None:
    if request.needs_identity and request.subject_id is None:
        raise NobodyMatched


def subject_of(request: RightsRequest) -> Person:
    if request.subject is None:
        raise NobodyMatched
    return request.subject


def may_act(request: RightsRequest) -> None:
    """Whoever asks for somebody else may: a verified guardian, or an agent whose authority staff have seen."""
    if not request.needs_identity:
        return
    if request.requester_kind == RequesterKind.SELF and _is_somebody_else(request):
        raise MayNotAct(
            "They ask about themselves, and this case is about somebody else. Match the person who asks, or "
            "enter it as a guardian’s request."
        )
    if request.requester_kind == RequesterKind.GUARDIAN and not _is_guardian(request):
        raise MayNotAct(
            "Nothing on file shows that the requester looks after this person. Verify that first."
        )
    if request.requester_kind == RequesterKind.AGENT and not _has_authority(request):
        raise MayNotAct(
            "Nothing shows that this agent may act. Note what was shown and checked; until then the case is held."
        )


def _is_somebody_else(request: RightsRequest) -> bool:
    """A family may share one mailbox: then its reader is proven, not which of them it is."""
    subject, requester = request.subject, request.requester
    if subject is None or requester is None or subject.pk == requester.pk:
        return False
    return not subject.email or subject.email != requester.email


def _is_guardian(request: RightsRequest) -> bool:
    links = Guardianship.objects.verified()
    return links.filter(child=request.subject_id, guardian=request.requester_id).exists()


def _has_authority(request: RightsRequest) -> bool:
    return bool(request.particulars.authority.strip()) and noted(request, Happened.AUTHORITY_SHOWN).exists()


def reaches_the_requester(request: RightsRequest) -> None:
    """After “I lost that address”, the answer must not go to that very address (abuse A2)."""
    whom = mails.whom(request)
    lost = Mail.objects.about(request).filter(event=mails.ADDRESS_LOST)
    if whom is not None and lost.filter(address=whom.address).exists():
        raise NoAddress("The address on file is the lost one. Correct it on the person’s page first.")


def noted(request: RightsRequest, *kinds: Happened) -> "QuerySet[Any]":
    return request.events.filter(kind__in=kinds)


def is_its_turn(request: RightsRequest) -> None:
    """A copy first, the erasure afterwards: the other way round there is nothing left to copy."""
    before = request.comes_after
    if before is not None and before.is_open:
        raise WaitsForAnother(f"First comes case {before.reference}, asked for in the same go.")


def is_not_paused(request: RightsRequest) -> None:
    if request.pause_reason:
        raise Paused(
            f"This case is paused for {PauseReason(request.pause_reason).label}. Take it up again first."
        )


def has_no_open_task(request: RightsRequest) -> None:
    if count := request.tasks.owed().count():
        raise TasksOpen(f"{count} of the systems and companies asked have not answered.")


def others_erase(request: RightsRequest) -> bool:
    return request.right == Right.ERASURE and request.tasks.filter(duty=Duty.ERASE).exists()


def nobody_erases_yet(request: RightsRequest) -> None:
    """Called withdrawn, a case would deny what others have erased by then."""
    if others_erase(request):
        raise WrongStage("It is too late to withdraw this: others have been told to erase.")


def was_worked_on(request: RightsRequest) -> None:
    """Nothing is done that nobody did: only words answer a question or a complaint."""
    if request.right == Right.ERASURE and not _was_erased(request):
        raise WrongStage("Nothing was erased yet. Erase here first, or close it with another outcome.")
    if request.stage in (Stage.FULFILLING, Stage.RELEASE) or request.right in (
        Right.COMPLAINT,
        Right.INQUIRY,
    ):
        return
    raise WrongStage(
        "Nothing has been done for this case yet. Accept it first, or close it with another outcome."
    )


def _was_erased(request: RightsRequest) -> bool:
    return ErasureOrder.objects.filter(request=request, done_at__isnull=False).exists()


def is_staff(by: Acts) -> User:
    if not isinstance(by, User):
        raise NeedsStaff("Only a colleague decides this.")
    return by


def is_second_person(first: int | None, by: Acts, what: str) -> None:
    """Four eyes: whoever went first does not also wave it through."""
    if first is not None and is_staff(by).pk == first:
        raise NeedsSecondPerson(f"You went first here. A second person has to {what}.")


def is_another_pair_of_eyes(request: RightsRequest, by: Acts) -> None:
    """An appeal is decided by somebody who had no part in the no (Va. Code 59.1-577(C))."""
    if request.appeal_of is None:
        return
    deciders = noted(request.appeal_of, Happened.REFUSED, Happened.CLOSED)
    if deciders.filter(actor_kind=by.as_actor().kind, actor_ref=by.as_actor().ref).exists():
        raise NeedsSecondPerson(
            "You decided the case this appeals against. A colleague has to take the second look."
        )


def has_its_reason(outcome: Outcome, denial: DenialReason | str) -> None:
    """A no has a coded reason; nothing else has one."""
    takes_one = outcome in (Outcome.DENIED, Outcome.PARTLY, Outcome.UNVERIFIED)
    if outcome == Outcome.DENIED and not denial:
        raise ReasonMissing("Choose why it is refused.")
    if denial and not takes_one:
        raise ReasonMissing(f"A case that ends as “{outcome.label}” has no reason of a refusal.")


def says_why(reason: str, what: str) -> None:
    if not reason.strip():
        raise ReasonMissing(f"Write why you {what}. It stays in the audit record.")


def is_no_erasure(request: RightsRequest) -> None:
    if request.right == Right.ERASURE:
        raise NeedsSecondPerson(
            "Propose the erasure: a second person has to approve what goes and what stays."
        )
