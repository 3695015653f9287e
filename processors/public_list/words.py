"""A change to the list in its reader's words: places and labels in the language that is on, and what
staff wrote themselves marked as the English it is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django_countries import countries

from law.transfers import Mechanism
from processors.models import ChangeKind, SubprocessorChange

from .entries import COLUMN

OWN_LANGUAGE = "en"  # the register's


@dataclass(frozen=True)
class Words:
    """What the templates put into their sentences."""

    kind: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Voice:
    """How staff's own words, a list and a sentence are written: as text, or as HTML."""

    own: Callable[[str], str]
    joined: Callable[[str, Iterable[str]], str]
    filled: Callable[..., str]


def _marked(text: str) -> SafeString:
    """For a screen reader's pronunciation (WCAG 3.1.2)."""
    if get_language() == OWN_LANGUAGE or not text:
        return conditional_escape(text)
    return format_html('<span lang="{}">{}</span>', OWN_LANGUAGE, text)


TEXT = Voice(str, lambda joint, parts: joint.join(parts), lambda sentence, **facts: sentence.format(**facts))
HTML = Voice(
    _marked, lambda joint, parts: format_html_join(joint, "{}", ((part,) for part in parts)), format_html
)


def country_name(code: str) -> str:
    """As people say it: “United States”, where the standard has “United States of America”."""
    return _("United States") if code == "US" else str(countries.name(code))


def of(change: SubprocessorChange, voice: Voice = TEXT) -> Words:
    if not change.was and not change.becomes:  # told before columns were kept, or out of an old list
        before, after = voice.own(change.before), voice.own(change.after)
    else:
        before, after = (said(change.kind, facts, voice) for facts in (change.was, change.becomes))
    return Words(change.kind, voice.own(change.name), before, after)


def said(kind: str, facts: Mapping[str, Any], voice: Voice = TEXT) -> str:
    """One side of a change: a column of the list, or for a company that comes or goes the whole line."""
    if not facts:
        return ""
    column = COLUMN.get(ChangeKind(kind))
    return line(facts, voice) if column is None else _column(column, facts[column], voice)


def line(facts: Mapping[str, Any], voice: Voice = TEXT) -> str:
    """“Lesson videos. Places: United States, Ireland. Data: Lesson answers.”"""
    work, places, data = (_column(name, facts.get(name, ()), voice) for name in ("work", "places", "data"))
    parts = [
        voice.filled("{work}.", work=_without_full_stop(facts, voice)) if work else "",
        voice.filled(_("Places: {places}."), places=places) if places else "",
        voice.filled(_("Data: {data}."), data=data) if data else "",
    ]
    return voice.joined(" ", [part for part in parts if part])


def _without_full_stop(facts: Mapping[str, Any], voice: Voice) -> str:
    work = [*facts["work"]]
    return _column("work", [*work[:-1], work[-1].rstrip(".")], voice)


def _column(name: str, value: str | Sequence[Any], voice: Voice) -> str:
    if name == "places":
        return voice.joined(", ", [place(where[0], where[1], voice) for where in value])
    if name == "seat":
        return country_name(str(value)) if value else ""
    return voice.own(value) if isinstance(value, str) else voice.joined(", ", map(voice.own, value))


def place(country: str, named_as: str, voice: Voice = TEXT) -> str:
    return voice.own(named_as) if named_as else country_name(country)


def safeguard(mechanism: str) -> str:
    """What protects data that leaves its country, in a visitor's words (GDPR Art. 13(1)(f))."""
    said = {
        Mechanism.ADEQUACY: _("The country’s law protects data well enough (adequacy decision)"),
        Mechanism.DPF: _("Data Privacy Framework"),
        Mechanism.SCC: _("Standard contractual clauses"),
        Mechanism.CH_SCC: _("Standard contractual clauses"),
        Mechanism.UK_ADDENDUM: _("Standard contractual clauses with the UK addendum"),
        Mechanism.UK_IDTA: _("UK transfer agreement"),
        Mechanism.UK_BRIDGE: _("UK–US data bridge"),
        Mechanism.BCR: _("Binding corporate rules"),
        Mechanism.CODE: _("Approved code of conduct or certificate"),
        Mechanism.CONSENT: _("Explicit consent"),
    }
    return said.get(Mechanism(mechanism), _("An exception the law allows"))
