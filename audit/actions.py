"""The one door to the audit log."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models

from .actors import Acts
from .context import current_request_id
from .models import Event
from .sealing import seal, seal_all

__all__ = ["record", "seal", "seal_all"]


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
    actor = by.as_actor()
    return Event.objects.create(
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
