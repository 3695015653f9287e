"""Children's Privacy."""

from datetime import date

import pytest

from law import readings
from law.ages import has_reached
from law.models import Company
from notices.models import Notice
from people.models import Person
from policies.audience import CHILD, GUARDIAN
from requests.models import RequesterKind, Right, Stage
from requests.refusals import NotALink
from tests.people.factories import GuardianshipFactory, PersonFactory
from tests.requests.road import ask

from .conftest import NOW, Announce


def test_aloraoraex_takes_special_care_when_serving_younger_learners(
    announce: Announce, carla: Person
) -> None:
    announce()
    [notice] = Notice.objects.all()
    assert (notice.recipient_id, notice.letter.variant) == (carla.pk, GUARDIAN)


def test_special_care_a_child_without_a_verified_guardian_is_not_written_to(
    announce: Announce, db: None
) -> None:
    ben = PersonFactory(ben=True)
    announce()
    [notice] = Notice.objects.all()
    assert (notice.recipient_id, notice.letter.variant) == (ben.pk, CHILD)
    assert (notice.address, notice.status) == ("", "posted")


@pytest.mark.parametrize(
    ("place", "is_old_enough"), [("FR", False), ("US-OH", True), ("ES", False), ("SE", True)]
)
def test_we_comply_with_applicable_childrens_privacy_laws(
    place: str, is_old_enough: bool, company: Company
) -> None:
    today = NOW.date()
    thirteen = date(2012, 9, 1)
    assert has_reached(thirteen, readings.ages(today, company).years(place), today) == is_old_enough


def test_parents_and_guardians_can_review_modify_or_request_deletion(db: None, carla: Person) -> None:
    child = GuardianshipFactory(guardian=carla).child
    wanted = (Right.ACCESS, Right.RECTIFICATION, Right.ERASURE)
    cases = ask(*wanted, by=carla, requester=carla, subject=child, requester_kind=RequesterKind.GUARDIAN)
    assert {(case.right, case.stage) for case in cases} == {(right, Stage.REVIEW) for right in wanted}
    stranger = PersonFactory(guardian=True)
    with pytest.raises(NotALink):
        ask(by=stranger, requester=stranger, subject=child, requester_kind=RequesterKind.GUARDIAN)
