import uuid
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import F, Q

from .actors import Actor, ActorKind, Acts
from .evidence import evidence


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class EventQuerySet(models.QuerySet["Event"]):
    def about(self, obj: models.Model) -> "EventQuerySet":
        """The history of one row, newest first."""
        return self.filter(object_type=obj._meta.label_lower, object_ref=str(obj.pk)).order_by("-id")

    def deeds(self) -> "EventQuerySet":
        """Without the mere looks at a page."""
        return self.exclude(verb__endswith=".read")

    def unsealed(self, *, after: int = 0) -> "EventQuerySet":
        """Oldest first, above the event id `after`. The bound stands on both sides, so that neither
        table is read from its beginning."""
        members = SealedEvent.objects.filter(event=models.OuterRef("pk"), event__gt=after)
        return self.filter(~models.Exists(members), pk__gt=after).order_by("id")


@evidence()
class Event(models.Model):
    """One deed. Holds references and field names, never a personal value."""

    at = models.DateTimeField(db_index=True, help_text="When it happened (UTC).")
    verb = models.CharField(
        max_length=64,
        help_text="What was done, as app.action; the same word as the button and the function.",
    )
    actor_kind = models.CharField(max_length=16, choices=ActorKind)
    actor_ref = models.CharField(max_length=64, blank=True)
    object_type = models.CharField(max_length=64, blank=True, help_text="The model, as app.model.")
    object_ref = models.CharField(max_length=64, blank=True)
    reason = models.TextField(blank=True, help_text="Why, in the actor's words.")
    fields = models.JSONField(default=list, help_text="Names of the fields that changed.")
    details = models.JSONField(default=dict, help_text="Counts, dates, fingerprints.")
    request_id = models.CharField(max_length=36, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_ref", "-id"], name="audit_event_object"),
            models.Index(fields=["actor_kind", "-id"], name="audit_event_actor"),
        ]
        permissions = [("export_event", "Can export audit events")]

    def __str__(self) -> str:
        return f"Event {self.pk}"

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind(self.actor_kind), self.actor_ref)

    @property
    def deed(self) -> str:
        """The verb alone, as people read it: `policies.submit_for_review` → “submit for review”."""
        return self.verb.rpartition(".")[2].replace("_", " ")

    def canonical(self) -> dict[str, Any]:
        """What is hashed: the values as the ORM reads them back, the same on either database."""
        return {
            "id": self.pk,
            "at": _instant(self.at),
            "verb": self.verb,
            "actor": [self.actor_kind, self.actor_ref],
            "object": [self.object_type, self.object_ref],
            "reason": self.reason,
            "fields": self.fields,
            "details": self.details,
            "request_id": self.request_id,
        }


@evidence(forever=True)
class Seal(models.Model):
    """One link of the chain: the Merkle root over a batch of events and the link before it."""

    number = models.PositiveBigIntegerField(unique=True)
    sealed_at = models.DateTimeField()
    size = models.PositiveIntegerField(help_text="How many events this seal covers.")
    merkle_root = models.CharField(max_length=64)
    chained_root = models.CharField(
        max_length=64, help_text="Hash of the former seal's chained root and of all that stands here."
    )
    high_event = models.PositiveBigIntegerField(help_text="The highest event id in this seal.")

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"Seal {self.number}"

    def canonical(self) -> dict[str, Any]:
        """What the chained root binds besides the former link."""
        return {
            "number": self.number,
            "sealed_at": _instant(self.sealed_at),
            "size": self.size,
            "merkle_root": self.merkle_root,
            "high_event": self.high_event,
        }


@evidence(forever=True)
class SealedEvent(models.Model):
    """Says which seal covers an event. Ranges of ids would lose events that commit late.

    It outlives an event that an approved disposal removed, so that the seal's root still holds."""

    event = models.OneToOneField(
        Event, on_delete=models.DO_NOTHING, primary_key=True, related_name="membership", db_constraint=False
    )
    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="members")
    leaf = models.CharField(max_length=64, help_text="SHA-256 of the event in canonical form.")

    def __str__(self) -> str:
        return f"Event {self.event_id} in seal {self.seal_id}"


