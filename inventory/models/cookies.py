"""Cookies: what we set or let others set, what people were shown of it, and what they chose.

The ePrivacy directive (Art. 5(3)) asks for a choice before anything optional is stored; GDPR Art. 7(1)
asks that we can show it was made. What people read is a frozen list, never the rows staff are editing."""

import re
from datetime import datetime
from typing import Any

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q

from audit.evidence import evidence
from inventory import lifetimes

from .registers import Purpose

UNSORTED = "unsorted"
IMPOSSIBLE_NAME = re.compile(r"[\s;=,\"]")  # RFC 6265, 4.1.1; a name in a list of names reads so too
# A code of its own: a field puts its own words in place of those of code "invalid".
https_only = URLValidator(
    schemes=["https"], message="Give an address that begins with https://.", code="not_https"
)


class LifetimeKind(models.TextChoices):
    SESSION = lifetimes.Kind.SESSION.value, "until the browser is closed"
    FIXED = lifetimes.Kind.FIXED.value, "fixed"
    RANGE = lifetimes.Kind.RANGE.value, "from … to …"
    UNKNOWN = lifetimes.Kind.UNKNOWN.value, "unknown"


class CookieGroupQuerySet(models.QuerySet["CookieGroup"]):
    def sorted_out(self) -> "CookieGroupQuerySet":
        """Those that may be shown: without what an import could not place."""
        return self.exclude(code=UNSORTED)


