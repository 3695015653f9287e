"""The questions of the form, one a page: what each asks and how an answer is read. Their order is `steps`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_countries import countries

from law.ages import has_reached
from law.models import Company
from law.readings import ages
from people.models import Person
from people.regions import KNOWN, names_of
from requests.arriving import receiving
from requests.changing.correcting import Wanted
from requests.models import Correctable, RequesterKind, Right

from .fields import AddressField, BlockField, LineField, birth_date

NAME_LIMIT, DETAILS_LIMIT = 200, 10_000
SELF, CHILD, AGENT = RequesterKind.SELF.value, RequesterKind.GUARDIAN.value, RequesterKind.AGENT.value
CHOOSE = gettext_lazy("Choose one of these.")
# What gettext_lazy and gettext give.
Said = Any
Choice = tuple[str, Said, Said]
Answers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Visit:
    """What is known while the form is being filled in."""

    answers: Answers = field(default_factory=dict)
    person: Person | None = None
    children: tuple[Person, ...] = ()
    given: tuple[str, ...] = ()  # answered before the first question, by where the form was begun

    def answer(self, step: str, name: str, default: Any = "") -> Any:
        return self.answers.get(step, {}).get(name, default)

    @property
    def needs(self) -> list[str]:
        return list(self.answer("need", "need", []))

    @property
    def who(self) -> str:
        return str(self.answer("who", "who", SELF))

    @property
    def child(self) -> Person | None:
        """The verified child that somebody signed in chose."""
        return next((child for child in self.children if self.who == f"child-{child.pk}"), None)

    @property
    def rights(self) -> list[str]:
        """In the order we do them: nothing is deleted before the copy is made."""
        asked = {self._right(need) for need in self.needs}
        return [right.value for right in receiving.ORDER if right.value in asked]

    def _right(self, need: str) -> str:
        return str(self.answer(need, need)) if need in SUB_QUESTIONS else need

    @property
    def place(self) -> str:
        if self.person:
            return self.person.place
        country, region = self.answer("where", "country"), self.answer("region", "region")
        return f"{country}-{region}" if region and country in KNOWN else str(country)


SUB_QUESTIONS = ("copy", "limit", "talk")

NEEDS: list[Choice] = [
    ("copy", gettext_lazy("Get a copy"), gettext_lazy("Of what we keep about a person. The law calls it access or portability.")),
    (Right.RECTIFICATION.value, gettext_lazy("Correct something"), gettext_lazy("The law calls it rectification.")),
    (Right.ERASURE.value, gettext_lazy("Delete"), gettext_lazy("The law calls it erasure.")),
    ("limit", gettext_lazy("Stop or limit a use"), gettext_lazy("The law calls it objection, restriction or opt-out.")),
    ("talk", gettext_lazy("Ask or complain"), gettext_lazy("A question, or something you think we did wrong.")),
]  # fmt: skip
COPIES: list[Choice] = [
    (Right.ACCESS.value, gettext_lazy("To read it"), gettext_lazy("With what we use it for, who gets it and how long we keep it.")),
    (Right.PORTABILITY.value, gettext_lazy("To take it to another service"), gettext_lazy("In a form that computers read.")),
]  # fmt: skip
LIMITS: list[Choice] = [
    (Right.OBJECTION.value, gettext_lazy("Stop a use I do not agree with"), gettext_lazy("The law calls it objection.")),
    (Right.RESTRICTION.value, gettext_lazy("Keep my data, but do not use it for now"), gettext_lazy("For instance until we have checked whether it is right. The law calls it restriction.")),
    (Right.OPT_OUT.value, gettext_lazy("Do not sell or share my data"), gettext_lazy("The law calls it opt-out.")),
]  # fmt: skip
TALKS: list[Choice] = [
    (Right.INQUIRY.value, gettext_lazy("I have a question"), ""),
    (Right.COMPLAINT.value, gettext_lazy("I want to complain"), ""),
]
PEOPLE: list[Choice] = [
    (SELF, pgettext_lazy("whom a request is about", "Me"), ""),
    (CHILD, gettext_lazy("A child I look after"), gettext_lazy("As a parent or guardian.")),
    (AGENT, gettext_lazy("Someone I act for"), gettext_lazy("For instance as their lawyer. We will ask what shows that you may.")),
]  # fmt: skip


class StepForm(forms.Form):
    """One page. `heading` is its label and its h1; `hint` stands below."""

    heading: Said = ""
    hint: Said = ""

    def __init__(self, visit: Visit, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visit = visit
        self.prepare()

    def prepare(self) -> None:
        """For subclasses whose words depend on earlier answers."""

    def answer(self) -> dict[str, Any]:
        """What the session keeps."""
        return dict(self.cleaned_data)

    @property
    def is_one_question(self) -> bool:
        return len(self.fields) == 1


class ChoiceForm(StepForm):
    """Radio buttons or boxes under one name, none set."""

    name = ""
    offered: list[Choice] = []
    many = False
    missing: Said = CHOOSE

    def prepare(self) -> None:
        self.fields[self.name] = self.field()

    def field(self) -> forms.ChoiceField | forms.MultipleChoiceField:
        kind, widget = (
            (forms.MultipleChoiceField, forms.CheckboxSelectMultiple)
            if self.many
            else (forms.ChoiceField, forms.RadioSelect)
        )
        said = {"required": self.missing, "invalid_choice": CHOOSE}
        choices = [(value, label) for value, label, _hint in self.offered]
        return kind(choices=choices, widget=widget, error_messages=said)

    def options(self) -> list[tuple[forms.boundfield.BoundWidget, Said]]:
        hints = {value: hint for value, _label, hint in self.offered}
        return [(box, hints.get(str(box.data["value"]), "")) for box in self[self.name].subwidgets]


class NeedForm(ChoiceForm):
    name, offered, many = "need", NEEDS, True
    heading = gettext_lazy("What do you need?")
    hint = gettext_lazy("Choose all that apply. It is free.")
    missing = gettext_lazy("Choose at least one.")


class CopyForm(ChoiceForm):
    name, offered = "copy", COPIES
    heading = gettext_lazy("What is the copy for?")


class LimitForm(ChoiceForm):
    name, offered = "limit", LIMITS
    heading = gettext_lazy("What should we stop or limit?")


class TalkForm(ChoiceForm):
    name, offered = "talk", TALKS
    heading = gettext_lazy("Is it a question or a complaint?")


class WhoForm(ChoiceForm):
    name, offered = "who", PEOPLE
    heading = gettext_lazy("Who is it about?")

    def prepare(self) -> None:
        if self.visit.person:
            children = [
                (f"child-{child.pk}", child.given_name or _("My child"), "") for child in self.visit.children
            ]
            self.offered = [PEOPLE[0], *children]
        super().prepare()


class AboutForm(StepForm):
    about = LineField(
        limit=NAME_LIMIT,
        error_messages={"required": gettext_lazy("Write a name, or what helps us find them.")},
    )

    def prepare(self) -> None:
        is_child = self.visit.who == CHILD
        self.heading = _("Which child?") if is_child else _("Whom do you act for?")
        self.hint = (
            _("Their first name is enough, with anything that helps us find them, such as their school.")
            if is_child
            else _("Their name. What we find goes to them and not to you, unless they tell us otherwise.")
        )


class WhereForm(StepForm):
    country = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": gettext_lazy("Choose a country from the list.")}
    )
    heading: Said = gettext_lazy("Where do you live?")
    hint: Said = gettext_lazy("It decides which law helps you.")

    def prepare(self) -> None:
        listed = [(code, str(name)) for code, name in countries]
        chosen = self.fields["country"]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101 (said above)
        chosen.choices = [("", _("I would rather not say")), *listed]
        if self.visit.who != SELF:
            self.heading = _("Where do they live?")
            self.hint = _("It decides which law helps them.")


class RegionForm(StepForm):
    region = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": gettext_lazy("Choose from the list.")}
    )
    heading = gettext_lazy("Which state or province?")
    hint = gettext_lazy("Some have a law of their own.")

    def prepare(self) -> None:
        chosen = self.fields["region"]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101 (said above)
        names = names_of(self.visit.answer("where", "country"))
        chosen.choices = [("", _("I would rather not say")), *names]


class BornForm(StepForm):
    """Asked of everybody alike, so that nobody learns which answer opens a door. The day itself is not kept."""

    day = forms.CharField(required=False)
    month = forms.CharField(required=False)
    year = forms.CharField(required=False)
    heading = gettext_lazy("When were you born?")
    hint = gettext_lazy(
        "For example 3 4 1987. We use it once, to show you the right way, and do not keep it."
    )

    def clean(self) -> dict[str, Any]:
        typed = [self.cleaned_data.get(name) or "" for name in ("day", "month", "year")]
        company = Company.current()
        born = birth_date(*typed, today=company.today())
        return {"is_young": is_young(born, self.visit.place, company)}


def is_young(born: date, place: str, company: Company) -> bool:
    """Below the age at which the law there lets them decide alone."""
    today = company.today()
    return not has_reached(born, ages(today, company).years(place), today)


class ContactForm(StepForm):
    name = LineField(required=False, limit=NAME_LIMIT)
    email = AddressField(error_messages={"required": gettext_lazy("Write your email address.")})
    heading = gettext_lazy("How do we reach you?")
    hint = gettext_lazy("Use the address you use with us. We send a link there to check that it is you.")

    def clean_email(self) -> str:
        if not self.cleaned_data["email"]:
            raise forms.ValidationError(_("Write your email address."), code="required")
        return str(self.cleaned_data["email"])


FIELDS: list[tuple[str, Said]] = [
    ("", gettext_lazy("Choose")),
    (Correctable.GIVEN_NAME.value, gettext_lazy("First name")),
    (Correctable.FAMILY_NAME.value, gettext_lazy("Family name")),
    (Correctable.BIRTH_DATE.value, gettext_lazy("Date of birth")),
    (Correctable.EMAIL.value, gettext_lazy("Email address")),
    (Correctable.PLACE.value, gettext_lazy("Country or region")),
    (Correctable.LANGUAGE.value, gettext_lazy("Language")),
    (Correctable.OTHER.value, gettext_lazy("Something else")),
]
POINTS = range(1, 4)  # what one form holds; more goes into the field that follows


class CorrectionsForm(StepForm):
    """Three times: which, what is wrong, what it should say. The first is needed."""

    heading = gettext_lazy("What is wrong, and what should it say?")
    hint = gettext_lazy("Please send no documents and no passwords.")

    def prepare(self) -> None:
        for number in POINTS:
            self.fields[f"field_{number}"] = forms.ChoiceField(
                choices=FIELDS, required=False, error_messages={"invalid_choice": CHOOSE}
            )
            self.fields[f"what_{number}"] = LineField(required=False, limit=300)
            self.fields[f"wanted_{number}"] = LineField(required=False, limit=500)

    def clean(self) -> dict[str, Any]:
        super().clean()
        for number in POINTS:
            self._check(number)
        return self.cleaned_data

    def _check(self, number: int) -> None:
        field, what, wanted = (self.cleaned_data.get(f"{name}_{number}") for name in PARTS)
        if not (field or what or wanted) and number > 1:
            return
        if not field and f"field_{number}" not in self.errors:
            self.add_error(f"field_{number}", _("Choose what it is about."))
        if not wanted and f"wanted_{number}" not in self.errors:
            self.add_error(f"wanted_{number}", _("Write what it should say."))
        if field == Correctable.OTHER and not what and f"what_{number}" not in self.errors:
            self.add_error(f"what_{number}", _("Write where it stands, or what it says now."))

    def triples(self) -> list[tuple[int, list[forms.BoundField]]]:
        """For the page: number, and the three fields of it."""
        return [(number, [self[f"{name}_{number}"] for name in PARTS]) for number in POINTS]

    @property
    def is_more_open(self) -> bool:
        """Somebody has written into the second or third."""
        names = [f"{name}_{number}" for number in POINTS[1:] for name in PARTS]
        return any(self[name].value() for name in names)


PARTS = ("field", "what", "wanted")


def corrections_of(answer: Mapping[str, Any]) -> list[Wanted]:
    """The points of the form that hold something."""
    triples = ([answer.get(f"{name}_{number}", "") for name in PARTS] for number in POINTS)
    return [Wanted(*triple) for triple in triples if triple[0]]


def corrections_said(answer: Mapping[str, Any]) -> list[str]:
    """For the page that shows every answer again."""
    names = {value: str(label) for value, label in FIELDS}
    return [
        f"{names[point.field]}{f' ({point.what})' if point.what else ''}: {point.wanted}"
        for point in corrections_of(answer)
    ]


class DetailsForm(StepForm):
    details = BlockField(required=False, limit=DETAILS_LIMIT)
    heading: Said = gettext_lazy("Anything we should know?")
    hint: Said = gettext_lazy("You need not write anything. Please send no documents and no passwords.")

    def prepare(self) -> None:
        asks = [Right.INQUIRY.value, Right.COMPLAINT.value]
        if set(asks) & set(self.visit.rights):
            self.heading = _("Tell us what it is about")
            self.hint = _(
                "What is wrong, or what do you want to know? Please send no documents and no passwords."
            )
