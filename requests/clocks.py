"""When a case is due: derived from the laws it falls under and its ledger, never typed."""

from .models import Happened, RightsRequest

# What moves a date. The rest of the ledger only tells the story.
MOVERS = frozenset(
    {
        Happened.RECEIVED,
        Happened.ACKNOWLEDGED,
        Happened.ID_REQUESTED,
        Happened.ID_RECEIVED,
        Happened.CLARIFICATION_REQUESTED,
        Happened.CLARIFICATION_RECEIVED,
        Happened.FEE_REQUESTED,
        Happened.FEE_RECEIVED,
        Happened.EXTENSION_NOTIFIED,
        Happened.REFUSED,
        Happened.APPEAL_RECEIVED,
        Happened.PLACE_SET,
    }
)


def refresh(request: RightsRequest) -> None:
    """Derive both dates anew and store them for sorting."""


def propose_regimes(request: RightsRequest) -> None:
    """Note the laws that protect people of that place; staff confirm them."""
