"""What the buttons of a case ask for: shape only. The rules are the actions'."""

from typing import Any

from django import forms

from audit.text import CleanBlockField, CleanLineField
from law.models import RefusalGround, Regime
from people.models import Person, User
from requests import placeholders
from requests.deciding import grounds
from requests.models import DenialReason, Method, Outcome, PauseReason, Right, RightsRequest
from requests.proving import identity
from requests.saying import reasons
from requests.saying.reasons import ExtensionReason

from .candidates import Look
from .fields import CaseField, PlaceField

LETTER = forms.Textarea(attrs={"rows": 16, "class": "vLargeTextField letter"})
FEW_LINES = forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"})


class CaseForm(forms.Form):
    """Knows its case: `initial["case"]`, so that choices fit it."""

    def __init__(
        self, data: Any = None, files: Any = None, *, initial: dict[str, Any] | None = None, **how: Any
    ) -> None:
        known = dict(initial or {})
        self.case: RightsRequest | None = known.pop("case", None)
        super().__init__(data, files, initial=known, **how)


class LetterForm(CaseForm):
    letter = CleanBlockField(
        max_length=10_000,
        widget=LETTER,
        help_text="What the requester reads on the status page. Frozen once sent. […] is for you to fill in.",
    )

    def clean_letter(self) -> str:
        text: str = self.cleaned_data["letter"]
        if placeholders.BLANK in text:
            raise forms.ValidationError(f"Write what belongs where {placeholders.BLANK} stands.")
        return text


class ReleaseForm(LetterForm):
    outcome = forms.ChoiceField(
        choices=[(Outcome.DONE.value, "all of it"), (Outcome.PARTLY.value, "a part of it")],
        label="What was done",
        initial=Outcome.DONE,
        widget=forms.RadioSelect,
    )


class ExtendForm(LetterForm):
    because = forms.ChoiceField(choices=ExtensionReason, widget=forms.RadioSelect, label="Ground")
    until = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Only where the law names no longest time.",
    )

    def clean(self) -> dict[str, Any]:
        """The letter names the ground that was chosen, unless a colleague wrote a reason of their own."""
        cleaned = super().clean() or self.cleaned_data
        if "letter" in cleaned and "because" in cleaned and self.case:
            words = reasons.of_extension(cleaned["because"], self.case.language)
            cleaned["letter"] = placeholders.fill_in(cleaned["letter"], reason=words)
        return cleaned


class RefuseForm(LetterForm):
    denial = forms.ChoiceField(
        # Nothing chosen beforehand: the first of the list accuses somebody of fraud.
        choices=[("", "choose one"), *DenialReason.choices],
        label="Kind of reason",
        help_text="The words of the Data Rights Protocol.",
    )
    ground = forms.ModelChoiceField(
        RefusalGround.objects.none(),
        required=False,
        empty_label="none of these",
        help_text="What the laws of this case accept against this right.",
    )
    ground_words = CleanLineField(
        max_length=300,
        required=False,
        label="The ground, as the requester reads it",
        help_text="Takes the place of {ground}. Empty: the law row’s own words, in the language of the letter.",
    )
    told = CleanBlockField(
        max_length=2000,
        required=False,
        widget=FEW_LINES,
        label="The reason, as the requester reads it",
        help_text="Takes the place of {reason} in the letter.",
    )
    field_order = ("denial", "ground", "ground_words", "told", "letter")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.case:
            fitting = [row.pk for row in grounds(self.case, at=self.initial.pop("at"))]
            self.fields["ground"].queryset = RefusalGround.objects.filter(pk__in=fitting)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The letter says what was chosen: nobody types it twice, and no French letter turns English."""
        cleaned = super().clean() or self.cleaned_data
        told, words = cleaned.pop("told", ""), cleaned.pop("ground_words", "")
        letter = cleaned.get("letter", "")
        if "{reason}" in letter and not told:
            self.add_error("told", "Write the reason: the letter has a place for it.")
        if "{ground}" in letter and not words:
            words = self._own_words(cleaned.get("ground"))
        cleaned["letter"] = placeholders.fill_in(letter, reason=told, ground=words)
        return cleaned

    def _own_words(self, ground: RefusalGround | None) -> str:
        if ground is None:
            self.add_error("ground_words", "Say what lets us say no, or take that line out of the letter.")
            return ""
        case = self.case
        words = reasons.of_ground(ground, case.language) if case else str(ground)
        if case and not words:
            language = case.get_language_display()
            self.add_error("ground_words", f"Say the ground in the language of the letter: {language}.")
        return words


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of those the page lists, each named by their platform id."""

    def __init__(self, **kwargs: Any) -> None:
        here = Person.objects.filter(erased_at=None)
        super().__init__(
            here, to_field_name="external_id", required=False, widget=forms.RadioSelect, **kwargs
        )
        self.error_messages["invalid_choice"] = "Nobody on file has this platform id."


