"""Whom a policy version concerns, as sets the database can count and copy.

Three groups, no person in two of them: those told themselves; verified guardians told for
learners under the age of consent in their place; such learners without a verified guardian, for
whom a prominent notice has to do. A person without a usable address gets the prominent notice."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce

from law.ages import Ages, cutoff
from law.places import EUROPE
from notices.actions import RECIPIENT_COLUMNS
from notices.models import Letter
from notices.models import Status as NoticeStatus
from people.models import Guardianship, Person, Role

from .models import Audience, Policy

ADULT, GUARDIAN, CHILD = "adult", "guardian", "child"
VARIANTS = (ADULT, GUARDIAN, CHILD)


@dataclass(frozen=True)
class Group:
    """People told in the same words."""

    variant: str
    label: str
    people: QuerySet[Person]
    by_mail: bool = True

    def counts(self) -> tuple[int, int]:
        """How many get a mail, and how many the prominent notice instead."""
        total = self.people.count()
        mailed = self.people.filter(REACHABLE).count() if self.by_mail else 0
        return mailed, total - mailed


REACHABLE = ~Q(email="") & Q(undeliverable_at=None)


def groups(policy: Policy, *, ages: Ages, on: date) -> list[Group]:
    """Everybody to be told of a significant change of this policy, as it stands on that day."""
    concerned = _concerned(policy)
    children = concerned.filter(under_age(ages, on), role__in=[Role.LEARNER, Role.SUBJECT])
    guardians = _guardians_of(children)
    told_themselves = concerned.exclude(pk__in=children.values("pk")).exclude(pk__in=guardians.values("pk"))
    return [
        Group(GUARDIAN, "Guardians, for learners in their care", guardians),
        Group(ADULT, "People told themselves", told_themselves),
        Group(CHILD, "Learners under age without a verified guardian", _alone(children), by_mail=False),
    ]


def recipients(
    group: Group, letters: Iterable[Letter], default_language: str
) -> QuerySet[Person, tuple[object, ...]]:
    """The group as rows for `notices.actions.record`, each with the letter in the person's language."""
    written = {letter.language: letter.pk for letter in letters if letter.variant == group.variant}
    in_own_language = [When(language=code, then=Value(pk)) for code, pk in written.items()]
    mailed = REACHABLE if group.by_mail else Q(pk__in=[])
    return (
        group.people.annotate(
            recipient_id=F("pk"),
            address=Case(When(mailed, then="email"), default=Value(""), output_field=TextField()),
            greeting=Coalesce("given_name", Value("")),
            letter_id=Case(*in_own_language, default=Value(written[default_language])),
            status=Case(
                When(mailed, then=Value(NoticeStatus.WAITING.value)),
                default=Value(NoticeStatus.POSTED.value),
                output_field=CharField(),
            ),
        )
        .order_by()
        .values_list(*RECIPIENT_COLUMNS)
    )


def under_age(ages: Ages, on: date) -> Q:
    """Who has not reached the age of consent of their place on that day, as one SQL condition.

    The same cut-off dates as `Ages.years`: a person without a birth date is not picked, for policy
    notices then go to the person's own address (design, truth 4)."""
    condition = Q(pk__in=[])
    for name in ages.by_place:
        condition |= _in_place(name, ages) & Q(birth_date__gt=cutoff(ages.years(name), on))
    elsewhere = ~Q(country__in=[name for name in ages.by_place if "-" not in name])
    for name in ages.by_place:
        if "-" in name:
            elsewhere &= ~_in_place(name, ages)
    for europe, years in ((True, ages.unknown_europe), (False, ages.unknown_elsewhere)):
        here = Q(country__in=EUROPE) if europe else ~Q(country__in=EUROPE)
        condition |= elsewhere & here & Q(birth_date__gt=cutoff(years, on))
    return condition


def _in_place(name: str, ages: Ages) -> Q:
    """People of a country without those regions that have a row of their own, or of one region."""
    country, _, region = name.partition("-")
    if region:
        return Q(country=country, region=region)
    own_rows = [other.partition("-")[2] for other in ages.by_place if other.startswith(f"{country}-")]
    return Q(country=country) & ~Q(region__in=own_rows) if own_rows else Q(country=country)


def _concerned(policy: Policy) -> QuerySet[Person]:
    people = Person.objects.active().filter(_places(policy))
    match policy.audience:
        case Audience.LEARNERS:
            return people.filter(role=Role.LEARNER)
        case Audience.GUARDIANS:
            wards = Guardianship.objects.verified().filter(guardian=OuterRef("pk"), child__left_at=None)
            return people.filter(Q(role=Role.GUARDIAN) | Exists(wards))
        case Audience.SCHOOL_CONTACTS:
            return people.filter(role=Role.SCHOOL_CONTACT)
    return people


def _places(policy: Policy) -> Q:
    if not policy.place_list:
        return Q()
    condition = Q(pk__in=[])
    for name in policy.place_list:
        country, _, region = name.partition("-")
        condition |= Q(country=country, region=region) if region else Q(country=country)
    return condition


def _guardians_of(children: QuerySet[Person]) -> QuerySet[Person]:
    wards = Guardianship.objects.verified().filter(guardian=OuterRef("pk"), child__in=children.values("pk"))
    return Person.objects.active().filter(Exists(wards))


def _alone(children: QuerySet[Person]) -> QuerySet[Person]:
    verified = Guardianship.objects.verified().filter(child=OuterRef("pk"), guardian__left_at=None)
    return children.exclude(Exists(verified))
