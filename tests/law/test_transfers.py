"""The rule on transfers as a table: who exports, where to, by which mechanism, and what is said."""

from datetime import date
from typing import Any

import pytest

from law.readings import transfer_rules
from law.transfers import Covered, Decision, Facts, Rules, Tool, Uncovered, covers

TODAY = date(2026, 3, 2)
LATER, EARLIER = date(2027, 3, 2), date(2026, 1, 5)
RULES = Rules(
    decisions=(
        Decision("EU", "AR", "Decision AR"),
        Decision("EU", "CA", "Decision CA", scope="organizations subject to PIPEDA"),
        Decision("EU", "US", "the Framework", scope="listed organizations", needs_listing=True),
        Decision("EU", "GB", "Decision GB", begins=date(2025, 12, 19), ends=date(2031, 12, 27)),
        Decision("EU", "BR", "Decision BR", begins=date(2026, 3, 3)),
        Decision("GB", "KR", "SI 2022/1213", scope="persons subject to PIPA"),
        Decision("GB", "US", "the bridge", scope="listed organizations", needs_listing=True),
        Decision("BR", "FR", "Resolution 32"),
    ),
    tools=(
        Tool("adequacy", "eu_gdpr", "adequacy decision"),
        Tool("adequacy", "uk_gdpr", "adequacy regulations"),
        Tool("adequacy", "br_lgpd", "adequacy resolution"),
        Tool("dpf", "eu_gdpr", "DPF certification"),
        Tool("scc_m2", "eu_gdpr", "SCC module 2", needs_assessment=True),
        Tool("bcr", "eu_gdpr", "binding corporate rules", needs_assessment=True, ends=date(2026, 2, 1)),
        Tool("art49_consent", "eu_gdpr", "explicit consent"),
        Tool("uk_idta", "uk_gdpr", "IDTA", needs_assessment=True),
        Tool("uk_addendum", "uk_gdpr", "UK Addendum", needs_assessment=True),
        Tool("uk_bridge", "uk_gdpr", "UK-US data bridge"),
    ),
)
ASSESSED = {"tia_on": EARLIER, "tia_review_on": LATER, "has_clauses": True}
LISTED = {"listing_checked_on": EARLIER, "listing_until": LATER}


def judge(law: str, place: str, mechanism: str, on: date = TODAY, **facts: Any) -> Covered | Uncovered:
    return covers(law, place, mechanism, Facts(rules=RULES, **facts), on)


@pytest.mark.parametrize(
    ("law", "place", "mechanism", "facts", "words"),
    [
        ("eu_gdpr", "DE", "", {}, "no mechanism is needed"),
        ("eu_gdpr", "NO", "", {}, "no mechanism is needed"),
        ("uk_gdpr", "GB", "", {}, "no mechanism is needed"),
        ("br_lgpd", "BR", "", {}, "no mechanism is needed"),
        ("eu_gdpr", "AR", "adequacy", {}, "Decision AR."),
        ("eu_gdpr", "GB", "adequacy", {}, "until 27 December 2031"),
        ("eu_gdpr", "CA", "adequacy", {"scope_checked_on": TODAY}, "Decision CA."),
        ("eu_gdpr", "US", "dpf", LISTED, "checked again by 2 March 2027"),
        ("eu_gdpr", "US", "scc", {"scc_module": 2, **ASSESSED}, "SCC module 2; assessment"),
        ("eu_gdpr", "IN", "scc", {"scc_module": 2, **ASSESSED}, "looked at again on 2 March 2027"),
        ("eu_gdpr", "IN", "art49_consent", {}, "explicit consent"),
        ("uk_gdpr", "IN", "uk_idta", ASSESSED, "IDTA"),
        ("uk_gdpr", "IN", "uk_addendum", ASSESSED, "UK Addendum"),
        ("uk_gdpr", "US", "uk_bridge", LISTED, "the bridge; listing"),
        ("uk_gdpr", "KR", "adequacy", {"scope_checked_on": EARLIER}, "SI 2022/1213"),
        ("br_lgpd", "FR", "adequacy", {}, "Resolution 32"),
    ],
)
def test_covered(law: str, place: str, mechanism: str, facts: dict[str, Any], words: str) -> None:
    outcome = judge(law, place, mechanism, **facts)
    assert isinstance(outcome, Covered), outcome
    assert words in outcome.why


