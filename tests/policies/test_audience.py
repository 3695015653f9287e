"""Whom a significant change is told to."""

import re
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from law import readings
from law.ages import has_reached
from law.models import AgeOfConsent, Company
from people.models import Person, Role
from policies import audience
from policies.audience import ADULT, CHILD, GUARDIAN
from policies.models import Audience, Policy
from tests.people.factories import GuardianshipFactory, PersonFactory

from .factories import PolicyFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


def told(policy: Policy | None = None, on: date = TODAY) -> dict[str, set[Person]]:
    groups = audience.groups(policy or PolicyFactory(), ages=readings.ages(on, Company.current()), on=on)
    return {group.variant: set(group.people) for group in groups}


def test_an_adult_is_told_themselves() -> None:
    adult = PersonFactory()
    assert told() == {ADULT: {adult}, GUARDIAN: set(), CHILD: set()}


def test_carla_is_told_once_instead_of_amina_and_ben() -> None:
    carla = PersonFactory(carla=True)
    for child in (PersonFactory(amina=True), PersonFactory(ben=True)):
        GuardianshipFactory(child=child, guardian=carla)
    assert told() == {ADULT: set(), GUARDIAN: {carla}, CHILD: set()}


def test_both_verified_guardians_of_ben_are_told() -> None:
    ben = PersonFactory(ben=True)
    parents = {GuardianshipFactory(child=ben).guardian, GuardianshipFactory(child=ben).guardian}
    assert told()[GUARDIAN] == parents


@pytest.mark.parametrize("standing", ["claimed", "disputed", "ended"])
def test_a_guardian_who_is_not_verified_stands_in_for_nobody(standing: str) -> None:
    guardianship = GuardianshipFactory(child=PersonFactory(ben=True), **{standing: True})
    everyone = told()
    assert everyone[CHILD] == {guardianship.child}
    assert everyone[GUARDIAN] == set()


def test_a_guardian_who_left_stands_in_for_nobody() -> None:
    guardianship = GuardianshipFactory(
        child=PersonFactory(ben=True), guardian=PersonFactory(guardian=True, left=True)
    )
    assert told() == {ADULT: set(), GUARDIAN: set(), CHILD: {guardianship.child}}


def test_thirteen_is_old_enough_in_ohio_and_not_in_france() -> None:
    in_ohio = PersonFactory(learner=True, birth_date=date(2012, 9, 1), country="US", region="OH")
    amina = PersonFactory(amina=True)
    assert told()[ADULT] == {in_ohio}
    assert told()[CHILD] == {amina}


def test_ben_is_told_himself_from_his_thirteenth_birthday() -> None:
    ben = PersonFactory(ben=True)
    assert told(on=date(2029, 5, 3))[CHILD] == {ben}
    assert told(on=date(2029, 5, 4))[ADULT] == {ben}


def test_a_learner_without_a_birth_date_is_told_at_their_own_address() -> None:
    learner = PersonFactory(learner=True, birth_date=None)
    assert told()[ADULT] == {learner}


def test_who_left_is_told_no_more() -> None:
    PersonFactory(left=True)
    assert told() == {ADULT: set(), GUARDIAN: set(), CHILD: set()}


def test_a_policy_for_learners_reaches_learners_and_the_guardians_of_the_young() -> None:
    PersonFactory(school_contact=True)
    grown = PersonFactory(role=Role.LEARNER)
    guardian = GuardianshipFactory(child=PersonFactory(ben=True)).guardian
    policy = PolicyFactory(audience=Audience.LEARNERS)
    assert told(policy) == {ADULT: {grown}, GUARDIAN: {guardian}, CHILD: set()}


def test_a_policy_for_guardians_or_schools_reaches_only_them() -> None:
    contact = PersonFactory(school_contact=True)
    parent = GuardianshipFactory(guardian=PersonFactory(role=Role.SUBJECT)).guardian
    assert told(PolicyFactory(audience=Audience.GUARDIANS))[ADULT] == {parent}
    assert told(PolicyFactory(audience=Audience.SCHOOL_CONTACTS))[ADULT] == {contact}


def test_a_policy_for_a_place_follows_the_learner_not_the_guardian() -> None:
    carla = PersonFactory(carla=True)
    GuardianshipFactory(child=PersonFactory(ben=True), guardian=carla)
    in_ohio, in_france = PolicyFactory(places="US-OH"), PolicyFactory(places="FR")
    assert told(in_ohio) == {ADULT: set(), GUARDIAN: {carla}, CHILD: set()}
    assert told(in_france) == {ADULT: {carla}, GUARDIAN: set(), CHILD: set()}


def test_a_mother_of_sixteen_is_told_once() -> None:
    """As a guardian; told so, she needs no notice as a child without one."""
    mother = PersonFactory(role=Role.SUBJECT, birth_date=date(2010, 3, 1), country="US", region="OH")
    GuardianshipFactory(child=PersonFactory(ben=True), guardian=mother)
    AgeOfConsent.objects.update(parent_needed_below=18)
    assert told() == {ADULT: set(), GUARDIAN: {mother}, CHILD: set()}


def test_no_group_is_found_by_looking_through_another_once_a_person() -> None:
    groups = audience.groups(PolicyFactory(), ages=readings.ages(TODAY, Company.current()), on=TODAY)
    for group in groups:
        assert not re.search(r"NOT \(\S+ IN \(SELECT", str(group.people.query))


def test_counts_tell_mail_from_prominent_notice() -> None:
    PersonFactory()
    PersonFactory(no_address=True)
    PersonFactory(undeliverable=True)
    PersonFactory(ben=True)
    groups = audience.groups(PolicyFactory(), ages=readings.ages(TODAY, Company.current()), on=TODAY)
    assert {group.variant: group.counts() for group in groups} == {
        ADULT: (1, 2),
        GUARDIAN: (0, 0),
        CHILD: (0, 1),
    }


places = st.sampled_from(
    [("FR", ""), ("US", "OH"), ("US", "NY"), ("CH", ""), ("NZ", ""), ("CA", "QC"), ("", "")]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    birth=st.dates(date(2004, 1, 1), date(2026, 3, 1)), where=places, on=st.dates(TODAY, date(2028, 12, 31))
)
def test_the_sql_audience_and_the_pure_rule_never_disagree(
    birth: date, where: tuple[str, str], on: date
) -> None:
    country, region = where
    person = PersonFactory(learner=True, birth_date=birth, country=country, region=region)
    law = readings.ages(on, Company.current())
    picked = Person.objects.filter(audience.under_age(law, on), pk=person.pk).exists()
    assert picked == (not has_reached(birth, law.years(person.place), on))
