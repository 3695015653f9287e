"""What the database knows of the vault: a locked key for each case, and which files lie there."""

from django.db import models
from django.db.models import Q

from .cases import RightsRequest


class CaseKey(models.Model):
    """The key to everything sealed for one case. Destroying it destroys all of that, at once and in
    every copy of the vault; the row stays and says when it was done, and by whom."""

    request = models.OneToOneField(RightsRequest, on_delete=models.PROTECT, related_name="key")
    wrapped = models.BinaryField(
        null=True, editable=False, help_text="The key, locked by a master key that is not in the database."
    )
    wrapped_by = models.CharField(
        max_length=16, editable=False, db_index=True, help_text="Fingerprint of that master key."
    )
    made_at = models.DateTimeField()
    shredded_at = models.DateTimeField(null=True, blank=True, editable=False)
    shredded_by = models.CharField(
        max_length=80, blank=True, editable=False, help_text="Kind and reference of the actor."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(wrapped__isnull=False, shredded_at=None)
                | Q(wrapped=None, shredded_at__isnull=False),
                name="requests_case_key_there_or_shredded",
            )
        ]

    def __str__(self) -> str:
        return f"Key of case {self.request_id}"


class SealedFile(models.Model):
    """A file in the vault. A file there without such a row is a leftover, and swept away."""

    key = models.ForeignKey(CaseKey, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=100, unique=True, editable=False)
    size = models.PositiveBigIntegerField(help_text="In bytes, before sealing.")
    sha256 = models.CharField(
        max_length=64, help_text="Of the sealed file, which says nothing of its content."
    )
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Sealed file {self.pk}"