# Only the place in the file may still be entered, once it is known.
@evidence(frozen_once="at", free=("number",))
class LedgerEntry(models.Model):
    """Something a restored backup would undo, noted without saying whom it concerns: the same line
    stands in a file outside the database (`outside`)."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=32, help_text="What was done, and would be undone.")
    ref = models.CharField(max_length=64, help_text="Keyed hash of whom or what it concerns.")
    at = models.DateTimeField()
    details = models.JSONField(default=dict, help_text="How far it went. Never a personal value.")
    number = models.PositiveBigIntegerField(
        null=True, unique=True, help_text="Its line in the file; empty: not written there yet."
    )

    class Meta:
        verbose_name_plural = "ledger entries"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(number=None), name="audit_ledger_unwritten"),
            models.Index(fields=["kind", "ref"], name="audit_ledger_ref"),
        ]

    def __str__(self) -> str:
        return f"Ledger entry {self.pk}"


@evidence(forever=True)
class Disposal(models.Model):
    """Two people's word that evidence of one table may go: what a batch proposed and a second approved."""

    batch = models.CharField(max_length=64, help_text="What proposed it, as app.model and number.")
    table = models.CharField(max_length=64)
    terms = models.JSONField(help_text="Which rows: category, role, cut-off days, how many were counted.")
    proposed_by = models.CharField(max_length=64, help_text="Who proposed it, by number.")
    approved_by = models.CharField(max_length=64, help_text="Who approved it, by number: somebody else.")
    approved_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(proposed_by="") & ~Q(approved_by="") & ~Q(approved_by=F("proposed_by")),
                name="audit_disposal_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"Disposal {self.pk}"

    def canonical(self) -> dict[str, Any]:
        """What the approval's event says too, so that neither can be changed alone."""
        return {
            "batch": self.batch,
            "table": self.table,
            "terms": self.terms,
            "proposed_by": self.proposed_by,
            "approved_by": self.approved_by,
        }


@evidence(forever=True)
class DisposedRow(models.Model):
    """One row that may go. Only its number stays: a hash of what stood there could be guessed back."""

    disposal = models.ForeignKey(Disposal, on_delete=models.PROTECT, related_name="rows", db_index=False)
    row = models.PositiveBigIntegerField(help_text="The primary key of what was removed.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["disposal", "row"], name="audit_disposedrow_once"),
        ]
        # The triggers ask for one row, the seals' check for a span of them.
        indexes = [models.Index(fields=["row"], name="audit_disposedrow_row")]

    def __str__(self) -> str:
        return f"Row {self.row} of disposal {self.disposal_id}"


class LargeExportQuerySet(models.QuerySet["LargeExport"]):
    def waiting(self) -> "LargeExportQuerySet":
        return self.filter(approved_at=None, refused_at=None)

    def ready(self, *, by: Acts, at: datetime) -> "LargeExportQuerySet":
        """What this person may fetch now."""
        return self.filter(
            requested_by=by.as_actor().ref, fetch_until__gt=at, refused_at=None, fetched_at=None
        )


# Once it was fetched the row is frozen, so the database itself knows of no second file.
@evidence(frozen_once="fetched_at")
class LargeExport(models.Model):
    """A list beyond the ceiling that somebody asked to take out, and a second person's word on it."""

    model = models.CharField("list", max_length=64, help_text="Whose rows, as app.model.")
    query = models.CharField(
        "filters", max_length=500, blank=True, help_text="The filters of the list; never a search word."
    )
    columns = models.JSONField(help_text="The columns of the file.")
    rows = models.PositiveIntegerField(help_text="How many when it was asked for: no more go out.")
    reason = models.TextField(help_text="What the file is for and when it will be deleted.")
    requested_by = models.CharField(max_length=64, help_text="Who asked for it, by number.")
    requested_at = models.DateTimeField()
    approved_by = models.CharField(
        max_length=64, blank=True, help_text="Who approved it, by number: somebody else."
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    fetch_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then whoever asked may fetch it, once."
    )
    refused_at = models.DateTimeField(null=True, blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)

    objects = LargeExportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [("approve_largeexport", "Can approve and refuse exports beyond the ceiling")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(requested_by="") & ~Q(approved_by=F("requested_by")),
                name="audit_largeexport_second_person",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="", approved_at=None, fetch_until=None)
                | (~Q(approved_by="") & Q(approved_at__isnull=False, fetch_until__isnull=False)),
                name="audit_largeexport_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(fetched_at=None)
                | Q(approved_at__isnull=False, refused_at=None, fetched_at__lte=F("fetch_until")),
                name="audit_largeexport_fetched_when_approved",
            ),
            models.UniqueConstraint(
                fields=["requested_by", "model", "query"],
                condition=Q(approved_at=None, refused_at=None),
                name="audit_largeexport_asked_once",
            ),
        ]

    def __str__(self) -> str:
        return f"Large export {self.pk}"

    @property
    def requester(self) -> Actor:
        return Actor(ActorKind.STAFF, self.requested_by)

    @property
    def rows_of(self) -> str:
        """What goes, in words: “12,345 people”."""
        try:
            name = str(apps.get_model(self.model)._meta.verbose_name_plural)
        except LookupError:  # asked for before a release that stopped keeping it
            name = self.model
        return f"{self.rows:,} {name}"
