"""What the buttons of a case ask for: shape only. The rules are the actions'."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.http import QueryDict
from django_countries import countries

from audit.text import CleanBlockField, CleanLineField
from law.models import Company, RefusalGround, Regime
from people.models import Authority, Person, User
from people.regions import KNOWN

from . import identity, placeholders
from .deciding import ExtensionReason, grounds
from .models import (
    Answer,
    Channel,
    Connection,
    DenialReason,
    LetterTemplate,
    Method,
    Outcome,
    PauseReason,
    RequesterKind,
    Right,
    RightsRequest,
)
from .receiving import Asked

LONGEST_AGO = timedelta(days=3653)
LONGEST_NUMBER = 19  # digits; longer ones fit no column

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


class RefuseForm(LetterForm):
    denial = forms.ChoiceField(
        choices=DenialReason, label="Kind of reason", help_text="The words of the Data Rights Protocol."
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
        help_text="Takes the place of {ground}. Empty: the law row’s own words, which are English.",
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
        cleaned["letter"] = letter.replace("{reason}", told).replace("{ground}", words)
        return cleaned

    def _own_words(self, ground: RefusalGround | None) -> str:
        if ground is None:
            self.add_error("ground_words", "Say what lets us say no, or take that line out of the letter.")
        elif self.case and self.case.language != "en":
            language = self.case.get_language_display()
            self.add_error("ground_words", f"Say the ground in the language of the letter: {language}.")
        return str(ground or "")


class PersonField(CleanLineField):
    """A platform id, answered with the person it belongs to."""

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        person = Person.objects.filter(external_id=typed, erased_at=None).first()
        if person is None:
            raise forms.ValidationError("Nobody on file has this platform id.")
        return person


class MatchForm(CaseForm):
    subject = PersonField(
        max_length=64, required=False, label="Whom it is about", help_text="Their platform id."
    )
    requester = PersonField(
        max_length=64, required=False, label="Who asks", help_text="Their platform id, if they are on file."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asks = self.case.requester if self.case else None
        if asks is None:
            return
        self.fields["requester"].help_text = f"Their platform id. Now: {asks.external_id}."
        children = asks.wardships.filter(authority=Authority.VERIFIED, child__erased_at=None)
        if ids := ", ".join(children.order_by("child_id").values_list("child__external_id", flat=True)):
            self.fields["subject"].help_text = f"Their platform id. Verified children of who asks: {ids}."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("subject") and not cleaned.get("requester"):
            raise forms.ValidationError("Name at least one of the two.")
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


class OwnerForm(CaseForm):
    owner = forms.ModelChoiceField(User.objects.filter(is_active=True, is_staff=True).order_by("name"))


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


class CaseField(CleanLineField):
    def clean(self, value: Any) -> Any:
        found = RightsRequest.objects.filter(reference=str(super().clean(value)).upper()).first()
        if found is None:
            raise forms.ValidationError("There is no case with this reference.")
        return found


class TwinForm(CaseForm):
    of = CaseField(max_length=17, label="The other case", help_text="Its reference.")


class ConvertForm(CaseForm):
    rights = forms.MultipleChoiceField(
        choices=[(r.value, r.label) for r in Right if r not in (Right.INQUIRY, Right.COMPLAINT)],
        widget=forms.CheckboxSelectMultiple,
        label="What it asks for",
    )


class PlaceField(CleanLineField):
    """FR, or US-CA where the law differs by region."""

    def clean(self, value: Any) -> str:
        place = str(super().clean(value) or "").upper().replace(" ", "")
        country, _, region = place.partition("-")
        if place and (country not in countries or (region and region not in KNOWN.get(country, ()))):
            raise forms.ValidationError("Not a place we know. Write FR, or US-CA with the region.")
        return place


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


class EnterForm(forms.Form):
    """What came by phone, post or mail. Whom it is about says a colleague, never the text."""

    rights = forms.MultipleChoiceField(
        choices=Right, widget=forms.CheckboxSelectMultiple, label="What is asked for"
    )
    channel = forms.ChoiceField(
        choices=[(c.value, c.label) for c in (Channel.EMAIL, Channel.PHONE, Channel.POST, Channel.STAFF)],
        widget=forms.RadioSelect,
        label="How it came",
    )
    received_on = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        label="Received on",
        help_text="The day it reached anybody in the house: every date counts from here.",
    )
    requester_kind = forms.ChoiceField(choices=RequesterKind, widget=forms.RadioSelect, label="Who asks")
    subject = PersonField(
        max_length=64, required=False, label="Platform id of whom it is about", help_text="If you know it."
    )
    requester = PersonField(
        max_length=64,
        required=False,
        label="Platform id of who asks",
        help_text="If it is somebody else, and on file.",
    )
    name = CleanLineField(max_length=200, required=False, label="Name, as they gave it")
    email = forms.EmailField(
        required=False,
        label="E-mail, as they gave it",
        help_text="For finding them. Nothing personal is ever sent to it.",
    )
    about = CleanLineField(max_length=200, required=False, label="Whom it is about, in their words")
    place = PlaceField(
        max_length=6, required=False, help_text="Where they live: FR, US-CA. It proposes the law."
    )
    language = forms.ChoiceField(choices=settings.LANGUAGES, initial=settings.LANGUAGE_CODE)
    details = CleanBlockField(
        max_length=10_000, required=False, widget=FEW_LINES, label="What they said or wrote"
    )
    # Pressing twice is one request.
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        if day > Company.current().today():
            raise forms.ValidationError("This day has not come yet.")
        if day < Company.current().today() - LONGEST_AGO:
            raise forms.ValidationError("More than ten years ago? Look at the year.")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        told = ("subject", "requester", "name", "email", "details")
        if not self.errors and not any(cleaned.get(name) for name in told):
            raise forms.ValidationError(
                "Write down who asks: a platform id, a name, an address or their words."
            )
        return cleaned

    def asked(self) -> Asked:
        """Received on an earlier day counts from that day's beginning: never later than it was."""
        told = dict(self.cleaned_data)
        day, company = told.pop("received_on"), Company.current()
        received_at = None if day == company.today() else datetime.combine(day, time.min, company.zone)
        requester = told.pop("requester")
        if requester is None and told["requester_kind"] == RequesterKind.SELF:
            requester = told["subject"]
        return Asked(
            rights=tuple(Right(right) for right in told.pop("rights")),
            channel=Channel(told.pop("channel")),
            requester_kind=RequesterKind(told.pop("requester_kind")),
            requester=requester,
            received_at=received_at,
            email=told.pop("email").lower(),
            **told,
        )


