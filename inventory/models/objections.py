"""Uses that somebody does not want: the standing word of a person, which whoever decides later has to read."""

from django.db import models
from django.db.models import F, Q

from people.models import Person

from .registers import Kind, Purpose

# Whoever says no to these says no to all of them, those we take up next year included: an objection to
# direct marketing is absolute (GDPR Art. 21(2)-(3)), an opt-out ends every sale (Cal. Civ. Code 1798.120).
WHOLE_KINDS = (Kind.MARKETING, Kind.SALE)


class ObjectionQuerySet(models.QuerySet["Objection"]):
    def in_force(self) -> "ObjectionQuerySet":
        return self.filter(until=None)

    def against(self, purpose: Purpose) -> "ObjectionQuerySet":
        """Who must not be used for this purpose: the one question that permissions ask."""
        return self.in_force().filter(Q(purpose=purpose) | Q(kind=purpose.kind))


class Objection(models.Model):
    """Since when a person's data may not be used for a purpose, or for any purpose of a kind. A row is
    ended, never changed otherwise."""

    # Without a constraint in the database: the row is kept as proof when the person's goes (`personal`).
    person = models.ForeignKey(
        Person, on_delete=models.DO_NOTHING, db_constraint=False, related_name="objections"
    )
    purpose = models.ForeignKey(
        Purpose, on_delete=models.PROTECT, null=True, blank=True, related_name="objections"
    )
    kind = models.CharField(
        max_length=16,
        choices=[(kind.value, kind.label) for kind in WHOLE_KINDS],
        blank=True,
        help_text="Every purpose of this kind, those that come later included.",
    )
    case = models.CharField(max_length=17, help_text="The reference of the request that asked for it.")
    since = models.DateTimeField()
    until = models.DateTimeField(
        null=True, blank=True, help_text="Empty: in force. Ends when the person takes it back."
    )
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [("end_objection", "Can end an objection that the person took back")]
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__isnull=False, kind="") | (Q(purpose=None) & ~Q(kind="")),
                name="inventory_objection_of_a_purpose_or_a_kind",
            ),
            models.UniqueConstraint(
                fields=["person", "purpose"], condition=Q(until=None, purpose__isnull=False),
                name="inventory_objection_once_a_purpose",
            ),
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(until=None) & ~Q(kind=""),
                name="inventory_objection_once_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="inventory_objection_ends_after_start"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Objection {self.pk}"

    @property
    def use(self) -> str:
        return str(self.purpose) if self.purpose else f"every {self.get_kind_display()}"
