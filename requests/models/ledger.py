"""Everything that ever happened to a case, line by line."""

from django.db import models

from audit.actors import ActorKind
from audit.evidence import evidence

from .cases import RightsRequest


class Happened(models.TextChoices):
    """Every fact that can happen to a case. The first part moves the clock (law.deadlines)."""

    RECEIVED = "received", "received"
    ACKNOWLEDGED = "acknowledged", "receipt confirmed"
    ID_REQUESTED = "id_requested", "proof of identity asked for"
    ID_RECEIVED = "id_received", "identity shown"
    CLARIFICATION_REQUESTED = "clarification_requested", "clarification asked for"
    CLARIFICATION_RECEIVED = "clarification_received", "clarification given"
    FEE_REQUESTED = "fee_requested", "fee asked for"
    FEE_RECEIVED = "fee_received", "fee paid"
    EXTENSION_NOTIFIED = "extension_notified", "extension told"
    REFUSED = "refused", "refusal told"
    ANSWERED = "answered", "answered"
    APPEAL_RECEIVED = "appeal_received", "appeal received"

    # Confirmed without our asking for proof: the clock ran from the start and runs on.
    SOUGHT = "sought", "looked for on file"
    LINK_ASKED = "link_asked", "another link asked for"
    CONFIRMED = "confirmed", "confirmed by the requester"
    MATCHED = "matched", "person found on file"
    AUTHORITY_SHOWN = "authority_shown", "authority of the agent shown"
    ADDRESS_LOST = "address_lost", "requester says the address on file is lost"
    VOUCHED = "vouched", "first colleague is satisfied of the identity"
    DOCUMENT_RECEIVED = "document_received", "document received"
    PASTED_DESTROYED = "pasted_destroyed", "document pasted into a text destroyed"
    IDENTITY_FAILED = "identity_failed", "identity not shown"
    RESET = "reset", "particulars changed, identity to be shown again"
    PLACE_SET = "place_set", "law confirmed"
    ASSIGNED = "assigned", "given to a colleague"
    ACCEPTED = "accepted", "accepted, work begins"
    CORRECTION_ADDED = "correction_added", "correction written down"
    CORRECTIONS_DECIDED = "corrections_decided", "corrections decided"
    GROUND_DECIDED = "ground_decided", "ground of the restriction decided"
    USES_DECIDED = "uses_decided", "uses to stop decided"
    LIFTING_TOLD = "lifting_told", "told that the restriction ends"
    LIFTED = "lifted", "restriction lifted"
    END_TOLD = "end_told", "systems and companies told that it is over"
    NEWCOMERS_TOLD = "newcomers_told", "systems and companies that came later told of it"
    TASKS_OPENED = "tasks_opened", "systems and companies asked"
    TASK_ANSWERED = "task_answered", "a system or company answered"
    PAUSED = "paused", "paused"
    RESUMED = "resumed", "taken up again"
    ERASURE_PROPOSED = "erasure_proposed", "erasure proposed"
    ERASURE_APPROVED = "erasure_approved", "erasure approved by a second person"
    ERASURE_STOPPED = "erasure_stopped", "erasure stopped by the requester"
    ERASED = "erased", "erased here"
    PACKED = "packed", "copy put together"
    PUT_FORWARD = "put_forward", "everything answered, to be looked at"
    RELEASED = "released", "answer released"
    SENT_BACK = "sent_back", "sent back to work"
    LOOKED = "looked", "copy looked through"
    WITHHELD = "withheld", "a part kept out of the copy"
    GIVEN = "given", "a part put back into the copy"
    DOWNLOADED = "downloaded", "copy downloaded"
    MESSAGE_SENT = "message_sent", "message sent"
    MESSAGE_RECEIVED = "message_received", "message received"
    LINKED = "linked", "linked with another case"
    CONVERTED = "converted", "became a request"
    WITHDRAWN = "withdrawn", "withdrawn"
    CLOSED = "closed", "closed"


@evidence()
class RequestEvent(models.Model):
    """One line of a case's ledger: dates derive from it, the timeline shows it."""

    request = models.ForeignKey(RightsRequest, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=32, choices=Happened)
    at = models.DateTimeField(help_text="When it happened, which may be before it was written down.")
    written_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16, choices=ActorKind)
    actor_ref = models.CharField(max_length=64, blank=True)
    facts = models.JSONField(
        default=dict, help_text="Codes, counts, dates, numbers of rows; nothing personal."
    )

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["request", "at", "id"], name="requests_event_timeline")]

    def __str__(self) -> str:
        return f"Event {self.pk}: {self.get_kind_display()}"
