"""The demo company's processors: enough of each kind, and exactly the faults that were planted."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Count

from inventory.health import examine
from law.models import Company
from processors import health, health_papers
from processors.models import Kind, Processor, Status

pytestmark = pytest.mark.django_db


def test_the_health_page_finds_exactly_what_was_planted_among_two_or_three_of_each_kind() -> None:
    call_command("demo", stdout=StringIO(), stderr=StringIO())
    counts = dict(Processor.objects.values_list("kind").order_by("kind").annotate(Count("pk")))
    assert set(counts) == set(Kind.values)
    assert set(counts.values()) <= {2, 3}
    [waiting] = Processor.objects.exclude(status=Status.ACTIVE)
    assert (waiting.status, [change.kind for change in waiting.changes.gathered()]) == ("approved", ["added"])
    assert faults(Company.current().today()) == [
        ("processor-without-contract", "Thistle Translations"),
        ("transfer-uncovered", "Nightjar Answers"),
        ("contract-ending", "Abacus Playground"),
    ]


def faults(today: date) -> list[tuple[str, str]]:
    ours = {check.code for check in (*health.CHECKS, *health_papers.CHECKS)}
    return [
        (fault.code, fault.sentence.split("“")[1].split("”")[0])
        for diagnosis in examine(today)
        for fault in diagnosis.faults
        if fault.code in ours
    ]
