"""What the desk asks for around a case: taking it in, sorting out spam, answers of systems, letters, connections."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.http import QueryDict

from audit.text import CleanBlockField, CleanLineField
from law.models import Company
from requests import placeholders
from requests.arriving.receiving import Asked
from requests.models import MOST_ROWS, Answer, Channel, Connection, LetterTemplate, RequesterKind, Right

from .fields import PersonField, PlaceField
from .forms import FEW_LINES, LETTER, CaseForm

LONGEST_AGO = timedelta(days=3653)
LONGEST_NUMBER = 19  # digits; longer ones fit no column


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
    count_done = forms.IntegerField(
        required=False, min_value=0, max_value=MOST_ROWS, label="Rows", help_text="If you know."
    )


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
        from requests.others.calls import AddressRefused, public_address

        url: str = self.cleaned_data["url"]
        try:
            public_address(url)
        except AddressRefused as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return url
