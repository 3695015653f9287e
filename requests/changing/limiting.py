"""Restriction, objection, opt-out: decided by a colleague, noted in the ledger, done here (GDPR Art. 18, 21).

What was decided stands in the case's ledger, in codes; the mark it leaves on a person stands in
`people.Restriction` and `inventory.Objection`, where everything that uses data reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from audit.actors import SYSTEM, Acts
from inventory import objections
from inventory.letting_go import holds
from inventory.models import WHOLE_KINDS, Kind, Objection, Purpose
from law.models import Company, RefusalGround
from people import actions as people
from people.models import Restriction, RestrictionGround, User
from requests import deciding, events, guards
from requests.models import Happened, RequestEvent, Right, RightsRequest, Stage
from requests.refusals import GroundDoesNotFit, GroundMissing, NeverWeighed, WrongStage

USES = (Right.OBJECTION, Right.OPT_OUT)


def latest(request: RightsRequest, kind: Happened) -> RequestEvent | None:
    return guards.noted(request, kind).order_by("-pk").first()


def _in_review(request: RightsRequest, *rights: Right) -> None:
    if request.right not in rights:
        raise WrongStage(f"This is a request for {request.get_right_display()}.")
    if request.stage not in (Stage.UNVERIFIED, Stage.REVIEW):
        raise WrongStage("Work on this case has begun: what it stops has been told to others.")


# --- Restriction -------------------------------------------------------------------------------


@transaction.atomic
def decide_ground(
    request: RightsRequest, *, ground: RestrictionGround | str, by: User, at: datetime, reason: str = ""
) -> RightsRequest:
    """On which ground of Art. 18(1) the data is kept and not used: it decides when that may end."""
    guards.locked(request)
    _in_review(request, Right.RESTRICTION)
    facts = {"ground": RestrictionGround(ground).value}
    events.deed(request, "decide_ground", Happened.GROUND_DECIDED, by=by, at=at, reason=reason, facts=facts)
    return request


def ground_of(request: RightsRequest) -> str:
    """Empty until somebody has decided it."""
    event = latest(request, Happened.GROUND_DECIDED)
    return str(event.facts["ground"]) if event else ""


def refuse_undecided(request: RightsRequest) -> None:
    if request.right == Right.RESTRICTION and not ground_of(request):
        raise GroundMissing


def restrict(request: RightsRequest, *, at: datetime, by: Acts = SYSTEM) -> int:
    """The mark on the person. Waits for a window of a sweep that is under way: the next one sees it."""
    subject = guards.subject_of(request)
    if restriction_of(request) is not None:
        return 1
    holds.wait_for_the_window()
    people.restrict(subject, ground=ground_of(request), case=request.reference, by=by, at=at)
    return 1


def restriction_of(request: RightsRequest) -> Restriction | None:
    """In force, and of this case."""
    return Restriction.objects.in_force().filter(case=request.reference).select_related("person").first()


# --- Objection and opt-out ---------------------------------------------------------------------


@dataclass(frozen=True)
class Uses:
    """What a case stops: purposes, whole kinds of them, and what goes on for a ground the law accepts."""

    stop: list[Purpose]
    kinds: list[str]
    kept: list[Purpose]
    ground: str = ""


def candidates(request: RightsRequest, on: date) -> list[Purpose]:
    """What their data is used for that they may object to."""
    return objections.open_to_objection(request.subject.role, on) if request.subject else []


@transaction.atomic
def decide_uses(
    request: RightsRequest,
    *,
    stop: Sequence[Purpose],
    kept: Sequence[Purpose] = (),
    ground: RefusalGround | None = None,
    by: User,
    at: datetime,
    reason: str = "",
) -> RightsRequest:
    """Which uses end, and which go on for compelling grounds (Art. 21(1)).

    An objection to direct marketing and an opt-out are never weighed: raises NeverWeighed."""
    guards.locked(request)
    _in_review(request, *USES)
    if kept:
        _may_go_on(request, kept, ground, at)
    facts = {
        "stop": sorted(purpose.code for purpose in stop),
        "kept": sorted(purpose.code for purpose in kept),
        "ground": ground.code if ground and kept else "",
    }
    events.deed(request, "decide_uses", Happened.USES_DECIDED, by=by, at=at, reason=reason, facts=facts)
    return request


def _may_go_on(
    request: RightsRequest, kept: Sequence[Purpose], ground: RefusalGround | None, at: datetime
) -> None:
    if request.right == Right.OPT_OUT or any(purpose.kind in WHOLE_KINDS for purpose in kept):
        raise NeverWeighed
    if ground is None:
        raise GroundMissing
    if ground not in deciding.grounds(request, at=at):
        raise GroundDoesNotFit


def uses_of(request: RightsRequest, on: date) -> Uses:
    """As decided; else what the law gives somebody who named none: all they may object to, or every sale."""
    kinds = [Kind.SALE.value] if request.right == Right.OPT_OUT else []
    event = latest(request, Happened.USES_DECIDED)
    if event:
        facts = event.facts
        found = {
            purpose.code: purpose
            for purpose in Purpose.objects.filter(code__in=facts["stop"] + facts["kept"])
        }
        stop, kept = ([found[code] for code in facts[name] if code in found] for name in ("stop", "kept"))
        return Uses(stop, kinds, kept, facts["ground"])
    if request.subject is None:
        return Uses([], kinds, [])
    role = request.subject.role
    is_opt_out = request.right == Right.OPT_OUT
    return Uses(objections.sold(role, on) if is_opt_out else candidates(request, on), kinds, [])


def settle_uses(request: RightsRequest, *, by: Acts, at: datetime) -> None:
    """Who named no use objects to all there are today: written down before others are told, so that a use
    which begins later is not stopped by accident."""
    if request.right not in USES or request.subject is None or latest(request, Happened.USES_DECIDED):
        return
    uses = uses_of(request, Company.current().day_of(at))
    facts = {"stop": sorted(purpose.code for purpose in uses.stop), "kept": [], "ground": ""}
    events.note(request, Happened.USES_DECIDED, by=by, at=at, facts=facts)


def still_stopped(request: RightsRequest, on: date) -> Uses:
    """As decided, without what the person took back since."""
    uses, begun = uses_of(request, on), latest(request, Happened.ACCEPTED)
    if begun is None:
        return uses
    over = Objection.objects.filter(person=request.subject_id, until__gt=begun.at)
    numbers = set(over.filter(kind="").values_list("purpose", flat=True))
    whole = set(over.exclude(kind="").values_list("kind", flat=True))
    stop = [one for one in uses.stop if one.pk not in numbers and one.kind not in whole]
    kinds = [kind for kind in uses.kinds if kind not in whole]
    return Uses(stop, kinds, uses.kept, uses.ground)


def is_over(request: RightsRequest, on: date) -> bool:
    uses = still_stopped(request, on)
    return not uses.stop and not uses.kinds


def stop(request: RightsRequest, *, at: datetime, by: Acts = SYSTEM) -> int:
    """The standing word of the person, which whoever decides later has to read."""
    uses = still_stopped(request, Company.current().day_of(at))
    return objections.stop(
        guards.subject_of(request),
        purposes=uses.stop,
        kinds=uses.kinds,
        case=request.reference,
        by=by,
        at=at,
    )