@pytest.mark.parametrize(
    ("law", "place", "mechanism", "facts", "words"),
    [
        ("eu_gdpr", "", "scc", {}, "not named"),
        ("eu_gdpr", "global", "scc", {"scc_module": 2, **ASSESSED}, "not named"),
        ("eu_gdpr", "various", "", {}, "not named"),
        ("eu_gdpr", "US", "", {}, "No mechanism is on record"),
        ("uk_gdpr", "DE", "", {}, "No mechanism is on record"),
        ("eu_gdpr", "IN", "adequacy", {}, "no adequacy decision for IN"),
        ("eu_gdpr", "KR", "adequacy", {}, "no adequacy decision for KR"),  # the UK's is not the EU's
        ("uk_gdpr", "BR", "adequacy", {}, "no adequacy decision for BR"),  # and the other way round
        ("br_lgpd", "US", "adequacy", {}, "no adequacy decision for US"),
        ("eu_gdpr", "BR", "adequacy", {}, "it begins on 3 March 2026"),
        ("eu_gdpr", "CA", "adequacy", {}, "nobody has checked"),
        ("eu_gdpr", "CA", "adequacy", {"scope_checked_on": LATER}, "nobody has checked"),
        ("eu_gdpr", "US", "adequacy", {"scope_checked_on": TODAY}, "listed organizations only"),
        ("eu_gdpr", "AR", "dpf", LISTED, "no list to stand on"),
        ("eu_gdpr", "US", "scc", ASSESSED, "do not say their module"),
        ("eu_gdpr", "US", "scc", {"scc_module": 5, **ASSESSED}, "do not say their module"),
        ("eu_gdpr", "US", "scc", {"scc_module": 3, **ASSESSED}, "not switched on"),
        ("eu_gdpr", "US", "scc", {"scc_module": 2, "has_clauses": True}, "no transfer impact assessment"),
        ("eu_gdpr", "US", "scc", {"scc_module": 2, "tia_on": TODAY, "has_clauses": True}, "no day on which"),
        (
            "eu_gdpr", "US", "scc",
            {"scc_module": 2, "tia_on": EARLIER, "tia_review_on": TODAY, "has_clauses": True},
            "looked at again on 2 March 2026",
        ),
        ("eu_gdpr", "US", "scc", {"scc_module": 2, **ASSESSED, "has_clauses": False}, "No contract in force"),
        ("eu_gdpr", "IN", "bcr", ASSESSED, "it ended on 1 February 2026"),
        ("eu_gdpr", "IN", "uk_idta", ASSESSED, "belongs to another law"),
        ("uk_gdpr", "US", "scc", {"scc_module": 2, **ASSESSED}, "belongs to another law"),
        ("uk_gdpr", "US", "dpf", LISTED, "belongs to another law"),
        ("uk_gdpr", "IN", "uk_idta", {}, "No contract in force holds the clauses. There is no transfer impact"),
        ("ch_fadp", "US", "ch_scc", ASSESSED, "not switched on"),
    ],
)  # fmt: skip
def test_uncovered(law: str, place: str, mechanism: str, facts: dict[str, Any], words: str) -> None:
    outcome = judge(law, place, mechanism, **facts)
    assert isinstance(outcome, Uncovered), outcome
    assert words in outcome.why
    assert not outcome.is_stale


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "Nobody has checked"),
        ({"listing_checked_on": EARLIER, "listing_until": TODAY}, "last checked on 5 January 2026"),
    ],
)
@pytest.mark.parametrize(("law", "mechanism"), [("eu_gdpr", "dpf"), ("uk_gdpr", "uk_bridge")])
def test_a_stale_listing_says_that_looking_again_is_enough(
    law: str, mechanism: str, facts: dict[str, Any], words: str
) -> None:
    outcome = judge(law, "US", mechanism, **facts)
    assert isinstance(outcome, Uncovered)
    assert outcome.is_stale
    assert words in outcome.why


@pytest.mark.parametrize(("on", "is_covered"), [(date(2031, 12, 26), True), (date(2031, 12, 27), False)])
def test_a_decision_covers_until_the_day_it_ends(on: date, is_covered: bool) -> None:
    outcome = judge("eu_gdpr", "GB", "adequacy", on=on)
    assert isinstance(outcome, Covered) is is_covered
    if not is_covered:
        assert "it ended on 27 December 2031" in outcome.why


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("law", "place", "facts", "is_covered"),
    [
        ("eu_gdpr", "CH", {}, True),
        ("eu_gdpr", "GB", {}, True),
        ("eu_gdpr", "CA", {}, False),
        ("uk_gdpr", "FR", {}, True),
        ("uk_gdpr", "FO", {}, False),  # from memory: switched off
        ("br_lgpd", "FR", {}, True),
        ("br_lgpd", "IS", {}, False),  # the EU, not the EEA
        ("ch_fadp", "DE", {}, False),
    ],
)
def test_the_shipped_rows(law: str, place: str, facts: dict[str, Any], is_covered: bool) -> None:
    outcome = covers(law, place, "adequacy", Facts(rules=transfer_rules(), **facts), TODAY)
    assert isinstance(outcome, Covered) is is_covered


@pytest.mark.django_db
def test_what_was_carried_over_from_memory_is_switched_off() -> None:
    codes = {tool.code for tool in transfer_rules().tools}
    assert {"adequacy", "dpf", "uk_idta"} <= codes
    assert not {"scc_m1", "scc_m2", "scc_m3", "scc_m4", "ch_scc"} & codes
