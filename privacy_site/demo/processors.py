"""The demo company's processors, from processors.toml beside this file.

Each walks the real way, from proposed over an announcement to active; the last waits to be announced.
The planted faults come afterwards, as in life: a
contract is torn up, a transfer is withdrawn."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from inventory.models import ProcessingActivity, System
from law import actions as law
from law.models import Company, TransferMechanism
from law.transfers import EEA, ExportLaw
from people.models import User
from processors import actions
from processors.clauses import Lists
from processors.models import (
    Contract,
    Processor,
    Review,
    Role,
    Standing,
    Subprocessor,
    SubprocessorChange,
    Transfer,
    Verdict,
)
from processors.public_list import announcing, changes
from processors.questions import questions_for
from processors.received import received

FILE = Path(__file__).with_suffix(".toml")
AGE = timedelta(days=90)  # how long ago everything was signed and looked at
YEAR = timedelta(days=365)
OURS = "For the demo company."


@transaction.atomic
def load(company: Company, staff: Sequence[User], at: datetime) -> None:
    """Fills an empty register; what staff have entered or changed is left alone."""
    if Processor.objects.exists():
        return
    dov, noor = staff[0], staff[1]
    approved_at = at - AGE / 2
    _approve_clauses(dov, approved_at)
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))
    signed = company.day_of(at) - AGE
    ready = [_approved(row, dov, noor, signed, approved_at) for row in rows["processor"]]
    for row in rows["subprocessor"]:
        _subprocessor(row)
    _tell_and_activate([found for found in ready if not found.row.get("waits")], dov, approved_at)
    for found in ready:
        _plant(found, signed)


@dataclass(frozen=True)
class Ready:
    """Approved, under contract, with a basis for each place; `bare` are bases that will be withdrawn."""

    row: Mapping[str, Any]
    processor: Processor
    contract: Contract
    bare: list[Transfer]


def _tell_and_activate(ready: Sequence[Ready], dov: User, approved_at: datetime) -> None:
    """People are told in time, and on the announced day the companies begin."""
    changes.gather_all(at=approved_at)
    arrivals = SubprocessorChange.objects.gathered().filter(processor__in=[row.processor for row in ready])
    day = announcing.earliest(approved_at)
    announcing.announce(arrivals, effective_on=day, by=dov, at=approved_at, reason="The list begins.")
    begins_at = approved_at + timedelta(days=Company.current().processor_notice_days)
    for found in ready:
        actions.activate(found.processor, by=dov, at=begins_at, reason=OURS)


def _approve_clauses(dov: User, at: datetime) -> None:
    """The clauses ship from memory and switched off: somebody has to answer for them."""
    for row in TransferMechanism.objects.filter(code__in=["scc_m1", "scc_m2"], approved_at=None):
        law.approve(row, by=dov, at=at, reason="Read Decision (EU) 2021/914.")
        law.switch_on(row, by=dov, at=at, reason="Read it.")


def _approved(row: Mapping[str, Any], dov: User, noor: User, signed: date, at: datetime) -> Ready:
    processor = _propose(row, noor, at)
    _vet(processor, dov, noor, signed, at)
    contract = _sign(processor, row, dov, signed, at)
    for transfer in row.get("transfers", ()):
        _transfer(processor, transfer, contract, dov, signed, at)
    bare = [_stand_in(processor, contract, dov, signed, at)] if row.get("without_transfer") else []
    return Ready(row, processor, contract, bare)


def _propose(row: Mapping[str, Any], noor: User, at: datetime) -> Processor:
    processor = Processor(
        name=row["name"],
        kind=row["kind"],
        role=row.get("role", Role.PROCESSOR),
        description=row["description"],
        website=f"https://{row['name'].lower().replace(' ', '-')}.example/",
        contact_email=f"privacy@{row['name'].lower().replace(' ', '-')}.example",
        seat_country=row["seat"],
        risk_tier=row.get("risk", "medium"),
    )
    actions.propose(processor, by=noor, at=at, reason=OURS)
    for country, what in row["places"].items():
        processor.places.create(country=country, what=what)
    for activity in ProcessingActivity.objects.filter(code__in=row.get("activities", ())):
        processor.receives.create(activity=activity)
    for system in System.objects.filter(code__in=row.get("hosts", ())):
        processor.hosts.create(system=system)
    return processor


def _vet(processor: Processor, dov: User, noor: User, seen: date, at: datetime) -> None:
    review: Review = actions.start_review(processor, by=noor, at=at, reason=OURS)
    answers = {
        question.code: "yes" if question.kind == "yes_no" else "See their security pages."
        for question in questions_for(processor)
    }
    evidence = "Security pages read; audit report of this year."
    actions.answer(review, by=noor, at=at, answers=answers, evidence=evidence, evidence_on=seen)
    actions.decide_review(review, by=dov, at=at, reason=OURS, verdict=Verdict.FIT)
    actions.approve(processor, by=dov, at=at, reason=OURS)


def _sign(processor: Processor, row: Mapping[str, Any], dov: User, signed: date, at: datetime) -> Contract:
    got = received(processor, signed)
    ends = row.get("contract_ends_in")
    contract = actions.record_contract(
        processor, by=dov, at=at, reason=OURS, kind=row.get("contract", "dpa"), signed_on=signed,
        in_force_on=signed, ends_on=signed + AGE + (timedelta(days=ends) if ends else 2 * YEAR),
        renewal_notice_days=60, subprocessor_rule="general", subprocessor_days=30, breach_hours=48,
        deletion_at_end=True, purposes=got.purposes, categories=got.categories,
    )  # fmt: skip
    found = dict.fromkeys(Lists.of(signed).contract(contract), (Standing.MET, "Annex"))
    actions.check_clauses(contract, by=dov, at=at, reason=OURS, found=found)
    return contract


def _transfer(
    processor: Processor, row: Mapping[str, Any], contract: Contract, dov: User, seen: date, at: datetime
) -> Transfer:
    facts: dict[str, Any] = {"mechanism": row["mechanism"], "destination": row["destination"]}
    if row["mechanism"] == "scc":
        facts |= {
            "scc_module": row.get("module", 2),
            "contract": contract,
            "tia_on": seen,
            "tia_review_on": seen + YEAR,
        }
    if row["mechanism"] == "dpf":
        facts |= {"dpf_checked_on": seen}
    if row.get("scope"):
        facts |= {"scope_checked_on": seen}
    return actions.record_transfer(
        processor, by=dov, at=at, reason=OURS, exporter_regime=ExportLaw.EU_GDPR, **facts
    )


def _stand_in(processor: Processor, contract: Contract, dov: User, seen: date, at: datetime) -> Transfer:
    """A basis for its first day only."""
    place = processor.places.exclude(country__in=EEA).get()
    return _transfer(processor, {"mechanism": "scc", "destination": place.country}, contract, dov, seen, at)


def _plant(found: Ready, signed: date) -> None:
    past = signed + timedelta(days=30)
    Transfer.objects.filter(pk__in=[transfer.pk for transfer in found.bare]).update(tia_review_on=past)
    if found.row.get("without_contract"):
        Contract.objects.filter(pk=found.contract.pk).update(ends_on=past)


def _subprocessor(row: Mapping[str, str]) -> None:
    names = {processor.name: processor for processor in Processor.objects.all()}
    Subprocessor.objects.create(
        processor=names[row["processor"]], company=names[row["company"]], purpose=row["purpose"]
    )
