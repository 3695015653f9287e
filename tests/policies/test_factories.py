import pytest

from policies.models import Status
from tests.policies.factories import PolicyVersionFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("trait", "status"),
    [
        ("review", Status.REVIEW),
        ("approved", Status.APPROVED),
        ("published", Status.PUBLISHED),
        ("history", Status.PUBLISHED),
        ("withdrawn", Status.WITHDRAWN),
    ],
)
def test_a_trait_makes_a_version_of_that_status(trait: str, status: str) -> None:
    version = PolicyVersionFactory.create(**{trait: True})
    assert version.status == status
    assert bool(version.original and version.original.frozen_at) == version.is_frozen


def test_a_version_can_be_made_without_words() -> None:
    assert PolicyVersionFactory.create(text=False).original is None
