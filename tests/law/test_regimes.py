"""Which laws a person is under, as the shipped rows say, and what staff may refuse with."""

from datetime import UTC, date, datetime

import pytest

from law import actions, applying, readings
from law.models import Company, RefusalGround, Regime, StateLaw
from law.places import EUROPE
from law.transfers import EU
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def codes(place: str, on: date = TODAY, *, is_child: bool = False) -> list[str]:
    return [law.code for law in readings.regimes_for(place, on, is_child=is_child)]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("FR", ["eu_gdpr"]),
        ("DE-BE", ["eu_gdpr"]),
        ("NO", ["eu_gdpr"]),
        ("GB-SCT", ["uk_gdpr"]),
        ("CH", ["ch_fadp"]),
        ("US-CA", ["us_ca_ccpa", "us_ca_ccpa_optout"]),
        ("US-VA", ["us_va"]),
        ("US-IA", ["us_ia"]),
        ("CA-QC", ["ca_pipeda", "ca_qc_law25"]),
        ("CA-ON", ["ca_pipeda"]),
        ("BR", ["br_lgpd"]),
        ("NZ", ["nz_privacy"]),
    ],
)
def test_a_place_has_its_laws(place: str, expected: list[str]) -> None:
    assert codes(place) == expected


def test_every_member_state_is_under_the_gdpr_and_no_neighbor() -> None:
    assert {place for place in EUROPE if codes(place) == ["eu_gdpr"] and not guessed(place)} == EU | {
        "IS",
        "LI",
        "NO",
    }


def guessed(place: str) -> bool:
    return readings.regimes_for(place, TODAY)[0].is_guess


@pytest.mark.parametrize("place", ["", "US-OH", "KE", "JP"])
def test_a_place_without_a_law_follows_the_companys_choice_and_says_so(place: str) -> None:
    [law] = readings.regimes_for(place, TODAY)
    assert (law.code, law.is_guess) == ("eu_gdpr", True)
    assert "No law of this person’s place is on record" in law.rule().remarks[0]


def test_without_the_companys_choice_the_law_with_the_least_time_leads() -> None:
    Company.objects.create(
        name="A", service="A", contact_email="a@a.org", postal_address="B", fallback_regime="xx"
    )
    assert codes("KE") == ["br_lgpd"]


def test_a_childs_parents_may_ask_under_coppa_as_well() -> None:
    assert codes("US-VA", is_child=True) == ["us_va", "us_coppa"]
    assert codes("US-OH", is_child=True) == ["eu_gdpr", "us_coppa"]


def test_a_state_law_binds_from_its_first_day() -> None:
    assert codes("US-OK", date(2026, 12, 31)) == ["eu_gdpr"]
    assert codes("US-OK", date(2027, 1, 1)) == ["us_ok"]


def test_a_request_is_judged_by_the_row_of_its_day() -> None:
    names = [readings.regimes_for("GB", day)[0].name for day in (date(2025, 9, 3), date(2026, 3, 3), TODAY)]
    assert names == [
        "UK GDPR, before the Act of 2025",
        "UK GDPR, with Art. 12A",
        "UK GDPR, with Art. 12A and complaints",
    ]


def test_a_law_switched_off_applies_to_nobody_and_still_explains_a_case() -> None:
    row = Regime.objects.get(code="br_lgpd")
    actions.switch_off(row, by=UserFactory(), at=NOW, reason="Under study.")
    assert codes("BR") == ["eu_gdpr"]
    assert "switched off" in readings.deadline_rules(["br_lgpd"], TODAY)[0].remarks[0]
    assert readings.rule_of(row).response is not None


def test_a_state_is_not_lent_the_numbers_of_virginia() -> None:
    virginia, texas = readings.deadline_rules(["us_va", "us_tx"], TODAY)
    assert (str(virginia.extension), str(virginia.appeal)) == ("45 days", "60 days")
    assert (str(texas.response), texas.extension, texas.appeal) == ("45 days", None, None)


def test_before_the_first_row_the_first_row_is_used_and_says_so() -> None:
    [oklahoma] = readings.deadline_rules(["us_ok"], TODAY)
    assert oklahoma.remarks == ("This law binds from 1 January 2027 only; no earlier row is on record.",)


def test_an_unknown_code_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(applying.UnknownLaw, match=r"No law is called “eu_gdrp”.*uk_gdpr"):
        readings.deadline_rules(["eu_gdrp"], TODAY)


def test_rights_are_met_under_the_names_each_law_gives_them() -> None:
    [california, opt_out] = readings.regimes_for("US-CA", TODAY)
    assert [california.gives("access"), california.gives("opt_out"), california.gives("objection")] == [
        True,
        True,
        False,
    ]
    assert [opt_out.gives("opt_out"), opt_out.gives("access")] == [True, False]
    assert not readings.regimes_for("US-UT", TODAY)[0].gives("rectification")


def test_what_stands_from_memory_ships_switched_off() -> None:
    for model in (Regime, StateLaw, RefusalGround):
        assert not model.objects.filter(is_verified=False, is_on=True).exists()
    assert set(Regime.objects.filter(is_on=False).values_list("code", flat=True)) == {
        "us_ferpa", "us_ny_2d", "in_dpdp", "au_privacy", "jp_appi", "kr_pipa", "cn_pipl", "sg_pdpa", "za_popia",
    }  # fmt: skip


def test_what_no_law_says_is_no_number() -> None:
    numberless = (
        "jp_appi",
        "cn_pipl",
        "za_popia",
        "au_privacy",
        "us_ferpa",
        "us_ny_2d",
        "in_dpdp",
        "us_coppa",
    )
    assert not Regime.objects.filter(code__in=numberless, response_n__isnull=False).exists()
    assert StateLaw.objects.get(state="AL").response_days is None


def grounds(codes: list[str], right: str) -> set[str]:
    return {row.code for row in readings.grounds_for(codes, right, TODAY)}


def test_an_exemption_from_erasure_never_answers_a_request_for_access() -> None:
    assert "gdpr_erase_claims" in grounds(["eu_gdpr"], "erasure")
    assert grounds(["eu_gdpr"], "access") == {
        "gdpr_unfounded", "gdpr_excessive", "gdpr_cannot_identify", "gdpr_identity_doubt", "gdpr_others_rights",
    }  # fmt: skip


def test_a_state_goes_by_the_grounds_of_its_pattern() -> None:
    assert grounds(["us_va"], "access") == {"state_unauthenticated", "state_excessive"}
    assert grounds(["us_va"], "opt_out") == {"state_excessive"}
    assert grounds(["us_ca_ccpa"], "erasure") == {"ccpa_unverified"}


def test_the_company_settles_what_the_law_leaves_open() -> None:
    company = Company(name="A", time_zone="Europe/Madrid", close_down_counts=False, house_response_days=7)
    said = readings.interpretation(company)
    assert (str(said.zone), said.close_down_counts, said.house_response_days) == ("Europe/Madrid", False, 7)
    assert str(readings.interpretation(company, "US-CA").zone) == "America/Los_Angeles"
