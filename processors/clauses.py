"""What the law's checklists want to see in a paper, and what stays open there.

Rows of a list nobody has verified ship switched off, and ask for nothing until somebody switches them on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from law.models import ChecklistItem
from law.readings import transfer_rules
from law.transfers import Facts, needs_assessment

from .models import Contract, ContractClause, ContractKind, Kind, Outcome, Processor, Role, Standing, Transfer

# Art. 28(3) binds every processor; these besides, where it meets schools or their learners.
GENERAL_SETS = ("gdpr28",)
SCHOOL_SETS = ("coppa_school", "ferpa_school_official", "sopipa", "ny2d_contract")
ASSESSMENT_SET = "tia"
HELD = (Standing.MET, Standing.NOT_APPLICABLE)


@dataclass(frozen=True)
class Lists:
    """The switched-on items of a day, read once for many papers."""

    items: tuple[ChecklistItem, ...]

    @classmethod
    def of(cls, on: date) -> "Lists":
        wanted = (*GENERAL_SETS, *SCHOOL_SETS, ASSESSMENT_SET)
        rows = ChecklistItem.objects.in_force(on).filter(set__in=wanted)
        return cls(tuple(sorted(rows, key=lambda item: (wanted.index(item.set), item.code))))

    def contract(self, contract: Contract) -> list[ChecklistItem]:
        """Art. 28(3), and the school lists where schools are concerned."""
        is_school = contract.kind == ContractKind.NDPA or contract.processor.kind == Kind.EDTECH
        sets = (*GENERAL_SETS, *(SCHOOL_SETS if is_school else ()))
        return [item for item in self.items if item.set in sets]

    @property
    def assessment(self) -> list[ChecklistItem]:
        return [item for item in self.items if item.set == ASSESSMENT_SET]


@dataclass(frozen=True)
class Lacking:
    """Clauses that no contract in force holds. `contract` is where they should stand."""

    contract: Contract
    not_met: list[str]
    not_looked_for: list[str]

    def __str__(self) -> str:
        parts = (("It does not hold", self.not_met), ("Nobody has looked for", self.not_looked_for))
        return " ".join(f"{words}: {'; '.join(items)}." for words, items in parts if items)


def lacking(processor: Processor, contracts: Iterable[Contract], lists: Lists) -> Lacking | None:
    """What the contracts in force leave out together: an addendum may hold what the agreement does not.

    None where all stands there, and where no contract binds a processor, which is a fault of its own."""
    contracts = list(contracts)
    binding = [contract for contract in contracts if contract.is_binding]
    if processor.role != Role.PROCESSOR or not binding:
        return None
    found = [clause for contract in contracts for clause in contract.clauses.all()]
    wanted = {item.pk: item for contract in binding for item in lists.contract(contract)}
    not_met = [item.item for item in wanted.values() if _is_unmet(item, found)]
    known = {clause.item_id for clause in found}
    open_ones = [item.item for item in wanted.values() if item.pk not in known]
    return Lacking(binding[0], not_met, open_ones) if not_met or open_ones else None


def _is_unmet(item: ChecklistItem, found: list[ContractClause]) -> bool:
    standings = [clause.standing for clause in found if clause.item_id == item.pk]
    return bool(standings) and not any(standing in HELD for standing in standings)


def is_assessed(transfer: Transfer) -> bool:
    """Whether this mechanism holds only with an impact assessment."""
    facts = Facts(scc_module=transfer.scc_module, rules=transfer_rules())
    return needs_assessment(transfer.exporter_regime, transfer.mechanism, facts)


def open_items(transfer: Transfer, items: Iterable[ChecklistItem]) -> list[ChecklistItem]:
    answered = {answer.item_id for answer in transfer.answers.all()}
    return [item for item in items if item.pk not in answered]


def wanting_items(transfer: Transfer, items: Iterable[ChecklistItem]) -> list[ChecklistItem]:
    wanting = {answer.item_id for answer in transfer.answers.all() if answer.outcome == Outcome.WANTING}
    return [item for item in items if item.pk in wanting]
