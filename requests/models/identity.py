"""How a requester showed who they are. The verdict stays, the document does not (EDPB Guidelines 01/2022)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from .cases import RightsRequest


class Method(models.TextChoices):
    """The ladder, lowest burden first. Staff climb only as far as the risk asks."""

    SIGNED_IN = "signed_in", "signed in"
    ADDRESS_ON_FILE = "address_on_file", "link to the address on file"
    KNOWN_FACTS = "known_facts", "facts only they know"
    DOCUMENT = "document", "document, as a last resort"
    SCHOOL = "school", "the school vouches"


class Verdict(models.TextChoices):
    OPEN = "open", "waiting"
    PASSED = "passed", "shown"
    FAILED = "failed", "not shown"
    VOID = "void", "void: the particulars changed"


class IdentityCheck(models.Model):
    """One try to find out whether the requester is who they say, or may act for them."""

    request = models.ForeignKey(RightsRequest, on_delete=models.PROTECT, related_name="identity_checks")
    method = models.CharField(max_length=16, choices=Method)
    verdict = models.CharField(max_length=8, choices=Verdict, default=Verdict.OPEN, editable=False)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        editable=False, help_text="Empty: a link to the address on file, or a sign-in, decided.",
    )  # fmt: skip
    # «I lost that address»: a way that begins with a plea is decided by two, after a wait (abuse A2).
    is_recovery = models.BooleanField(
        "lost address", default=False,
        help_text="The requester says the address on file is lost: wait, tell that address, and let two decide.",
    )  # fmt: skip
    not_before = models.DateTimeField(null=True, blank=True, help_text="No verdict earlier than this.")
    second_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    second_at = models.DateTimeField(null=True, blank=True, editable=False)
    note = models.CharField(
        max_length=300, blank=True, help_text="What was compared, without saying what it said."
    )
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="open", decided_at=None)
                | (~Q(verdict="open") & Q(decided_at__isnull=False)),
                name="requests_identity_decided",
            ),
            models.CheckConstraint(
                condition=~Q(verdict="passed", method__in=["known_facts", "document"])
                | Q(decided_by__isnull=False),
                name="requests_identity_by_a_person",
            ),
            models.CheckConstraint(
                condition=~Q(verdict="passed", is_recovery=True)
                | (Q(second_by__isnull=False) & ~Q(second_by=models.F("decided_by"))),
                name="requests_identity_recovery_by_two",
            ),
            models.UniqueConstraint(
                fields=["request"], condition=Q(verdict="open"), name="requests_identity_one_open"
            ),
        ]
        indexes = [
            models.Index(
                fields=["request"],
                condition=Q(verdict="open", is_recovery=True),
                name="requests_identity_recovery",
            )
        ]

    def __str__(self) -> str:
        return f"Identity check {self.pk}"


class IdentityDocument(models.Model):
    """A scan, sealed in the vault. Destroyed after the verdict; that it was here stays."""

    check_made = models.ForeignKey(IdentityCheck, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=8, choices=[("jpeg", "JPEG"), ("png", "PNG"), ("pdf", "PDF")])
    name = models.CharField(max_length=100, blank=True, help_text="As its owner called it, cleaned.")
    path = models.CharField(max_length=100, blank=True, editable=False)
    size = models.PositiveIntegerField(help_text="In bytes.")
    received_at = models.DateTimeField()
    destroy_after = models.DateTimeField(help_text="Gone by then, verdict or not.")
    destroyed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        permissions = [("open_identitydocument", "Can open identity documents")]
        constraints = [
            models.CheckConstraint(
                condition=Q(destroyed_at=None) | Q(path=""), name="requests_document_gone_when_destroyed"
            )
        ]
        indexes = [
            models.Index(
                fields=["destroy_after"], condition=Q(destroyed_at=None), name="requests_document_due"
            )
        ]

    def __str__(self) -> str:
        return f"Identity document {self.pk}"
