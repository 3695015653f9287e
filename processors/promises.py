"""What the policy says about partners and borders, held against the register."""

from datetime import date

from audit.promises import Finding, at_risk, broken, kept, promise
from inventory.health import Fault, faults_of, in_words, rows_of

from .health import CHECKS
from .models import Processor

EMPTY = "No processor is on record, so nothing shows that the sentence is true."


@promise(
    "partners-under-contract", "contractually bound to use it only for the specific purposes we've authorized"
)
def partners_under_contract(on: date) -> Finding:
    """GDPR Art. 28(3): no contract, or more than it allows, breaks the sentence."""
    if faults := _faults(on, "processor-without-contract", "beyond-contract"):
        return _broken(faults)
    if faults := _faults(on, "contract-ending"):
        return at_risk(in_words(faults), rows_of(faults))
    return _kept("Every partner is under contract, and receives no more than its contract allows.")


@promise(
    "transfers-under-a-mechanism", "using mechanisms like standard contractual clauses or adequacy decisions"
)
def transfers_under_a_mechanism(on: date) -> Finding:
    """GDPR Art. 44: a transfer without a basis, or to a place nobody named."""
    if faults := _faults(on, "transfer-uncovered", "place-unnamed"):
        return _broken(faults)
    if faults := _faults(on, "listing-stale"):
        return at_risk(in_words(faults), rows_of(faults))
    return _kept("Every place where partners hold data has a basis.")


@promise("partners-are-known", "you understand who they are and what information flows to them")
def partners_are_known(on: date) -> Finding:
    """Our page of companies: who holds data untold breaks it. Where the register is ahead of the page, no
    program knows whether the data goes there already."""
    if faults := _faults(on, "processor-never-announced"):
        return _broken(faults)
    if faults := _faults(on, "list-differs"):
        return at_risk(in_words(faults), rows_of(faults))
    return _kept("Everybody who holds data is on the public list as people were told.")


@promise("partners-are-vetted", "carefully vet these partners")
def partners_are_vetted(on: date) -> Finding:
    if faults := _faults(on, "processor-not-vetted"):
        return _broken(faults)
    return _kept("Every partner has passed a review that is not yet due again.")


def _kept(sentence: str) -> Finding:
    return kept(sentence) if Processor.objects.live().exists() else at_risk(EMPTY)


def _faults(on: date, *codes: str) -> list[Fault]:
    return faults_of(CHECKS, on, *codes)


def _broken(faults: list[Fault]) -> Finding:
    return broken(in_words(faults), rows_of(faults))
