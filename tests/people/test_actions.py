import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction

from audit.actors import SYSTEM
from audit.models import Event
from notices import announcements
from people import actions, refusals
from people.models import REACHABLE, Authority, Guardianship, Person, User

from .factories import NOW, GuardianshipFactory, PersonFactory, UserFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)
MOVES = {
    Authority.VERIFIED: actions.verify,
    Authority.DISPUTED: actions.dispute,
    Authority.ENDED: actions.end,
}


@pytest.mark.parametrize("start", Authority)
@pytest.mark.parametrize("wanted", MOVES)
def test_a_guardians_authority_moves_only_as_the_table_says(start: Authority, wanted: Authority) -> None:
    link = GuardianshipFactory(authority=start)
    move = MOVES[wanted]
    if wanted in Guardianship.transitions[start]:
        move(link, by=UserFactory(), at=LATER, reason="court order seen")
        assert (link.authority, link.decided_at, link.revision) == (wanted, LATER, 1)
        assert Event.objects.about(link).get().details == {"from": start, "to": wanted}
    else:
        with pytest.raises(refusals.AuthorityCannotMove):
            move(link, by=UserFactory(), at=LATER, reason="court order seen")
        assert Guardianship.objects.get().authority == start
        assert not Event.objects.exists()


def test_the_second_of_two_colleagues_finds_the_guardianship_moved() -> None:
    link = GuardianshipFactory(claimed=True)
    stale = Guardianship.objects.get(pk=link.pk)
    actions.end(link, by=UserFactory(), at=NOW, reason="moved out")
    with pytest.raises(refusals.AuthorityCannotMove, match="ended"):
        actions.verify(stale, by=UserFactory(), at=LATER, reason="id seen")


def test_a_new_guardian_is_only_claimed() -> None:
    amina, carla, dov = PersonFactory(amina=True), PersonFactory(carla=True), UserFactory(dov=True)
    link = actions.add_guardian(amina, carla, source="staff", by=dov, at=NOW, reason="phone call")
    assert link.authority == Authority.CLAIMED
    assert Event.objects.about(link).get().verb == "people.add_guardian"


def test_nobody_is_linked_twice_to_themselves_or_to_a_child() -> None:
    link, ben = GuardianshipFactory(ended=True), PersonFactory(ben=True)
    options: dict[str, Any] = {"source": "staff", "by": SYSTEM, "at": NOW}
    with pytest.raises(refusals.AlreadyLinked):
        actions.add_guardian(link.child, link.guardian, **options)
    with pytest.raises(refusals.NobodyIsTheirOwnGuardian):
        actions.add_guardian(ben, ben, **options)
    with pytest.raises(refusals.MinorCannotBeGuardian, match="under 18"):
        actions.add_guardian(link.child, ben, **options)


@pytest.mark.parametrize(
    ("known", "may"),
    [
        ({"role": "learner", "birth_date": date(1990, 1, 1)}, True),
        ({"role": "guardian", "birth_date": date(2010, 1, 1)}, False),
        ({"role": "learner", "birth_date": None}, False),
        ({"role": "learner", "birth_date": None, "adult_stated_on": date(2025, 1, 1)}, True),
        ({"role": "guardian", "birth_date": None}, True),
    ],
)
def test_a_guardian_is_of_age_whatever_their_role(known: dict[str, Any], may: bool) -> None:
    ben, other = PersonFactory(ben=True), PersonFactory(**known)
    try:
        actions.add_guardian(ben, other, source="staff", by=SYSTEM, at=NOW)
    except refusals.MinorCannotBeGuardian:
        assert not may
    else:
        assert may


# --- A lost second factor --------------------------------------------------------------------


def with_second_factor(**user: Any) -> User:
    user_ = UserFactory(**user)
    Authenticator.objects.create(user=user_, type="totp", data={"secret": "x"})
    Authenticator.objects.create(user=user_, type="recovery_codes", data={})
    return user_


def test_a_lost_second_factor_is_reset_by_a_colleague_and_its_owner_hears_of_it(
    mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any
) -> None:
    dov, lead = with_second_factor(dov=True), UserFactory()
    with django_capture_on_commit_callbacks(execute=True):
        actions.reset_second_factor(dov, by=lead, at=NOW, reason="A new telephone.")
    assert not Authenticator.objects.filter(user=dov).exists()
    assert dov.session_epoch == 1
    assert (mailoutbox[0].to, "second factor was reset" in mailoutbox[0].subject) == ([dov.email], True)
    event = Event.objects.get(verb="people.reset_second_factor")
    assert (event.reason, event.details) == ("A new telephone.", {"removed": 2})


def test_nobody_resets_their_own_second_factor_or_one_that_is_not_there() -> None:
    dov = with_second_factor(dov=True)
    with pytest.raises(refusals.NotYourself):
        actions.reset_second_factor(dov, by=dov, at=NOW, reason="Lost.")
    with pytest.raises(refusals.NoSecondFactor):
        actions.reset_second_factor(UserFactory(), by=dov, at=NOW, reason="Lost.")


