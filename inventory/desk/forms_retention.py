"""Forms of the retention screens: what is refused stands beside its field."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from audit.placing import PlacedErrors
from audit.text import CleanBlockField, CleanLineField
from inventory.letting_go.holds import problem_with_review
from inventory.models import (
    DataCategory,
    HoldPerson,
    HoldScope,
    LegalHold,
    OrderAnswer,
    Purpose,
    RetentionRule,
)
from law.calendar import Unit
from law.models import Company, RetentionSuggestion
from people.models import Person, Role

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
MOST_NAMED = 5_000
LONGEST: dict[str, int] = {Unit.DAYS: 32_000, Unit.MONTHS: 1_200, Unit.YEARS: 100}


def children_need_an_end(role: str, number: int | None, unit: str) -> str:
    if number is None and not unit and role in ("", Role.LEARNER):
        return "Children’s data is never kept without an end (16 CFR 312.10). Give a period, or name a role of adults."
    return ""


def wrong_period(number: int | None, unit: str) -> str:
    if number is not None and number < 1:
        return "Give a number above 0."
    if number is not None and unit and number > LONGEST[unit]:
        return "A century at most: a longer period is no end."
    return "Give a number and a unit, or neither." if (number is None) != (not unit) else ""


class RetentionRuleForm(PlacedErrors):
    beside: ClassVar = {"inventory_rule_once": "category"}
    legal_anchor = CleanLineField(
        max_length=200, required=False, help_text=RetentionRule._meta.get_field("legal_anchor").help_text
    )

    class Meta:
        model = RetentionRule
        fields = (
            "category", "purpose", "role", "start_event", "number", "unit", "then", "legal_anchor",
            "is_protected_by_law", "note",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        refuse_period(self, given)
        if (category := given.get("category")) and category.is_never_held:
            self.add_error("category", "We tell people that we never keep this, so there is nothing to time.")
        if given.get("is_protected_by_law") and not given.get("legal_anchor"):
            self.add_error("legal_anchor", "Name the law that makes us keep it.")
        return given


def refuse_period(form: forms.BaseForm, given: dict[str, Any]) -> None:
    number, unit = given.get("number"), given.get("unit", "")
    if "number" in form.errors or "unit" in form.errors:
        return
    for problem in (wrong_period(number, unit), children_need_an_end(given.get("role", ""), number, unit)):
        if problem:
            form.add_error("number", problem)
            return


class AdoptForm(forms.Form):
    """What the suggestion cannot know: for which of our categories and purposes, and the number we want."""

    category = forms.ModelChoiceField(DataCategory.objects.filter(is_never_held=False))
    purpose = forms.ModelChoiceField(Purpose.objects.all())
    role = forms.ChoiceField(choices=[("", "everybody"), *Role.choices], required=False, label="Whose")
    number = forms.IntegerField(min_value=1, max_value=32_767, label="Kept for")
    unit = forms.ChoiceField(choices=Unit)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        refuse_period(self, given)
        return given

    @staticmethod
    def initial_of(suggestion: RetentionSuggestion) -> dict[str, Any]:
        return {"number": suggestion.number, "unit": suggestion.unit or Unit.MONTHS}


class LegalHoldForm(forms.ModelForm):  # type: ignore[type-arg]
    title = CleanLineField(max_length=150, help_text=LegalHold._meta.get_field("title").help_text)
    platform_ids = CleanBlockField(
        required=False,
        max_length=400_000,
        label="People",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Platform ids, one a line or with commas, for a hold on the people named.",
    )

    class Meta:
        model = LegalHold
        fields = ("title", "reason", "owner", "scope", "role", "categories", "review_on")
        widgets: ClassVar[dict[str, Any]] = {
            "categories": forms.CheckboxSelectMultiple,
            "reason": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            named = HoldPerson.objects.filter(hold=self.instance).values("person_id")
            known = Person.objects.filter(pk__in=named).order_by("external_id")
            self.initial["platform_ids"] = "\n".join(known.values_list("external_id", flat=True)[:MOST_NAMED])

    def clean_review_on(self) -> date:
        day: date = self.cleaned_data["review_on"]
        company = Company.current()
        if problem := problem_with_review(day, company.today(), company):
            raise ValidationError(problem)
        return day

    def clean_platform_ids(self) -> list[int]:
        """The people's numbers. Raises ValidationError with how many ids are not ours, never which."""
        wanted = set(self.cleaned_data["platform_ids"].replace(",", "\n").split())
        if len(wanted) > MOST_NAMED:
            raise ValidationError(f"Name {MOST_NAMED:,} people at most, or hold a whole role.")
        found = list(Person.objects.filter(external_id__in=wanted).values_list("pk", flat=True))
        if missing := len(wanted) - len(found):
            raise ValidationError(
                f"{missing} of these ids {'is' if missing == 1 else 'are'} not in our records."
            )
        return found

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        scope, role = given.get("scope"), given.get("role")
        if scope == HoldScope.ROLE and not role:
            self.add_error("role", "Choose the role this hold is about.")
        if scope != HoldScope.ROLE and role:
            self.add_error("role", "Leave this empty, or choose a hold on one role.")
        if scope == HoldScope.PEOPLE and "platform_ids" not in self.errors and not given.get("platform_ids"):
            self.add_error("platform_ids", "Name the people this hold is about.")
        return given


class ReviewForm(forms.Form):
    review_on = forms.DateField(label="Next review", widget=DAY, help_text="Within a year at most.")


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(choices=OrderAnswer, widget=forms.RadioSelect)
    count_done = forms.IntegerField(min_value=0, max_value=2_147_483_647, required=False, label="How many")
    evidence = CleanBlockField(
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What shows it: the job’s log, the ticket, the query and its result, and where it is kept.",
    )