class MatchForm(CaseForm):
    """The page lists people (`finding`) with a place to tick for each of the two."""

    subject = PersonChoice(label="Whom it is about")
    requester = PersonChoice(label="Who asks")
    look: Look | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("subject") and not cleaned.get("requester"):
            raise forms.ValidationError("Choose somebody in at least one of the two columns.")
        return cleaned


class MethodForm(CaseForm):
    """Only what would be enough for this case."""

    method = forms.ChoiceField(widget=forms.RadioSelect, label="By")
    only: tuple[Method, ...] = (Method.ADDRESS_ON_FILE, Method.KNOWN_FACTS, Method.DOCUMENT, Method.SCHOOL)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ladder = identity.ladder(self.case) if self.case else list(Method)
        self.fields["method"].choices = [(m.value, m.label) for m in ladder if m in self.only]  # type: ignore[attr-defined]


class ConfirmIdentityForm(MethodForm):
    only = (Method.KNOWN_FACTS, Method.DOCUMENT, Method.SCHOOL)
    note = CleanLineField(
        max_length=300,
        help_text="What you compared, without what it said: “lesson names and month of birth”.",
    )


class RecoveryForm(MethodForm):
    only = (Method.KNOWN_FACTS, Method.DOCUMENT)


class NoteForm(CaseForm):
    note = CleanLineField(max_length=300, label="What you compared", help_text="Without what it said.")


class ColleagueChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """By name: a staff account calls itself by a number."""

    def label_from_instance(self, user: Any) -> str:
        return str(user.get_short_name())


class OwnerForm(CaseForm):
    owner = ColleagueChoice(
        User.objects.filter(is_active=True, is_staff=True).order_by("name"), empty_label="choose a colleague"
    )


class PauseForm(CaseForm):
    pause_reason = forms.ChoiceField(
        label="Paused for",
        widget=forms.RadioSelect,
        choices=[(reason.value, reason.label) for reason in (PauseReason.HOLD, PauseReason.DISCUSSION)],
        help_text="The legal clock runs on. To ask the requester, use “Ask what they mean”.",
    )


class MessageForm(CaseForm):
    body = CleanBlockField(
        max_length=10_000,
        widget=LETTER,
        label="Message",
        help_text="It stands on the status page; a mail says there is news.",
    )


class AuthorityForm(CaseForm):
    text = CleanBlockField(
        max_length=2000,
        widget=FEW_LINES,
        label="What was shown",
        help_text="Which mandate, of which day, and how you checked it.",
    )


class TwinForm(CaseForm):
    of = CaseField(max_length=17, label="The other case", help_text="Its reference.")


class ConvertForm(CaseForm):
    rights = forms.MultipleChoiceField(
        choices=[(r.value, r.label) for r in Right if r not in (Right.INQUIRY, Right.COMPLAINT)],
        widget=forms.CheckboxSelectMultiple,
        label="What it asks for",
    )


class LawsForm(CaseForm):
    place = PlaceField(
        max_length=6,
        required=False,
        help_text="Where the requester lives: FR, US-CA. Leave it if it is right.",
    )
    codes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label="Laws")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Regime.objects.filter(is_on=True).order_by("name").values_list("code", "name")
        proposed = self.case.regimes.select_related("regime") if self.case else []
        names = dict(rows) | {row.code: str(row.regime) for row in proposed}
        self.fields["codes"].choices = sorted(names.items(), key=lambda row: row[1])  # type: ignore[attr-defined]


class CloseForm(CaseForm):
    outcome = forms.ChoiceField(
        widget=forms.RadioSelect,
        choices=[
            (outcome.value, outcome.label)
            for outcome in (Outcome.UNVERIFIED, Outcome.WITHDRAWN, Outcome.DUPLICATE, Outcome.SPAM)
        ],
    )
