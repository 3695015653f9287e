"""Cases that belong together: twins, and the question a request was found in."""

from datetime import datetime

from audit.actors import SYSTEM

from . import events
from .models import Happened, RightsRequest


def link_twin(request: RightsRequest, *, at: datetime) -> RightsRequest | None:
    """The oldest open case that asks the same, if there is one. A link, no more: each is verified and
    answered by itself (Fides GHSA-qx5f-ghc2-7g5c)."""
    twin = _twin(request)
    if twin is None:
        return None
    request.duplicate_of = twin
    request.save(update_fields=["duplicate_of"])
    events.note(request, Happened.LINKED, by=SYSTEM, at=at, facts={"duplicate_of": twin.reference})
    return twin


def _twin(request: RightsRequest) -> RightsRequest | None:
    earlier = RightsRequest.objects.open().filter(
        right=request.right, duplicate_of=None, appeal_of=None, pk__lt=request.pk
    )
    if request.subject_id is not None and (twin := earlier.filter(subject=request.subject_id).first()):
        return twin
    typed = request.particulars
    if not typed.email:
        return None
    same = earlier.filter(particulars__email=typed.email, particulars__about__iexact=typed.about)
    return same.order_by("pk").first()
