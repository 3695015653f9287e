from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractBaseUser, Group, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django_countries import countries

from audit.actors import Actor, ActorKind
from law.ages import has_reached

ADULT = (
    18  # who looks after a child is of age nearly everywhere (Convention on the Rights of the Child, Art. 1)
)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        user = self.model(email=email.strip().lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, is_staff=True, **extra)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A member of staff. Signs in with an e-mail address and, in production, a second factor."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_staff = models.BooleanField(default=True, help_text="May open the desk.")
    is_active = models.BooleanField(
        "switched on", default=True, help_text="Switch off instead of deleting: open sessions end at once."
    )
    session_epoch = models.PositiveIntegerField(
        default=0, editable=False, help_text="Raised when a second factor changes: other sessions end."
    )
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = "staff user"
        permissions = [
            ("invite_user", "Can send colleagues a link to choose a password"),
            ("deactivate_user", "Can switch accounts off and on"),
            ("reset_user", "Can reset a colleague's second factor"),
        ]

    def __str__(self) -> str:
        return f"Staff {self.pk}"

    def as_actor(self) -> Actor:
        return Actor(ActorKind.STAFF, str(self.pk))

    def get_short_name(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        # A changed second factor ends every other session, as a changed password does.
        return f"{super()._get_session_auth_hash(secret=secret)}{self.session_epoch}"  # type: ignore[misc]


class Role(models.TextChoices):
    SUBJECT = "subject", "data subject"
    LEARNER = "learner", "learner"
    GUARDIAN = "guardian", "guardian"
    SCHOOL_CONTACT = "school_contact", "school contact"


def country_choices() -> list[tuple[str, str]]:
    return [(code, str(name)) for code, name in countries]


# With an address that its mail server has not refused.
REACHABLE = ~Q(email="") & Q(undeliverable_at=None)


class PersonQuerySet(models.QuerySet["Person"]):
    def active(self) -> "PersonQuerySet":
        return self.filter(left_at=None)


class Person(models.Model):
    """Somebody whose data the company holds. The platform's id is the link to the account."""

    external_id = models.CharField(
        "platform id",
        max_length=64,
        unique=True,
        help_text="The id the learning platform uses for this person.",
    )
    given_name = models.CharField(max_length=100, blank=True)
    family_name = models.CharField(max_length=100, blank=True)
    email = models.CharField(
        "e-mail",
        max_length=254,
        blank=True,
        db_index=True,
        help_text="Where notices go. Stored in lower case.",
    )
    undeliverable_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The mail server refused this address for good."
    )
    birth_date = models.DateField(
        null=True,
        blank=True,
        help_text="Without it the person counts as under every age of consent where consent is asked; "
        "notices of a policy change go to their own address all the same.",
    )
    adult_stated_on = models.DateField(
        null=True, blank=True, help_text="The day the person stated that they are an adult."
    )
    country = models.CharField(max_length=2, blank=True, choices=country_choices)
    region = models.CharField(
        max_length=3, blank=True, help_text="State or province, as in ISO 3166-2: CA for US-CA."
    )
    language = models.CharField(max_length=8, default=settings.LANGUAGE_CODE, choices=settings.LANGUAGES)
    role = models.CharField(max_length=16, choices=Role, default=Role.SUBJECT)
    left_at = models.DateTimeField(
        null=True, blank=True, help_text="When the account was closed. A person who left is told no more."
    )
    last_active_on = models.DateField(
        "last active",
        null=True,
        blank=True,
        editable=False,
        help_text="As the learning platform reports it. Retention of the account counts from this day.",
    )
    erased_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Since when nothing personal is left here: only the number that evidence points to.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    revision = models.PositiveIntegerField(default=0, editable=False)

    guardians: "models.ManyToManyField[Person, Guardianship]" = models.ManyToManyField(
        "self",
        through="Guardianship",
        through_fields=("child", "guardian"),
        symmetrical=False,
        related_name="children",
    )

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "people"
        ordering = ["-id"]
        permissions = [
            ("export_person", "Can export people"),
            ("correct_person", "Can correct addresses and note statements"),
            ("close_person", "Can close and reopen accounts"),
        ]
        constraints = [
            # A learner may share the family mailbox; two adults with one address are one person twice.
            models.UniqueConstraint(
                fields=["email"],
                condition=~Q(email="") & ~Q(role="learner") & Q(left_at=None),
                name="people_person_one_adult_an_address",
                violation_error_message="Another person already has this address.",
            ),
            models.CheckConstraint(
                condition=Q(region="") | ~Q(country=""),
                name="people_person_region_needs_country",
                violation_error_message="Choose the country first: a region alone says nothing.",
            ),
        ]
        indexes = [
            models.Index(fields=["role", "birth_date"], name="people_person_role_birth"),
            models.Index(fields=["country", "-id"], name="people_person_country"),
            # So that a sweep costs what expires, not what is kept.
            models.Index(fields=["last_active_on"], name="people_person_last_active"),
            models.Index(fields=["left_at"], condition=Q(left_at__isnull=False), name="people_person_left"),
            # The states staff filter by, newest first: few rows each.
            models.Index(fields=["-id"], condition=Q(left_at__isnull=False), name="people_person_gone"),
            models.Index(
                fields=["-id"], condition=Q(left_at=None, email=""), name="people_person_no_address"
            ),
            models.Index(
                fields=["-id"],
                condition=Q(left_at=None, undeliverable_at__isnull=False),
                name="people_person_refused",
            ),
        ]

    def __str__(self) -> str:
        return f"Person {self.pk}"

    def as_actor(self) -> Actor:
        return Actor(ActorKind.PERSON, str(self.pk))

    def may_be_guardian(self, on: date) -> bool:
        """Of age by what is on record. A learner whose age nobody knows counts as a child."""
        if self.birth_date is None:
            return self.role != Role.LEARNER or self.adult_stated_on is not None
        return has_reached(self.birth_date, ADULT, on)

    @property
    def place(self) -> str:
        """Country, or country and region: FR, US-CA."""
        return f"{self.country}-{self.region}" if self.region else self.country