def test_only_a_superuser_resets_a_superusers_second_factor() -> None:
    root = with_second_factor(superuser=True)
    with pytest.raises(refusals.SuperuserNeeded):
        actions.reset_second_factor(root, by=UserFactory(), at=NOW, reason="Lost.")
    actions.reset_second_factor(root, by=UserFactory(superuser=True), at=NOW, reason="Lost.")


def test_a_corrected_address_is_tried_afresh_and_the_old_one_forgotten() -> None:
    carla = PersonFactory(carla=True, email="old@family.example", undeliverable=True)
    actions.correct_address(
        carla, email=" New@Family.example ", by=UserFactory(), at=LATER, reason="she wrote"
    )
    carla.refresh_from_db()
    assert (carla.email, carla.undeliverable_at, carla.revision) == ("new@family.example", None, 1)
    written = json.dumps(list(Event.objects.values("details", "fields", "object_ref", "reason")))
    assert "family.example" not in written


def test_an_address_is_corrected_to_a_usable_and_free_one_only() -> None:
    carla, other = PersonFactory(carla=True), PersonFactory()
    options: dict[str, Any] = {"by": SYSTEM, "at": NOW, "reason": ""}
    with pytest.raises(ValidationError):
        actions.correct_address(carla, email="carla@localhost", **options)
    with pytest.raises(refusals.AddressTaken):
        actions.correct_address(carla, email=other.email.upper(), **options)
    with pytest.raises(refusals.AddressUnchanged):
        actions.correct_address(carla, email=carla.email, **options)
    assert not Event.objects.exists()


def test_a_learner_may_get_the_family_address() -> None:
    ben, carla = PersonFactory(ben=True), PersonFactory(carla=True)
    actions.correct_address(ben, email=carla.email, by=SYSTEM, at=NOW, reason="")
    assert Person.objects.filter(email=carla.email).count() == 2


def test_who_left_can_come_back_unless_the_address_is_taken() -> None:
    carla = PersonFactory(carla=True, email="carla@family.example")
    actions.close(carla, by=SYSTEM, at=NOW, reason="asked")
    with pytest.raises(refusals.AlreadyClosed):
        actions.close(carla, by=SYSTEM, at=NOW, reason="asked")
    twin = PersonFactory(email="carla@family.example")
    with pytest.raises(refusals.AddressTaken):
        actions.reopen(carla, by=SYSTEM, at=LATER, reason="asked")
    actions.close(twin, by=SYSTEM, at=LATER, reason="double")
    actions.reopen(carla, by=SYSTEM, at=LATER, reason="asked")
    assert carla.left_at is None
    with pytest.raises(refusals.NotClosed):
        actions.reopen(carla, by=SYSTEM, at=LATER, reason="asked")


def test_a_statement_of_adulthood_needs_a_day_that_has_been_and_no_birth_date() -> None:
    known, unknown = PersonFactory(), PersonFactory(birth_date=None)
    options: dict[str, Any] = {"by": SYSTEM, "at": datetime(2026, 3, 2, 12, tzinfo=UTC), "reason": ""}
    with pytest.raises(refusals.BirthDateKnown):
        actions.state_adulthood(known, on=date(2026, 3, 1), **options)
    with pytest.raises(refusals.DayInTheFuture):
        actions.state_adulthood(unknown, on=date(2026, 3, 4), **options)
    actions.state_adulthood(unknown, on=date(2026, 3, 1), **options)
    assert unknown.adult_stated_on == date(2026, 3, 1)


def test_a_refused_address_marks_everybody_who_has_it_once() -> None:
    carla = PersonFactory(carla=True)
    ben = PersonFactory(ben=True, email=carla.email)
    for tell in announcements.on_bounce:
        tell(carla.email, NOW)
        tell(carla.email, LATER)
    carla.refresh_from_db()
    ben.refresh_from_db()
    assert (carla.undeliverable_at, ben.undeliverable_at) == (NOW, NOW)
    events = Event.objects.filter(verb="people.mark_undeliverable")
    assert {event.object_ref for event in events} == {str(carla.pk), str(ben.pk)}
    assert events.count() == 2


@pytest.mark.parametrize(
    "values",
    [
        {"email": "a@x.org"},
        {"external_id": "p1"},
        {"country": "", "region": "CA"},
    ],
)
def test_the_database_refuses_what_must_never_be(values: dict[str, str]) -> None:
    PersonFactory(external_id="p1", email="a@x.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonFactory(**values)


def test_the_database_refuses_a_double_or_a_self_guardianship() -> None:
    link = GuardianshipFactory()
    for pair in ((link.child, link.guardian), (link.child, link.child)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Guardianship.objects.create(child=pair[0], guardian=pair[1], source="staff")


def test_reachable_people_have_an_address_that_works() -> None:
    carla = PersonFactory(carla=True)
    PersonFactory(no_address=True)
    PersonFactory(undeliverable=True)
    PersonFactory(left=True)
    assert list(Person.objects.active().filter(REACHABLE)) == [carla]
