from datetime import UTC, datetime

import pytest

from law import actions
from law.models import TransferMechanism
from tests.people.factories import UserFactory


@pytest.fixture
def scc_on(db: None) -> None:
    """The clauses ship switched off, for they stand from memory: somebody has approved module 2."""
    row, dov, at = (
        TransferMechanism.objects.get(code="scc_m2"),
        UserFactory(),
        datetime(2026, 1, 5, tzinfo=UTC),
    )
    actions.approve(row, by=dov, at=at, reason="Read Decision (EU) 2021/914.")
    actions.switch_on(row, by=dov, at=at, reason="Read it.")
