"""The one door to the audit log."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models

from .actors import Acts
from .context import current_request_id
from .models import Event
from .sealing import seal, seal_all

__all__ = ["record", "record_each", "seal", "seal_all"]


def record(
    verb: str,
    obj: models.Model | None = None,
    *,
    by: Acts,
    at: datetime,
    reason: str = "",
    fields: Iterable[str] = (),
    details: Mapping[str, Any] | None = None,
) -> Event:
    """Write that `by` did `verb` to `obj`, in the caller's transaction: no deed without its line.

    `verb` is app.action; `fields` are names only; `details` holds counts, dates and fingerprints.
    Never pass a personal value: the log outlives an erasure (GDPR Art. 17, 5(2))."""
    event = _event(verb, obj, by, at, reason, fields, details)
    event.save(force_insert=True)
    return event


def record_each(
    verb: str,
    objects: Iterable[models.Model],
    *,
    by: Acts,
    at: datetime,
    details: Mapping[str, Any] | None = None,
) -> None:
    """The same deed to each of several, written at once: a list that shows people is a look at each."""
    Event.objects.bulk_create([_event(verb, obj, by, at, details=details) for obj in objects])


def _event(
    verb: str,
    obj: models.Model | None,
    by: Acts,
    at: datetime,
    reason: str = "",
    fields: Iterable[str] = (),
    details: Mapping[str, Any] | None = None,
) -> Event:
    actor = by.as_actor()
    return Event(
        at=at,
        verb=verb,
        actor_kind=actor.kind,
        actor_ref=actor.ref,
        object_type=obj._meta.label_lower if obj is not None else "",
        object_ref=str(obj.pk) if obj is not None else "",
        reason=reason,
        fields=sorted(fields),
        details=dict(details or {}),
        request_id=current_request_id(),
    )
