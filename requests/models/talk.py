"""What we and the requester say to each other: on the status page, never in a mail."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from audit.actors import ActorKind
from requests import placeholders

from .cases import RightsRequest


class LetterKind(models.TextChoices):
    """Letters a case may need; each has a template in every language."""

    CLARIFICATION = "clarification", "please tell us more"
    EXTENSION = "extension", "we need more time"
    REFUSAL = "refusal", "we say no"
    PARTIAL = "partial", "we say no to a part"
    ANSWER = "answer", "here is the answer"
    COPY = "copy", "your copy is ready"
    CORRECTED = "corrected", "we corrected it"
    ERASED = "erased", "what we erased, what we keep"
    RESTRICTED = "restricted", "we keep it, and do not use it"
    LIFTING = "lifting", "we will use it again"
    STOPPED = "stopped", "we stopped"
    UNVERIFIED = "unverified", "we could not find out who you are"
    APPEAL = "appeal", "the second look"
    REROUTED = "rerouted", "your school decides this"


class LetterTemplate(models.Model):
    """The words a letter starts from. Plain text with names in braces from a fixed list: never code."""

    kind = models.CharField(max_length=24, choices=LetterKind)
    language = models.CharField(max_length=8, choices=settings.LANGUAGES)
    body = models.TextField(
        max_length=10_000,
        validators=[placeholders.check],
        help_text="Names in braces are filled in; the list stands below.",
    )
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["kind", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "language"], name="requests_template_once",
                violation_error_message="This letter has a template in that language.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.language})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises ValidationError for a name nobody would fill in: here, not when the letter is due."""
        placeholders.check(self.body)
        super().save(*args, **kwargs)


class MessageQuerySet(models.QuerySet["Message"]):
    def unread(self) -> "MessageQuerySet":
        """By us: the requester's words that no colleague has read."""
        return self.filter(sender_kind=ActorKind.PERSON, read_at=None)


class Message(models.Model):
    """One thing said in a case. A letter is a message of a kind; its words are frozen when it is sent."""

    request = models.ForeignKey(RightsRequest, on_delete=models.PROTECT, related_name="messages")
    letter = models.CharField(max_length=24, choices=LetterKind, blank=True)
    sender_kind = models.CharField(max_length=16, choices=ActorKind)
    sender_ref = models.CharField(max_length=64, blank=True)
    body = models.TextField(max_length=10_000)
    sent_at = models.DateTimeField()
    document_until = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Something in the words looks like a document; that passage goes by then.",
    )
    read_at = models.DateTimeField(
        null=True, blank=True, help_text="When the other side opened the thread after it came."
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["sent_at", "id"]
        indexes = [
            models.Index(fields=["request", "sent_at", "id"], name="requests_message_thread"),
            models.Index(
                fields=["sent_at"],
                condition=Q(read_at=None, sender_kind="person"),
                name="requests_message_unread",
            ),
            models.Index(
                fields=["document_until"],
                condition=Q(document_until__isnull=False),
                name="requests_message_document",
            ),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"
