import pytest

from .factories import approve_clauses


@pytest.fixture
def scc_on(db: None) -> None:
    approve_clauses()
