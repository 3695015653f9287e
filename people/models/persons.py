"""Whose data the company holds, and who looks after whom."""

from datetime import date
from typing import ClassVar

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django_countries import countries

from audit.actors import Actor, ActorKind
from law.ages import has_reached

ADULT = (
    18  # who looks after a child is of age nearly everywhere (Convention on the Rights of the Child, Art. 1)
)


class Role(models.TextChoices):
    SUBJECT = "subject", "data subject"
    LEARNER = "learner", "learner"
    GUARDIAN = "guardian", "guardian"
    SCHOOL_CONTACT = "school_contact", "school contact"


def country_choices() -> list[tuple[str, str]]:
    return [(code, str(name)) for code, name in countries]


# With an address that its mail server has not refused.
REACHABLE = ~Q(email="") & Q(undeliverable_at=None)


MOST_WORDS = 6  # of a name somebody looks for


class PersonQuerySet(models.QuerySet["Person"]):
    def active(self) -> "PersonQuerySet":
        return self.filter(left_at=None)

    def restricted(self) -> "PersonQuerySet":
        """Kept, and not used (GDPR Art. 18)."""
        return self.filter(self._is_restricted())

    def unrestricted(self) -> "PersonQuerySet":
        """Whoever takes people out of here, or writes to them without a duty, starts from these."""
        return self.exclude(self._is_restricted())

    @staticmethod
    def _is_restricted() -> Q:
        rows = apps.get_model("people", "Restriction").objects.filter(until=None, person=OuterRef("pk"))
        return Q(Exists(rows))

    def named(self, name: str) -> "PersonQuerySet":
        """Whose names begin with these words, in either order: “Amina Mor”, “moreau amina”, “de la Cruz”.

        Any of the words may belong to the given name and the rest to the family name. On PostgreSQL two
        indexes answer (migration 0006)."""
        words = name.replace(",", " ").split()[:MOST_WORDS]
        wanted = Q(pk__in=[])
        for number in range(len(words)):
            begin, rest = " ".join(words[:number]), " ".join(words[number:])
            wanted |= _called(given=begin, family=rest) | _called(given=rest, family=begin)
        return self.filter(wanted) if words else self.none()


def _called(*, given: str, family: str) -> Q:
    begins = {"given_name__istartswith": given, "family_name__istartswith": family}
    return Q(**{name: words for name, words in begins.items() if words})


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
    def is_restricted(self) -> bool:
        return self.restrictions.filter(until=None).exists()

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
