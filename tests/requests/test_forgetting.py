"""Letting go of people: everything the apps declared, set-based, holds winning."""

import pytest
from django.db import transaction

from inventory.letting_go import holds
from inventory.models import HoldPerson, HoldScope, LegalHold
from notices.models import Mail, MailStatus, Notice, Status, Tally
from people.models import Guardianship, Person
from requests.erasing.forgetting import forget
from requests.models import RightsRequest
from tests.notices.factories import NoticeFactory
from tests.people.factories import NOW, GuardianshipFactory, PersonFactory, UserFactory

from .factories import RequestFactory

pytestmark = pytest.mark.django_db


def hold_on(person: Person) -> LegalHold:
    owner = UserFactory()
    hold = LegalHold.objects.create(
        title="Claim of 2026",
        reason="A court asked.",
        owner=owner,
        scope=HoldScope.PEOPLE,
        review_on="2026-09-01",
    )
    HoldPerson.objects.create(hold=hold, person_id=person.pk)
    return holds.place(hold, by=owner, at=NOW)


def test_a_person_keeps_their_number_and_nothing_else():
    amina = PersonFactory(amina=True)

    forget([amina.pk], at=NOW)

    row = Person.objects.values("given_name", "family_name", "email", "birth_date", "erased_at").get()
    assert row == {"given_name": "", "family_name": "", "email": "", "birth_date": None, "erased_at": NOW}


def test_their_links_and_what_was_told_to_them_go_too():
    link = GuardianshipFactory()
    notice = NoticeFactory(recipient_id=link.child_id, status=Status.SENT)

    gone = forget([link.child_id], at=NOW)

    assert not Guardianship.objects.exists()
    assert not Notice.objects.filter(pk=notice.pk).exists()
    assert Tally.objects.get(campaign=notice.campaign).count == 1
    assert gone["people.person"] == 1


def test_what_waits_for_them_never_leaves():
    amina = PersonFactory(amina=True)
    notice = NoticeFactory(recipient_id=amina.pk, status=Status.WAITING)

    forget([amina.pk], at=NOW)

    assert not Notice.objects.filter(pk=notice.pk).exists()
    assert not Mail.objects.filter(recipient_id=amina.pk, status=MailStatus.WAITING).exists()


def test_a_legal_hold_wins():
    ben = PersonFactory(ben=True)
    hold_on(ben)

    forget([ben.pk], at=NOW)

    ben.refresh_from_db()
    assert ben.given_name == "Ben"


def test_a_category_that_must_stay_stays():
    amina = PersonFactory(amina=True)

    forget([amina.pk], keep={"account-details"}, at=NOW)

    amina.refresh_from_db()
    assert amina.given_name == "Amina"


def typed_mail(to: str, *, about: RightsRequest, status: str = MailStatus.SENT) -> Mail:
    """To whoever asked a question at the public form: nobody's number is on it."""
    return Mail.objects.create(
        event="requests.news", object_type="requests.rightsrequest", object_ref=str(about.pk),
        address=to, language="en", posted_at=NOW, status=status,
    )  # fmt: skip


def test_mails_to_the_address_they_typed_are_emptied_too():
    amina = PersonFactory(amina=True, email="amina@family.example")
    stranger = RequestFactory(inquiry=True, unmatched=True)
    hers = RequestFactory(inquiry=True, subject=None, requester=amina)
    known = typed_mail("amina@family.example", about=stranger)
    matched = typed_mail("another@nowhere.example", about=hers, status=MailStatus.PARKED)

    forget([amina.pk], at=NOW)

    addresses = Mail.objects.filter(pk__in=[known.pk, matched.pk]).values_list("address", flat=True)
    assert set(addresses) == {""}


def test_mails_to_others_and_what_still_waits_in_an_open_question_stay():
    amina = PersonFactory(amina=True, email="amina@family.example")
    question = RequestFactory(inquiry=True, unmatched=True)
    typed_mail("amina@family.example", about=question, status=MailStatus.WAITING)
    typed_mail("ben@family.example", about=question)

    forget([amina.pk], at=NOW)

    assert not Mail.objects.filter(address="").exists()


def test_others_are_left_alone():
    amina, ben = PersonFactory(amina=True), PersonFactory(ben=True)

    forget([amina.pk], at=NOW)

    ben.refresh_from_db()
    assert ben.given_name == "Ben"


def test_a_second_time_there_is_nothing_left_to_do():
    amina = PersonFactory(amina=True)
    forget([amina.pk], at=NOW)

    assert forget([amina.pk], at=NOW) == {}


@pytest.mark.parametrize("how_many", [1, 200])
def test_the_number_of_queries_does_not_grow_with_the_number_of_people(
    how_many, django_assert_max_num_queries
):
    numbers = [PersonFactory().pk for _ in range(how_many)]

    with django_assert_max_num_queries(30), transaction.atomic():
        forget(numbers, at=NOW)

    assert Person.objects.filter(erased_at=NOW).count() == how_many
