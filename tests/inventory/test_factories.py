import pytest

from .factories import (
    DataCategoryFactory,
    MeasureFactory,
    ProcessingActivityFactory,
    PurposeFactory,
    SystemFactory,
)

pytestmark = pytest.mark.django_db
FACTORIES = [
    (DataCategoryFactory, {}), (DataCategoryFactory, {"never_held": True}),
    (PurposeFactory, {}), (PurposeFactory, {"optional": True}), (PurposeFactory, {"ended": True}),
    (SystemFactory, {}), (ProcessingActivityFactory, {}), (ProcessingActivityFactory, {"for_schools": True}),
    (MeasureFactory, {}), (MeasureFactory, {"overdue": True}),
]  # fmt: skip


@pytest.mark.parametrize(("factory", "traits"), FACTORIES)
def test_what_a_factory_makes_would_pass_the_form(factory, traits: dict[str, bool]) -> None:
    factory(**traits).full_clean()


def test_an_activity_is_born_whole() -> None:
    activity = ProcessingActivityFactory()
    assert activity.categories.count() == activity.systems.count() == activity.purpose.bases.count() == 1


def test_a_measure_is_tied_to_what_is_named() -> None:
    system = SystemFactory()
    assert list(MeasureFactory(systems=[system]).systems.all()) == [system]
