"""Dates follow from laws and ledger: the earliest strict date leads, and nobody types one."""

from datetime import date, timedelta

import pytest

from audit.actors import SYSTEM
from law.models import Regime
from requests import actions, clocks, events
from requests.models import Channel, Happened, RequesterKind, Right, RightsRequest
from tests.people.factories import NOW, GuardianshipFactory, PersonFactory, UserFactory

from .factories import RequestFactory
from .road import ask, confirm

pytestmark = pytest.mark.django_db


def leading(case):
    return next(line for line in clocks.explain(case) if line.is_leading)


@pytest.mark.parametrize(
    ("place", "strict", "legal"),
    [
        ("FR", date(2026, 4, 2), date(2026, 4, 2)),
        ("GB-SCT", date(2026, 4, 1), date(2026, 4, 2)),
        ("US-CA", date(2026, 4, 15), date(2026, 4, 16)),
        ("US-IA", date(2026, 5, 31), date(2026, 5, 31)),
        ("BR", date(2026, 3, 17), date(2026, 3, 17)),
        ("", date(2026, 4, 2), date(2026, 4, 2)),
    ],
)
def test_both_dates_follow_from_the_place(place, strict, legal):
    case = RequestFactory(place=place, subject=PersonFactory(country=""))
    assert (case.strict_due_on, case.legal_due_on) == (strict, legal)


def test_of_two_laws_the_earlier_leads_and_both_are_explained():
    case = RequestFactory(place="US-CA")
    actions.confirm_regimes(
        case, codes=["us_ca_ccpa", "br_lgpd"], by=UserFactory(), at=NOW, reason="She moved from Brazil."
    )
    lines = clocks.explain(case)
    assert [(line.rule.code, line.is_leading) for line in lines] == [("br_lgpd", True), ("us_ca_ccpa", False)]
    assert case.legal_due_on == date(2026, 3, 17)
    assert all("2026" in line.deadline.explanation for line in lines)


def test_a_dropped_law_is_kept_on_record_and_binds_no_more():
    case = RequestFactory(place="US-CA")
    actions.confirm_regimes(case, codes=["us_ca_ccpa"], by=UserFactory(), at=NOW, reason="No sale here.")
    assert case.regimes.count() == 2
    assert [row.code for row in clocks.binding(case)] == ["us_ca_ccpa"]


def test_the_case_stays_under_the_row_it_was_judged_by():
    case = RequestFactory(place="BR")
    newer = Regime.objects.get(code="br_lgpd")
    newer.pk, newer.response_n, newer.in_force_from, newer.approved_at = None, 5, date(2026, 3, 3), None
    newer.save()
    events.note(case, Happened.ACKNOWLEDGED, by=SYSTEM, at=NOW + timedelta(days=2))
    assert case.legal_due_on == date(2026, 3, 17)


def test_a_place_that_was_wrong_moves_the_dates_in_the_same_step():
    case = RequestFactory(place="FR")
    actions.confirm_regimes(
        case, codes=["us_va"], place="US-VA", by=UserFactory(), at=NOW, reason="She lives in Virginia."
    )
    assert (case.place, case.legal_due_on) == ("US-VA", date(2026, 4, 16))


def test_without_a_place_the_persons_own_counts_once_they_are_known():
    PersonFactory(amina=True, email="amina@family.example", country="US", region="IA")
    (case,) = ask(email="amina@family.example", place="")
    assert case.legal_due_on == date(2026, 4, 2)
    confirm(case)
    assert [(row.code, row.is_guess) for row in clocks.binding(case) if row.code != "us_coppa"] == [
        ("us_ia", False)
    ]
    assert case.legal_due_on == date(2026, 5, 31)


def test_a_question_and_a_complaint_are_answered_in_the_houses_own_time():
    for right in (Right.INQUIRY, Right.COMPLAINT):
        case = RequestFactory(right=right, stage="review")
        assert (case.strict_due_on, case.legal_due_on) == (date(2026, 3, 16), None)
        assert "house target" in leading(case).deadline.explanation


def test_a_right_that_no_law_of_the_place_gives_is_answered_in_the_houses_own_time():
    assert RequestFactory(place="US-IA", rectification=True).legal_due_on is None


def test_the_receipt_has_a_date_of_its_own_until_it_is_confirmed():
    """11 CCR 7021(a): 10 business days."""
    (case,) = ask(place="US-CA", by=UserFactory(), channel=Channel.POST)
    assert (leading(case).kind, case.strict_due_on) == ("acknowledge", date(2026, 3, 16))
    events.note(case, Happened.ACKNOWLEDGED, by=SYSTEM, at=NOW)
    assert (leading(case).kind, case.strict_due_on) == ("respond", date(2026, 4, 15))


def test_a_complaint_from_britain_is_acknowledged_within_thirty_days():
    """DPA 2018 s.164A, since 19 June 2026."""
    july = NOW.replace(month=7, day=1)
    (case,) = ask(Right.COMPLAINT, place="GB-ENG", by=UserFactory(), channel=Channel.EMAIL, at=july)
    kinds = {line.kind: line.legal for line in clocks.explain(case)}
    assert kinds["complaint_acknowledge"] == date(2026, 7, 30)


def test_proof_of_identity_restarts_the_clock_in_britain():
    case = RequestFactory(place="GB-ENG")
    actions.ask_identity(case, method="document", by=UserFactory(), at=NOW)
    actions.confirm_identity(case, method="document", by=UserFactory(), at=NOW + timedelta(days=10))
    assert case.legal_due_on == date(2026, 4, 13)


def test_parents_have_the_law_on_childrens_data_beside_their_states():
    carla = PersonFactory(carla=True)
    ben = GuardianshipFactory(guardian=carla, child=PersonFactory(ben=True)).child
    asked = {"by": carla, "requester": carla, "requester_kind": RequesterKind.GUARDIAN}
    (case,) = ask(subject=ben, place="US-VA", **asked)
    assert [row.code for row in clocks.binding(case)] == ["us_coppa", "us_va"]
    (of_teenager,) = ask(
        subject=GuardianshipFactory(guardian=carla, child=PersonFactory(amina=True)).child,
        place="US-VA",
        **asked,
    )
    assert [row.code for row in clocks.binding(of_teenager)] == ["us_va"]


def test_no_date_is_ever_stored_that_the_rules_do_not_give():
    case = RequestFactory()
    RightsRequest.objects.filter(pk=case.pk).update(strict_due_on=date(2030, 1, 1), legal_due_on=None)
    case.refresh_from_db()
    clocks.refresh(case)
    assert (case.strict_due_on, case.legal_due_on) == (date(2026, 4, 2), date(2026, 4, 2))