class CookieGroup(models.Model):
    """What a person answers: one Yes or No."""

    code = models.SlugField(unique=True, help_text="Stable short name. The platform asks for it: analytics.")
    name = models.CharField(max_length=100, help_text="As shown to people: “Analytics”.")
    text = models.TextField(
        max_length=1000, help_text="What these cookies do for us, in words anybody understands."
    )
    is_essential = models.BooleanField(
        "essential",
        default=False,
        help_text="The service does not work without them, so nobody is asked (ePrivacy directive, Art. 5(3)).",
    )
    purpose = models.ForeignKey(
        Purpose,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cookie_groups",
        help_text="What people say yes to. Every optional group needs one. If it changes, they are asked again.",
    )
    categories = models.CharField(
        max_length=300,
        blank=True,
        help_text="Categories of an imported file that belong here, comma-separated: Functional, Security.",
    )
    order = models.PositiveSmallIntegerField(default=100, help_text="Lower numbers stand first.")
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = CookieGroupQuerySet.as_manager()

    class Meta:
        ordering = ["order", "name"]
        # As the desk lists them: the key decides between two of one name.
        indexes = [models.Index(fields=["order", "name", "-id"], name="inventory_group_list")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(code=UNSORTED) | Q(is_essential=False),
                name="inventory_unsorted_is_not_essential",
                violation_error_message="Cookies nobody has sorted cannot be essential.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Cookie(models.Model):
    """One cookie, or one key of a browser's storage."""

    group = models.ForeignKey(
        CookieGroup, on_delete=models.PROTECT, related_name="cookies", db_index=False
    )  # the index of its list serves
    name = models.CharField(max_length=200, db_index=True, help_text="Exactly as set; capitals matter.")
    is_wildcard = models.BooleanField(
        "name is a beginning", default=False, help_text="Every cookie whose name begins so is meant."
    )
    provider = models.CharField(max_length=150, db_index=True, help_text="The tool it belongs to: Matomo.")
    controller = models.CharField(max_length=150, blank=True, help_text="The company behind the tool.")
    domain = models.CharField(max_length=255, blank=True, help_text="Empty: our own.")
    description = models.TextField(
        max_length=4000, blank=True, help_text="What it is for, as people read it."
    )
    lifetime = models.CharField(
        max_length=200, blank=True, help_text="In words: session, 1 year, 2 years after last activity."
    )
    lifetime_kind = models.CharField(
        max_length=16, choices=LifetimeKind, default=LifetimeKind.UNKNOWN, editable=False
    )
    lifetime_seconds = models.PositiveBigIntegerField(
        "longest lifetime (seconds)", null=True, blank=True, editable=False
    )
    portal = models.URLField(
        "privacy page", max_length=500, blank=True, validators=[https_only],
        help_text="Where the company behind it answers for people's rights.",
    )  # fmt: skip
    source_id = models.CharField(
        max_length=64, blank=True, db_index=True, help_text="Its id in the imported list."
    )
    is_flagged = models.BooleanField("to be looked at", default=False, editable=False)
    flag_reason = models.CharField("why", max_length=500, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name", "provider", "domain"]
        permissions = [("export_cookie", "Can export cookies")]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "provider", "domain"],
                name="inventory_cookie_once",
                violation_error_message="This cookie of this provider and domain stands in the list already.",
            ),
            models.CheckConstraint(
                condition=Q(is_flagged=False, flag_reason="") | (Q(is_flagged=True) & ~Q(flag_reason="")),
                name="inventory_cookie_flag_says_why",
            ),
        ]
        # Each list and filter of the desk in its own order: a million rows answer from an index.
        indexes = [
            models.Index(fields=["group", "name", "provider", "domain"], name="inventory_cookie_group"),
            models.Index(
                fields=["lifetime_kind", "name", "provider", "domain"], name="inventory_cookie_kind"
            ),
            models.Index(
                fields=["name", "provider", "domain"],
                condition=Q(is_flagged=True),
                name="inventory_cookie_flagged",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.read_lifetime()

    def read_lifetime(self, *more: str) -> None:
        """Fill in what follows from the words, and flag what somebody should look at."""
        read = lifetimes.read(self.lifetime)
        self.lifetime_kind, self.lifetime_seconds = read.kind.value, read.seconds
        self.flag_reason = " ".join([*more, *self._doubts(read)])[:500]
        self.is_flagged = bool(self.flag_reason)

    def _doubts(self, read: lifetimes.Lifetime) -> list[str]:
        doubts = [read.problem] if read.problem else []
        if (group := getattr(self, "group", None)) and group.code == UNSORTED:
            doubts.append("It waits to be sorted into a group.")
        if IMPOSSIBLE_NAME.search(self.name):
            doubts.append("No cookie can have this name.")
        if "*" in self.name.rstrip("*"):
            doubts.append("The name has a * in the middle, which matches nothing.")
        elif self.name.endswith("*") and not self.is_wildcard:
            doubts.append("The name ends with a *, but is not marked as a beginning.")
        return doubts


class CatalogueVersionQuerySet(models.QuerySet["CatalogueVersion"]):
    def published(self) -> "CatalogueVersionQuerySet":
        return self.filter(published_at__isnull=False).order_by("-number")

    def light(self) -> "CatalogueVersionQuerySet":
        """Without the cookies: all that a choice needs."""
        return self.defer("cookies")


@evidence(frozen_once="published_at", free=("revision",))
class CatalogueVersion(models.Model):
    """The list of cookies as people read it and answered it. Written by publishing, then frozen."""

    note = models.CharField(max_length=300, blank=True, help_text="What changed and why, for colleagues.")
    number = models.PositiveIntegerField(null=True, unique=True, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, editable=False)
    groups = models.JSONField(default=list, editable=False)
    cookies = models.JSONField(default=dict, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = CatalogueVersionQuerySet.as_manager()

    class Meta:
        verbose_name = "cookie list"
        ordering = ["-id"]
        permissions = [("publish_catalogueversion", "Can publish the cookie list")]
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"],  # which every list in preparation has empty
                condition=Q(published_at=None),
                name="inventory_catalogue_one_draft",
                violation_error_message="A list is being prepared already. Publish that one.",
            ),
            models.CheckConstraint(
                condition=Q(published_at=None, number=None, sha256="")
                | (Q(published_at__isnull=False, number__isnull=False) & ~Q(sha256="")),
                name="inventory_catalogue_published_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"Cookie list {self.number}" if self.number else "Cookie list in preparation"

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    @property
    def optional(self) -> list[dict[str, Any]]:
        return [group for group in self.groups if not group["essential"]]


class CookieReceiptQuerySet(models.QuerySet["CookieReceipt"]):
    def current(self, since: datetime) -> "CookieReceiptQuerySet":
        """Those that still speak for a browser: made since then, and not replaced by a later choice."""
        # Without the nulls, which say nothing and are nearly all: the database need not sort them.
        later = CookieReceipt.objects.filter(replaces__isnull=False, replaces=OuterRef("pk"))
        return self.filter(~Exists(later), at__gte=since)


@evidence()
class CookieReceipt(models.Model):
    """What one browser chose, on which list. Pseudonymous: no address, no browser's name, no person."""

    reference = models.CharField(max_length=40, unique=True, help_text="Known to the browser that chose.")
    catalogue = models.ForeignKey(
        CatalogueVersion, on_delete=models.PROTECT, related_name="receipts", db_index=False
    )  # as above
    choices = models.JSONField(help_text="Yes or no to each optional group of that list.")
    gpc = models.BooleanField(
        "Global Privacy Control",
        help_text="The browser asked not to be tracked, so every optional group is off.",
    )
    at = models.DateTimeField(help_text="When it was chosen.")
    # The former one may have been swept: its number stays, since evidence is never changed.
    replaces = models.ForeignKey(
        "self", on_delete=models.DO_NOTHING, null=True, related_name="later", db_constraint=False
    )

    objects = CookieReceiptQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [("export_cookiereceipt", "Can export cookie receipts")]
        indexes = [
            models.Index(fields=["catalogue", "-id"], name="inventory_receipt_catalogue"),
            models.Index(fields=["-id"], condition=Q(gpc=True), name="inventory_receipt_gpc"),
            models.Index(fields=["at"], name="inventory_receipt_at"),  # what has run out, for the sweep
        ]

    def __str__(self) -> str:
        return f"Cookie receipt {self.pk}"
