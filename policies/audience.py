"""Whom a policy version concerns, as sets the database can count and copy.

Three groups, no person in two of them: those told themselves; verified guardians told for
learners under the age of consent in their place; such learners without a verified guardian, for
whom a prominent notice has to do. A person without a usable address gets the prominent notice."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce

from law.ages import Ages, cutoff
from law.places import EUROPE
from notices.actions import RECIPIENT_COLUMNS
from notices.models import Letter
from notices.models import Status as NoticeStatus
from people.models import REACHABLE, Guardianship, Person, Role

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
        counted = self.people.aggregate(total=Count("pk"), reachable=Count("pk", filter=REACHABLE))
        mailed = counted["reachable"] if self.by_mail else 0
        return mailed, counted["total"] - mailed


def groups(policy: Policy, *, ages: Ages, on: date) -> list[Group]:
    """Everybody to be told of a significant change of this policy, as it stands on that day."""
    concerned = _concerned(policy)
    children = concerned.filter(under_age(ages, on), role__in=[Role.LEARNER, Role.SUBJECT])
    guardians = _guardians_of(children)
    told_themselves = _without(guardians, _without(children, concerned))
    alone = _without(guardians, _alone(children))
    return [
        Group(GUARDIAN, "Guardians, for learners in their care", guardians),
        Group(ADULT, "People told directly", told_themselves),
        Group(CHILD, "Learners under age without a verified guardian", alone, by_mail=False),
    ]


def _without(some: QuerySet[Person], people: QuerySet[Person]) -> QuerySet[Person]:
    """NOT EXISTS rather than NOT IN: PostgreSQL runs through the latter once for each person as soon as
    `some` outgrow the memory of one sort, which takes hours where this takes a second."""
    return people.exclude(Exists(some.filter(pk=OuterRef("pk"))))


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
    countries = [name for name in ages.by_place if "-" not in name]
    regions = [name for name in ages.by_place if "-" in name]
    has_own_row = _in_any(regions)
    condition = Q(pk__in=[])
    for name in regions:
        condition |= _in_any([name]) & _born_after(ages.years(name), on)
    for years, names in _by_years(countries, ages).items():
        condition |= Q(country__in=names) & ~has_own_row & _born_after(years, on)
    elsewhere = ~Q(country__in=countries) & ~has_own_row
    condition |= elsewhere & Q(country__in=EUROPE) & _born_after(ages.unknown_europe, on)
    return condition | elsewhere & ~Q(country__in=EUROPE) & _born_after(ages.unknown_elsewhere, on)


def _born_after(years: int, on: date) -> Q:
    return Q(birth_date__gt=cutoff(years, on))


def _by_years(countries: Iterable[str], ages: Ages) -> dict[int, list[str]]:
    """Countries that share an age share a condition: four comparisons for each person, not fifty."""
    grouped: dict[int, list[str]] = {}
    for name in countries:
        grouped.setdefault(ages.years(name), []).append(name)
    return grouped


def _concerned(policy: Policy) -> QuerySet[Person]:
    people = Person.objects.active()
    if policy.place_list:
        people = people.filter(_in_any(policy.place_list))
    match policy.audience:
        case Audience.LEARNERS:
            return people.filter(role=Role.LEARNER)
        case Audience.GUARDIANS:
            wards = Guardianship.objects.verified().filter(guardian=OuterRef("pk"), child__left_at=None)
            return people.filter(Q(role=Role.GUARDIAN) | Exists(wards))
        case Audience.SCHOOL_CONTACTS:
            return people.filter(role=Role.SCHOOL_CONTACT)
    return people


def _in_any(places: Iterable[str]) -> Q:
    condition = Q(pk__in=[])
    for name in places:
        country, _, region = name.partition("-")
        condition |= Q(country=country, region=region) if region else Q(country=country)
    return condition


def _guardians_of(children: QuerySet[Person]) -> QuerySet[Person]:
    wards = Guardianship.objects.verified().filter(guardian=OuterRef("pk"), child__in=children.values("pk"))
    return Person.objects.active().filter(Exists(wards))


def _alone(children: QuerySet[Person]) -> QuerySet[Person]:
    verified = Guardianship.objects.verified().filter(child=OuterRef("pk"), guardian__left_at=None)
    return children.exclude(Exists(verified))
