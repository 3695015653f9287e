"""Looking a copy through, part by part, before it leaves the house: what may go, what is blacked out or
left out, and why (GDPR Art. 15(4): the rights of others). All of it can be taken back until the release."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.actors import Acts
from audit.refusals import Refused
from law.models import RefusalGround
from people.models import User

from . import events, files, guards, packages, vault, withheld
from .models import CopyPart, CopyPartQuerySet, Decision, Happened, RightsRequest, Stage, Why
from .refusals import GroundDoesNotFit, WrongStage


class NothingChosen(Refused):
    pass


@transaction.atomic
def look_through(
    request: RightsRequest, *, parts: Collection[CopyPart], by: User, at: datetime, reason: str = ""
) -> int:
    """A colleague has read these parts and found nothing that must not go out."""
    found = _held(request, parts).unseen()
    count = found.update(looked_by=by, looked_at=at)
    if not count:
        raise NothingChosen("Tick the parts you looked through.")
    facts = {"parts": count, "of": request.copy_parts.count()}
    events.deed(request, "look_through", Happened.LOOKED, by=by, at=at, reason=reason, facts=facts)
    return count


def replace(
    request: RightsRequest,
    *,
    part: CopyPart,
    upload: files.Upload,
    why: Why | str,
    by: User,
    at: datetime,
    reason: str,
) -> CopyPart:
    """A redacted file goes out instead. The original stays sealed for as long as the case is kept.

    Slow work: call it outside `atomic`. Raises FileRefused, GroundDoesNotFit; then no file is left."""
    with files.sealed_alone(request, upload) as redacted:
        return put_instead(request, part=part, redacted=redacted, why=why, by=by, at=at, reason=reason)


@contextmanager
def sealed_beforehand(request: RightsRequest, entries: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a form gave for `replace`, its file sealed: the first half of it, for whoever opens the
    transaction themselves."""
    rest = {name: entry for name, entry in entries.items() if name != "upload"}
    with files.sealed_alone(request, entries["upload"]) as redacted:
        yield {**rest, "redacted": redacted}


@transaction.atomic
def put_instead(
    request: RightsRequest,
    *,
    part: CopyPart,
    redacted: files.Taken,
    why: Why | str,
    by: User,
    at: datetime,
    reason: str,
) -> CopyPart:
    """The second half of `replace`, and a short one: what lies sealed joins the copy."""
    (part,) = _chosen(request, [part], "Choose the part to replace.")
    ground = _ground(request, why, at)
    _drop_redacted([part])
    part.redacted_name, part.redacted_path = redacted.name, redacted.stored.path
    part.redacted_size = redacted.stored.size
    _decide(part, Decision.REPLACED, Why(why), ground, by, at)
    _note(request, Happened.WITHHELD, "replace_part", [part], by=by, at=at, reason=reason)
    return part


@transaction.atomic
def leave_out(
    request: RightsRequest,
    *,
    parts: Collection[CopyPart],
    why: Why | str,
    by: User,
    at: datetime,
    reason: str,
) -> int:
    """These parts do not go out at all; the requester is told so, and why. Raises GroundDoesNotFit."""
    found = _chosen(request, parts, "Tick the parts to leave out.")
    ground = _ground(request, why, at)
    _drop_redacted(found)
    for part in found:
        _decide(part, Decision.LEFT_OUT, Why(why), ground, by, at)
    _note(request, Happened.WITHHELD, "leave_out_part", found, by=by, at=at, reason=reason)
    return len(found)


@transaction.atomic
def take_back(
    request: RightsRequest, *, parts: Collection[CopyPart], by: User, at: datetime, reason: str = ""
) -> int:
    """As it was before anybody looked: the original would go out, so it has to be looked through (again)."""
    found = _chosen(request, parts, "Choose the parts to take back.")
    _drop_redacted(found)
    for part in found:
        part.decision = part.why = ""
        part.ground = part.decided_by = part.decided_at = part.looked_by = part.looked_at = None
        part.save()
    _note(request, Happened.GIVEN, "take_back_part", found, by=by, at=at, reason=reason)
    return len(found)


def _held(request: RightsRequest, parts: Collection[CopyPart]) -> CopyPartQuerySet:
    """The parts of this case among them, while its copy waits to be released."""
    guards.locked(request)
    if request.stage != Stage.RELEASE:
        raise WrongStage("The copy is looked through when everybody has answered, and before it is released.")
    if packages.ready(request) is None:
        raise packages.CopyNotReady
    return request.copy_parts.filter(pk__in=[part.pk for part in parts])


def _chosen(request: RightsRequest, parts: Collection[CopyPart], otherwise: str) -> list[CopyPart]:
    found = list(_held(request, parts))
    if not found:
        raise NothingChosen(otherwise)
    return found


def _ground(request: RightsRequest, why: Why | str, at: datetime) -> RefusalGround | None:
    accepted = withheld.accepted(request, at=at)
    if Why(why) not in accepted:
        raise GroundDoesNotFit(f"“{Why(why).label}” is no reason under the laws of this case.")
    return accepted[Why(why)]


def _decide(
    part: CopyPart, decision: Decision, why: Why, ground: RefusalGround | None, by: User, at: datetime
) -> None:
    part.decision, part.why, part.ground = decision, why, ground
    part.decided_by, part.decided_at = by, at
    part.save()


def _drop_redacted(parts: Sequence[CopyPart]) -> None:
    for part in parts:
        if part.redacted_path:
            vault.remove(part.redacted_path)
        part.redacted_name = part.redacted_path = ""
        part.redacted_size = None


def _note(
    request: RightsRequest,
    kind: Happened,
    verb: str,
    parts: Sequence[CopyPart],
    *,
    by: Acts,
    at: datetime,
    reason: str,
) -> None:
    facts: dict[str, Any] = {"parts": [part.title or part.whence for part in parts]}
    if parts[0].why:
        facts |= {"how": str(parts[0].decision), "why": str(parts[0].why)}
    if ground := parts[0].ground:
        facts["ground"] = ground.code
    events.deed(request, verb, kind, by=by, at=at, reason=reason, facts=facts)
