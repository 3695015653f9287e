"""The demo company's registers: whole, but for what is planted for a newcomer to find."""

from io import StringIO

import pytest
from django.core.management import call_command

from inventory import health
from inventory.desk.forms import (
    DataCategoryForm,
    MeasureForm,
    ProcessingActivityForm,
    PurposeForm,
    SystemForm,
)
from inventory.models import DataCategory, Measure, ProcessingActivity, Purpose, System
from law.models import Company

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo() -> None:
    call_command("demo", stdout=StringIO(), stderr=StringIO())


def faults() -> list[tuple[str, str]]:
    return [
        (fault.code, fault.sentence)
        for found in health.examine(Company.current().today())
        for fault in found.faults
        if fault.about._meta.app_label == "inventory" and found.check.find.__module__ == "inventory.health"
    ]


def test_the_health_page_finds_exactly_what_was_planted() -> None:
    assert faults() == [
        ("category-without-purpose", "“Names of pets” is kept, but no purpose uses it."),
        ("activity-without-basis", "“Suggest the next lesson” has no lawful basis."),
    ]


def test_suggesting_lessons_is_profiling_without_a_decision_and_says_so_in_four_languages() -> None:
    (row,) = ProcessingActivity.objects.exclude(automation="none")
    assert (row.code, row.automation) == ("suggest-lessons", "profiling")
    assert all(
        set(said) == {"es", "fr", "de"} for said in (row.logic_in, row.consequences_in, row.protection_in)
    )


def test_a_second_start_brings_nothing_back() -> None:
    Measure.objects.all().delete()
    ProcessingActivity.objects.get(code="suggest-lessons").delete()
    call_command("demo", stdout=StringIO(), stderr=StringIO())
    assert not Measure.objects.exists()
    assert not ProcessingActivity.objects.filter(code="suggest-lessons").exists()


@pytest.mark.parametrize("model", [DataCategory, Purpose, System, ProcessingActivity, Measure])
def test_what_the_demo_holds_would_pass_validation(model) -> None:
    for row in model.objects.all():
        row.full_clean()


def test_the_demo_would_pass_the_forms_of_the_desk() -> None:
    forms = {
        DataCategory: DataCategoryForm, Purpose: PurposeForm, System: SystemForm,
        ProcessingActivity: ProcessingActivityForm, Measure: MeasureForm,
    }  # fmt: skip
    for model, form in forms.items():
        for row in model._default_manager.all():
            filled = form(instance=row)
            again = form({name: filled[name].value() for name in filled.fields}, instance=row)
            assert again.is_valid(), (row, again.errors)
