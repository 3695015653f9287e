"""Who receives the data of an activity, for the record of processing (GDPR Art. 30(1)(d), (e))."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django_countries import countries

from inventory.models import ProcessingActivity
from inventory.record import Recipient

from .models import LIVE, ProcessorActivity, Transfer


def recipients(activities: Sequence[ProcessingActivity]) -> Mapping[int, Sequence[Recipient]]:
    found: dict[int, list[Recipient]] = defaultdict(list)
    links = ProcessorActivity.objects.filter(activity__in=activities, processor__status__in=LIVE)
    for link in links.select_related("processor").prefetch_related("processor__transfers").order_by(
        "processor__name"
    ):  # fmt: skip
        phrases = tuple(_phrase(row) for row in link.processor.transfers.all() if row.ended_on is None)
        name = f"{link.processor.name} ({link.processor.get_kind_display()})"
        found[link.activity_id].append(Recipient(name, phrases))
    return found


def _phrase(transfer: Transfer) -> str:
    """“standard contractual clauses (SCC 2021), module 2, to United States of America (EU GDPR)”"""
    module = f", module {transfer.scc_module}" if transfer.scc_module else ""
    return (
        f"{transfer.get_mechanism_display()}{module}, to {countries.name(transfer.destination)} "
        f"({transfer.get_exporter_regime_display()})"
    )
