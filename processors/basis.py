"""On what basis data reaches each place of a processor: from the register to the pure rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, QuerySet
from django_countries import countries

from law import transfers
from law.calendar import months_after
from law.models import ChecklistItem, Company
from law.readings import transfer_rules
from law.transfers import Covered, ExportLaw, Uncovered

from . import clauses
from .clauses import Lists
from .models import Processor, Transfer


@dataclass(frozen=True)
class Route:
    """One exporter law and one country, and what is to be said about it."""

    processor: Processor
    law: ExportLaw
    destination: str
    outcome: Covered | Uncovered
    transfers: tuple[Transfer, ...] = ()

    @property
    def words(self) -> str:
        return f"{self.law.label} to {countries.name(self.destination)}"

    @property
    def is_covered(self) -> bool:
        return isinstance(self.outcome, Covered)

    @property
    def is_stale(self) -> bool:
        return isinstance(self.outcome, Uncovered) and self.outcome.is_stale


@dataclass(frozen=True)
class Judge:
    """The rules of the law and the house's numbers, read once for many transfers."""

    rules: transfers.Rules
    company: Company
    on: date
    items: tuple[ChecklistItem, ...] = ()  # of the impact assessment, those switched on

    @classmethod
    def of(cls, on: date) -> "Judge":
        return cls(transfer_rules(), Company.current(), on, tuple(Lists.of(on).assessment))

    def outcome(self, transfer: Transfer) -> Covered | Uncovered:
        return transfers.covers(
            transfer.exporter_regime, transfer.destination, transfer.mechanism, self._facts(transfer), self.on
        )

    def routes(self, processor: Processor) -> Iterator[Route]:
        """Each named place under each law that binds us, and each transfer on record besides."""
        known: dict[tuple[str, str], list[Transfer]] = {}
        for law in self.company.transfer_laws:
            for place in processor.places.all():
                if place.country:
                    known.setdefault((law, place.country), [])
        for transfer in processor.transfers.all():
            if transfer.ended_on is None or transfer.ended_on > self.on:
                known.setdefault((transfer.exporter_regime, transfer.destination), []).append(transfer)
        for (law, destination), rows in sorted(known.items()):
            yield self._route(processor, ExportLaw(law), destination, rows)

    def _route(self, processor: Processor, law: ExportLaw, destination: str, rows: list[Transfer]) -> Route:
        """One good basis is enough: the clauses may stand in for a listing that lapsed."""
        nothing = transfers.covers(law, destination, "", transfers.Facts(rules=self.rules), self.on)
        outcomes = [self.outcome(row) for row in rows] or [nothing]
        best = min(outcomes, key=lambda outcome: (isinstance(outcome, Uncovered), not _is_stale(outcome)))
        return Route(processor, law, destination, best, tuple(rows))

    def assessment_faults(self, transfer: Transfer) -> list[str]:
        """What keeps its impact assessment from holding, where one is needed."""
        facts = self._facts(transfer)
        if not transfers.needs_assessment(transfer.exporter_regime, transfer.mechanism, facts):
            return []
        return list(transfers.assessment_faults(facts, self.on))

    def _facts(self, transfer: Transfer) -> transfers.Facts:
        checked, months = transfer.dpf_checked_on, self.company.listing_months
        open_ones, wanting = self._answers(transfer)
        return transfers.Facts(
            scc_module=transfer.scc_module,
            scope_checked_on=transfer.scope_checked_on,
            tia_on=transfer.tia_on,
            tia_review_on=transfer.tia_review_on,
            tia_reopened_on=transfer.tia_reopened_on,
            tia_open=open_ones,
            tia_wanting=wanting,
            listing_checked_on=checked,
            listing_until=months_after(checked, months) if checked else None,
            has_clauses=bool(transfer.contract and transfer.contract.is_in_force(self.on)),
            rules=self.rules,
        )

    def _answers(self, transfer: Transfer) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if not self.items:
            return (), ()
        parts = (clauses.open_items(transfer, self.items), clauses.wanting_items(transfer, self.items))
        open_ones, wanting = (tuple(item.item for item in part) for part in parts)
        return open_ones, wanting


def with_routes(processors: QuerySet[Processor]) -> QuerySet[Processor]:
    """What `Judge.routes` reads, in a steady number of queries."""
    rows = Transfer.objects.select_related("contract").prefetch_related("answers")
    return processors.prefetch_related("places", Prefetch("transfers", rows))


def _is_stale(outcome: Covered | Uncovered) -> bool:
    return isinstance(outcome, Uncovered) and outcome.is_stale
