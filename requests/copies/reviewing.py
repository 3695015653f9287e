"""Looking a copy through, part by part, before it leaves the house: what may go, what is blacked out or
left out, and why (GDPR Art. 15(4): the rights of others). All of it can be taken back until the release."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from django.db import transaction
from django.db.models import Q

from audit.actors import Acts
from audit.refusals import Refused
from law.models import RefusalGround
from people.models import User
from requests import events, guards
from requests.keeping import files, vault
from requests.models import (
    CopyPart,
    CopyPartQuerySet,
    Decision,
    Happened,
    RightsRequest,
    Stage,
    Why,
    Withholding,
)
from requests.refusals import GroundDoesNotFit, WrongStage

from . import cutting, packages, withheld


class NothingChosen(Refused):
    pass


class SpotGone(Refused):
    pass


class AlreadyDecided(Refused):
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
    """As it was before anybody looked, what stays out inside of it included: the original would go out, so it
    has to be looked through (again)."""
    found = _chosen(request, parts, "Choose the parts to take back.")
    _drop_redacted(found)
    Withholding.objects.filter(part__in=found).delete()
    for part in found:
        part.decision = part.why = ""
        part.ground = part.decided_by = part.decided_at = part.looked_by = part.looked_at = None
        part.save()
    _note(request, Happened.GIVEN, "take_back_part", found, by=by, at=at, reason=reason)
    return len(found)


# --- Inside a part of ours: columns, rows, a column of some rows -------------------------------------


MOST_AT_ONCE = 2_000  # rows times columns: more than anybody ticks on one screen


@dataclass(frozen=True)
class Spots:
    """What somebody ticked: whole columns, whole rows, or where both are ticked these columns of these rows."""

    columns: Sequence[str] = ()
    rows: Sequence[int] = ()

    def __iter__(self) -> Iterator[tuple[str, int | None]]:
        rows: Sequence[int | None] = self.rows or [None]
        return product(self.columns or [""], rows)


@transaction.atomic
def withhold(
    request: RightsRequest,
    *,
    part: CopyPart,
    spots: Spots,
    why: Why | str,
    by: User,
    at: datetime,
    reason: str,
) -> int:
    """These stay out, and the rest of the part goes; the requester is told what and why. How many are new.

    Whoever looked the part through looked at something else, so it has to be looked through again.
    Raises GroundDoesNotFit, NothingChosen, SpotGone, AlreadyDecided."""
    part = _inside(request, part)
    ground = _ground(request, why, at)
    _refuse_strange(part, spots)
    known = set(part.withholdings.values_list("column", "row"))
    fresh = [spot for spot in spots if not known & _covering(*spot)]
    if not fresh:
        raise NothingChosen("All of that stays out already.")
    _drop_narrower(part, fresh)
    common = {"part": part, "why": Why(why), "ground": ground, "decided_by": by, "decided_at": at}
    Withholding.objects.bulk_create(
        Withholding(column=column, row=row, rows=1 if row else part.filled[column], **common)
        for column, row in fresh
    )
    _unsee(part)
    facts = {
        "parts": [part.title],
        "columns": list(spots.columns),
        "rows": list(spots.rows),
        "why": str(Why(why)),
    }
    events.deed(request, "withhold_rows", Happened.WITHHELD, by=by, at=at, reason=reason, facts=facts)
    return len(fresh)


@transaction.atomic
def give_back(
    request: RightsRequest,
    *,
    part: CopyPart,
    chosen: Collection[int],
    by: User,
    at: datetime,
    reason: str = "",
) -> int:
    """These go out after all, so the part has to be looked through again. `chosen` are numbers of withholdings."""
    part = _inside(request, part)
    gone, _by_model = part.withholdings.filter(pk__in=chosen).delete()
    if not gone:
        raise NothingChosen(
            "Tick what is to go out after all; perhaps somebody else has taken it back already."
        )
    _unsee(part)
    facts = {"parts": [part.title], "count": gone}
    events.deed(request, "give_back_rows", Happened.GIVEN, by=by, at=at, reason=reason, facts=facts)
    return gone


def _inside(request: RightsRequest, part: CopyPart) -> CopyPart:
    found = _held(request, [part]).exclude(holding="").first()
    if found is None:
        raise SpotGone(
            "This part is not in the copy any more: it was put together anew. Look at the new one."
        )
    if found.decision:
        raise AlreadyDecided(
            f"The whole part is {found.get_decision_display()}. Take that back first, to keep out only some of it."
        )
    return found


def _refuse_strange(part: CopyPart, spots: Spots) -> None:
    if not spots.columns and not spots.rows:
        raise NothingChosen("Tick the columns or the rows that stay out.")
    if strange := [name for name in spots.columns if name not in cutting.columns(part)]:
        raise SpotGone(f"This part has no column “{strange[0]}”.")
    if strange_rows := [row for row in spots.rows if not 1 <= row <= (part.rows or 0)]:
        raise SpotGone(f"This part has {part.rows} rows, and no row {strange_rows[0]}.")
    if len(spots.columns or [""]) * len(spots.rows or [0]) > MOST_AT_ONCE:
        raise NothingChosen(
            "That is too much at once. Keep out whole columns or rows, or leave the part out."
        )


def _covering(column: str, row: int | None) -> set[tuple[str, int | None]]:
    """The spots that hold this one already: itself, its whole column, its whole row."""
    return {(column, row), (column, None), ("", row)} - {("", None)}


def _drop_narrower(part: CopyPart, fresh: Collection[tuple[str, int | None]]) -> None:
    """A column of one row says nothing any more when the whole column or the whole row stays out."""
    columns = [column for column, row in fresh if row is None]
    rows = [row for column, row in fresh if not column]
    cells = part.withholdings.filter(row__isnull=False).exclude(column="")
    cells.filter(Q(column__in=columns) | Q(row__in=rows)).delete()


def _unsee(part: CopyPart) -> None:
    part.looked_by = part.looked_at = None
    part.save(update_fields=["looked_by", "looked_at"])


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
    part.withholdings.all().delete()  # of no use inside what does not go out as it is
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