class Relationship(models.TextChoices):
    MOTHER = "mother", "mother"
    FATHER = "father", "father"
    GUARDIAN = "guardian", "legal guardian"
    OTHER = "other", "other"
    UNKNOWN = "unknown", "not stated"


class Authority(models.TextChoices):
    CLAIMED = "claimed", "claimed"
    VERIFIED = "verified", "verified"
    DISPUTED = "disputed", "disputed"
    ENDED = "ended", "ended"


class GuardianshipQuerySet(models.QuerySet["Guardianship"]):
    def verified(self) -> "GuardianshipQuerySet":
        return self.filter(authority=Authority.VERIFIED)


class Guardianship(models.Model):
    """Who looks after whom, and how sure we are that they may decide."""

    # What may happen to a guardian's authority; `actions` is the only place that moves it.
    transitions: ClassVar[dict[str, tuple[str, ...]]] = {
        Authority.CLAIMED: (Authority.VERIFIED, Authority.DISPUTED, Authority.ENDED),
        Authority.VERIFIED: (Authority.DISPUTED, Authority.ENDED),
        Authority.DISPUTED: (Authority.VERIFIED, Authority.ENDED),
        Authority.ENDED: (),
    }

    child = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="guardianships")
    guardian = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="wardships")
    relationship = models.CharField(max_length=16, choices=Relationship, default=Relationship.UNKNOWN)
    authority = models.CharField(
        max_length=16,
        choices=Authority,
        default=Authority.CLAIMED,
        help_text="Claimed: somebody said so. Verified: we checked. Only verified guardians are told and may decide.",
    )
    source = models.CharField(
        max_length=64, help_text="Where we know it from: import, platform, school, staff."
    )
    decided_at = models.DateTimeField(null=True, blank=True, help_text="When the authority last changed.")
    revision = models.PositiveIntegerField(default=0, editable=False)

    objects = GuardianshipQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [("verify_guardianship", "Can verify, dispute and end guardianships")]
        constraints = [
            models.UniqueConstraint(
                fields=["child", "guardian"],
                name="people_guardianship_once",
                violation_error_message="These two are linked already.",
            ),
            models.CheckConstraint(
                condition=~Q(child=F("guardian")),
                name="people_guardianship_two_people",
                violation_error_message="Nobody is their own guardian.",
            ),
        ]
        indexes = [
            models.Index(fields=["guardian", "authority"], name="people_guardianship_of"),
            models.Index(fields=["authority", "-id"], name="people_guardianship_list"),
            models.Index(
                fields=["decided_at"], condition=Q(authority="ended"), name="people_guardianship_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"Guardianship {self.pk}"


class GrantStatus(models.TextChoices):
    REQUESTED = "requested", "waiting for a second person"
    APPROVED = "approved", "approved"
    REFUSED = "refused", "refused"
    REVOKED = "revoked", "revoked"


class AccessGrant(models.Model):
    """A power a member of staff holds or asks for. The only way into a group or to superuser."""

    # What may happen to a grant; `actions` is the only place that moves it.
    transitions: ClassVar[dict[str, tuple[str, ...]]] = {
        GrantStatus.REQUESTED: (GrantStatus.APPROVED, GrantStatus.REFUSED),
        GrantStatus.APPROVED: (GrantStatus.REVOKED,),
        GrantStatus.REFUSED: (),
        GrantStatus.REVOKED: (),
    }

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="access_grants", help_text="Who receives the power."
    )
    group = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty only when asking for superuser.",
    )
    is_superuser = models.BooleanField(
        "superuser",
        default=False,
        help_text="Every power, without a group. Keep two such people, so that one can approve for the other.",
    )
    status = models.CharField(
        max_length=16, choices=GrantStatus, default=GrantStatus.REQUESTED, editable=False
    )
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)
    requested_at = models.DateTimeField(editable=False)
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        permissions = [("approve_accessgrant", "Can approve, refuse and revoke powers (superusers only)")]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(group__isnull=False, is_superuser=False) | Q(group__isnull=True, is_superuser=True)
                ),
                name="people_accessgrant_one_power",
                violation_error_message="Choose a group, or superuser, not both.",
            ),
            # Nobody approves what they asked for, and nobody approves their own power.
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("requested_by")),
                name="people_accessgrant_second_person",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("user")),
                name="people_accessgrant_not_for_oneself",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status__in=["requested", "refused"], approved_by=None)
                    | Q(status__in=["approved", "revoked"], approved_by__isnull=False)
                ),
                name="people_accessgrant_approved_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["user", "group"],
                condition=Q(status__in=["requested", "approved"], is_superuser=False),
                name="people_accessgrant_group_once",
                violation_error_message="This person has this power, or it is asked for already.",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(status__in=["requested", "approved"], is_superuser=True),
                name="people_accessgrant_superuser_once",
                violation_error_message="This person has this power, or it is asked for already.",
            ),
        ]

    def __str__(self) -> str:
        return f"Access grant {self.pk}"

    @property
    def power(self) -> str:
        return "superuser" if self.is_superuser else self.group.name if self.group else ""