class SpamForm(forms.Form):
    """Ticked one by one, so that everybody looks; the boxes stand in the table of the page."""

    reason = CleanBlockField(
        max_length=2000,
        widget=FEW_LINES,
        error_messages={"required": "Write why."},
        help_text="Kept for good in the audit record. Write why, without names or addresses.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.ticked:
            raise forms.ValidationError("Tick at least one.")
        return {**cleaned, "cases": self.ticked}

    @property
    def ticked(self) -> list[int]:
        typed = self.data.getlist("cases") if isinstance(self.data, QueryDict) else []
        return [int(number) for number in typed if number.isdecimal() and len(number) < LONGEST_NUMBER]

    @property
    def reason_given(self) -> str:
        return str(self.cleaned_data["reason"])


class AnswerForm(CaseForm):
    answer = forms.ChoiceField(choices=Answer, widget=forms.RadioSelect)
    text = CleanBlockField(
        max_length=2000,
        required=False,
        widget=FEW_LINES,
        label="Words",
        help_text="Needed when it was not done: the requester may have to hear it.",
    )
    count_done = forms.IntegerField(required=False, min_value=0, label="Rows", help_text="If you know.")


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    body = CleanBlockField(max_length=10_000, widget=LETTER, validators=[placeholders.check])

    class Meta:
        model = LetterTemplate
        fields = ("kind", "language", "body")


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]
    url = forms.URLField(
        max_length=300,
        assume_scheme="https",
        label="Address",
        help_text="https only, and no address inside our own network.",
    )

    class Meta:
        model = Connection
        fields = ("system", "url")

    def clean_url(self) -> str:
        from .calls import AddressRefused, public_address

        url: str = self.cleaned_data["url"]
        try:
            public_address(url)
        except AddressRefused as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return url
