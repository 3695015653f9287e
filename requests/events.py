"""The ledger of a case: what happened, when, by whom; the dates follow from it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F

from audit.actions import record
from audit.actors import Actor, ActorKind, Acts

from . import clocks
from .models import Happened, RequestEvent, RightsRequest

# Somebody at the public form, who has not shown who they are.
SOMEBODY = Actor(ActorKind.PERSON)


def note(
    request: RightsRequest,
    kind: Happened,
    *,
    by: Acts,
    at: datetime,
    facts: Mapping[str, Any] | None = None,
    happened_at: datetime | None = None,
) -> RequestEvent:
    """Write one line, in the caller's transaction, and derive the dates anew where it moves them.

    `at` is when it is written, `happened_at` when it was, if that was earlier. `facts` are codes, counts
    and dates: the ledger outlives an erasure."""
    actor = by.as_actor()
    event = RequestEvent.objects.create(
        request=request,
        kind=kind,
        at=happened_at or at,
        written_at=at,
        actor_kind=actor.kind,
        actor_ref=actor.ref,
        facts=dict(facts or {}),
    )
    _bump(request)
    if kind in clocks.MOVERS:
        clocks.refresh(request)
    return event


def deed(
    request: RightsRequest,
    verb: str,
    kind: Happened,
    *,
    by: Acts,
    at: datetime,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
    happened_at: datetime | None = None,
) -> RequestEvent:
    """One line in the case's ledger and one in the audit log: every transition writes both, once."""
    event = note(request, kind, by=by, at=at, facts=facts, happened_at=happened_at)
    record(f"requests.{verb}", request, by=by, at=at, reason=reason, details=event.facts)
    return event


def _bump(request: RightsRequest) -> None:
    """A colleague who has the page open is told that it changed, whoever changed it."""
    RightsRequest.objects.filter(pk=request.pk).update(revision=F("revision") + 1)
    request.revision += 1
