"""Forms of the registers: shape, and every contradiction as an error beside its field."""

import json
from typing import Any

from django import forms
from django.conf import settings

from audit.choices import ManyRows
from audit.text import CleanBlockField, CleanLineField
from inventory import automation, guards
from inventory.categories_import import Given
from inventory.models import (
    Assurance,
    Automation,
    DataCategory,
    Kind,
    Measure,
    Origin,
    ProcessingActivity,
    Purpose,
    PurposeBasis,
    System,
)
from inventory.models.automation import LONGEST_WORDS
from inventory.models.registers import LONGEST_NAME
from law.models import Company
from people.models import Role, User

OTHER_LANGUAGES = [(code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
EXPLAINS = ("logic", "consequences", "protection")
MOST_BYTES = 200 * 1024  # it travels through the page between the look and the writing


class DayField(forms.DateField):
    """Strictly year-month-day: 03/04/2026 is a different day on each side of the ocean."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **options)

    def clean(self, value: Any) -> Any:
        on = super().clean(value)
        if on is not None:
            guards.day(on, Company.current().today())
        return on


class WhoseField(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=Role.choices, error_messages={"required": "Say whose data it is."}, **options
        )


class CategoryChoices(ManyRows):
    """Those never held stay visible: whoever picks one reads why not."""

    def label_from_instance(self, category: Any) -> str:
        return f"{category} (never held)" if category.is_never_held else str(category)


class SystemChoices(ManyRows):
    def label_from_instance(self, system: Any) -> str:
        return f"{system} ({system.get_country_display()})"


class StaffChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Colleagues by name; a staff account calls itself by a number."""

    def __init__(self, **options: Any) -> None:
        colleagues = User.objects.filter(is_active=True).order_by("name", "email")
        super().__init__(queryset=colleagues, required=False, **options)

    def label_from_instance(self, user: Any) -> str:
        return str(user.get_short_name())


class NamesWidget(forms.MultiWidget):
    """One line for each language but the house's own, named by its language."""

    template_name = "admin/inventory/names.html"
    line: type[forms.Widget] = forms.TextInput

    def __init__(self, **options: Any) -> None:
        super().__init__({code: self.line(attrs={"lang": code}) for code, _name in OTHER_LANGUAGES})

    def decompress(self, value: Any) -> list[str]:
        names = json.loads(value) if isinstance(value, str) else value or {}
        return [names.get(code, "") for code, _name in OTHER_LANGUAGES]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for line, (_code, language) in zip(context["widget"]["subwidgets"], OTHER_LANGUAGES, strict=True):
            line["language"] = language
        return context


class WordsWidget(NamesWidget):
    line = forms.Textarea


class NamesField(forms.MultiValueField):
    """{"es": "…", "fr": "…"}: only the languages that have a name."""

    widget: type[NamesWidget] = NamesWidget
    longest = LONGEST_NAME
    line: type[forms.CharField] = CleanLineField

    def __init__(self, **options: Any) -> None:
        lines = tuple(self.line(max_length=self.longest, required=False) for _one in OTHER_LANGUAGES)
        super().__init__(lines, require_all_fields=False, required=False, **options)

    def compress(self, data_list: list[str]) -> dict[str, str]:
        return {code: text for (code, _name), text in zip(OTHER_LANGUAGES, data_list, strict=False) if text}


class WordsField(NamesField):
    widget = WordsWidget
    longest = LONGEST_WORDS
    line = CleanBlockField


def words_field(name: str) -> WordsField:
    field: Any = ProcessingActivity._meta.get_field(name)
    return WordsField(label=str(field.verbose_name).capitalize(), help_text=field.help_text)


def names_field(model: type[DataCategory | Purpose]) -> NamesField:
    field = model._meta.get_field("names")
    return NamesField(label=str(field.verbose_name).capitalize(), help_text=field.help_text)


class CodeForm(forms.ModelForm):  # type: ignore[type-arg]
    """A code is for machines and links: lower case, and fixed once given."""

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).lower()


class DataCategoryForm(CodeForm):
    whose = WhoseField(help_text="Whose data it can be.")
    names = names_field(DataCategory)

    class Meta:
        model = DataCategory
        fields = ("code", "name", "names", "origin", "sensitivity", "examples", "whose", "is_never_held")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "origin" in self.fields:  # open only in what a list brought in; whoever saves it says so
            self.fields["origin"].required = True

    def clean_is_never_held(self) -> bool:
        declared = bool(self.cleaned_data["is_never_held"])
        if declared and (refusal := guards.still_held(self.instance)):
            raise forms.ValidationError(refusal, code="held")
        return declared


def is_short(file: Any) -> None:
    if file.size > MOST_BYTES:
        raise forms.ValidationError(
            "Use a file of 200 KB at most; bring in a bigger one with the command.", code="too_big"
        )


class ListForm(forms.Form):
    """A list of data, and what is to be said where it says nothing."""

    file = forms.FileField(
        label="CSV file",
        validators=[is_short],
        help_text="Columns: category, element; if you have them, origin, sensitivity, whose.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    origin = forms.ChoiceField(
        choices=[("", "leave it open"), *Origin.choices],
        required=False,
        label="Where the data comes from, if a line says nothing",
    )
    whose = forms.MultipleChoiceField(
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Whose it is, if a line says nothing",
    )

    def given(self) -> Given:
        return Given(self.cleaned_data["origin"], tuple(self.cleaned_data["whose"]))


class PurposeForm(CodeForm):
    names = names_field(Purpose)

    class Meta:
        model = Purpose
        fields = (
            "code", "name", "names", "kind", "text", "child_text", "is_optional", "needs_consent", "minimum_assurance",
        )  # fmt: skip
        labels = {
            "text": "Text for adults",
            "child_text": "Text for children",
            "is_optional": "Optional",
            "minimum_assurance": "Assurance of a guardian",
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("needs_consent") and not cleaned.get("is_optional"):
            self.add_error(
                "is_optional", "What needs consent can be refused, so it is optional (GDPR Art. 7(4))."
            )
        weak = cleaned.get("minimum_assurance") in (Assurance.EMAIL, Assurance.EMAIL_PLUS)
        if weak and cleaned.get("kind") == Kind.DISCLOSURE:
            sentence = (
                "Data is disclosed, so an e-mail is not proof enough of a guardian (16 CFR 312.5(b)(2))."
            )
            self.add_error("minimum_assurance", sentence)
        return cleaned


class BasisFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            given = getattr(form, "cleaned_data", {})
            if self._should_delete_form(form):  # type: ignore[attr-defined]
                continue
            regime, basis = given.get("regime", ""), given.get("basis", "")
            if wrong := guards.unasked_consent(self.instance, regime, basis):
                form.add_error("basis", wrong)


class PurposeBasisForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = PurposeBasis
        fields = ("regime", "basis")
        labels = {"regime": "Law", "basis": "Lawful basis"}


class SystemForm(CodeForm):
    owner = StaffChoice(help_text="Who on the staff answers for it.")

    class Meta:
        model = System
        fields = ("code", "name", "description", "country", "owner", "owner_email", "fulfilment")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("owner") and cleaned.get("owner_email"):
            self.add_error("owner_email", "One owner answers for it: choose a colleague or write an address.")
        return cleaned


class ProcessingActivityForm(CodeForm):
    whose = WhoseField(help_text="Whose data is used.")
    categories = CategoryChoices(
        queryset=DataCategory.objects.all(), widget=forms.CheckboxSelectMultiple, required=False,
        help_text="Which data it uses. None shows as a fault on the health page.",
    )  # fmt: skip
    systems = SystemChoices(
        queryset=System.objects.all(), widget=forms.CheckboxSelectMultiple, required=False,
        help_text="Where that data lies.",
    )  # fmt: skip
    logic_in = words_field("logic_in")
    consequences_in = words_field("consequences_in")
    protection_in = words_field("protection_in")

    class Meta:
        model = ProcessingActivity
        fields = (
            "code",
            "name",
            "capacity",
            "purpose",
            "basis",
            "whose",
            "categories",
            "systems",
            "description",
            "automation",
            "logic",
            "logic_in",
            "consequences",
            "consequences_in",
            "protection",
            "protection_in",
        )

    def clean_categories(self) -> Any:
        categories = self.cleaned_data["categories"]
        self._refuse(guards.never_held(categories), "never_held")
        return categories

    def clean_systems(self) -> Any:
        systems = self.cleaned_data["systems"]
        if self._goes_on:
            self._refuse(guards.ended_systems(systems, Company.current().today()), "ended")
        return systems

    def clean_purpose(self) -> Any:
        purpose = self.cleaned_data["purpose"]
        if self._goes_on:
            self._refuse(guards.ended_purpose(purpose, Company.current().today()), "ended")
        return purpose

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        purpose, capacity = cleaned.get("purpose"), cleaned.get("capacity", "")
        if (
            purpose
            and capacity
            and (wrong := guards.wrong_basis(purpose, cleaned.get("basis", ""), capacity))
        ):
            self.add_error("basis", wrong)
        self._say_what_the_machine_does(cleaned)
        return cleaned

    def _say_what_the_machine_does(self, cleaned: dict[str, Any]) -> None:
        said, categories = cleaned.get("automation", ""), cleaned.get("categories") or ()
        if wrong := automation.without_ground(said, cleaned.get("basis", ""), categories):
            self.add_error("automation", wrong)
        if said in ("", Automation.NONE) and any(cleaned.get(name) for name in EXPLAINS):
            self.add_error(
                "automation", "Below it says what a machine does: choose which of the two, or clear it."
            )
        for name in EXPLAINS:
            if cleaned.get(f"{name}_in") and not cleaned.get(name):
                self.add_error(
                    name, "Write it in English too: whoever reads another language falls back on it."
                )

    @property
    def _goes_on(self) -> bool:
        """What has ended may keep naming what has ended: it tells how it was."""
        return self.instance.ended_on is None

    def _refuse(self, sentence: str, code: str) -> None:
        if sentence:
            raise forms.ValidationError(sentence, code=code)


class MeasureForm(forms.ModelForm):  # type: ignore[type-arg]
    owner = StaffChoice()
    evidence_on = DayField(required=False, label="Evidence of")
    next_review_on = DayField(required=False, label="Next review")
    systems = SystemChoices(
        queryset=System.objects.all(), widget=forms.CheckboxSelectMultiple, required=False,
        help_text="The systems it protects.",
    )  # fmt: skip

    class Meta:
        model = Measure
        fields = (
            "name", "kind", "description", "owner", "evidence", "evidence_on", "next_review_on", "systems",
            "activities",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        seen, review = cleaned.get("evidence_on"), cleaned.get("next_review_on")
        if seen and seen > Company.current().today():
            self.add_error("evidence_on", "Evidence cannot be of a day to come.")
        if seen and review and review <= seen:
            self.add_error("next_review_on", "The next review comes after the evidence of the last.")
        if seen and not cleaned.get("evidence"):
            self.add_error("evidence", "Say what was seen on that day, and where it is kept.")
        return cleaned


class EndForm(forms.Form):
    on = DayField(label="Ends on", help_text="The first day on which it is no longer done or used.")
