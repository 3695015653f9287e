"""One question to the deadline engine, as somebody types it: for the command and the calculator."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, tzinfo

from django.utils.dateparse import parse_date, parse_datetime

from audit.refusals import Refused

from . import applying, clocks, deadlines
from .calendars import closed_days, years_from
from .deadlines import EVENTS, Deadline, Happening
from .models import Company
from .places import zone
from .readings import interpretation

# A day without an hour: far from midnight in every zone of a place.
NOON = time(12)
PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
COUNTS = ("affected",)


class Misread(Refused):
    """What was typed cannot be read. Its message says what was expected."""

    status_code = 400


@dataclass(frozen=True)
class Question:
    code: str
    place: str
    received_at: datetime
    events: tuple[Happening, ...]
    kind: str = "respond"


def ask(code: str, place: str, received_at: str, events: Iterable[str], kind: str) -> Question:
    """Raises Misread, or applying.UnknownLaw for a code that no row has."""
    if not PLACE.fullmatch(place):
        raise Misread(f"“{place}” is not a place. Write a country, or country and region: DE, DE-BE, US-CA.")
    clock = zone(place) or Company.current().zone
    moment = read_moment(received_at, clock)
    happened = tuple(read_event(text) for text in events)
    wrong = list(deadlines.contradictions(moment, happened, clock))
    if wrong:
        raise Misread(" ".join(wrong))
    return Question(code, place, moment, happened, kind)


def answer(question: Question) -> Deadline:
    """Counted with the rows of the day of receipt, by the clock and the calendar of the place."""
    settings = interpretation(Company.current(), question.place)
    on = question.received_at.astimezone(settings.zone).date()
    days = (clocks.day_of(event.at, settings.zone) for event in question.events if event.at)
    return deadlines.due(
        _rule(question, on, settings.zone),
        question.received_at,
        question.events,
        closed_days(question.place, years_from(on, *days)),
        kind=question.kind,
        settings=settings,
    )


def _rule(question: Question, on: date, clock: tzinfo) -> deadlines.Rule:
    rule = applying.find(question.code, on).rule()
    if zone(question.place):
        return rule
    unknown = f"The clock of {question.place} is not known: that of {clock} is used."
    return replace(rule, remarks=(*rule.remarks, unknown))


def read_moment(text: str, clock: tzinfo) -> datetime:
    """Without an offset it is read by the clock of the place."""
    try:
        day = parse_date(text)
        moment = datetime.combine(day, NOON) if day else parse_datetime(text)
    except ValueError:
        raise Misread(f"“{text}” is not a moment that exists.") from None
    if moment is None:
        raise Misread(f"“{text}” is not a moment. Write 2026-03-02T10:00+01:00.")
    return moment if moment.tzinfo else moment.replace(tzinfo=clock)


def read_event(text: str) -> Happening:
    """NAME, NAME=2026-03-02, NAME=2026-03-02T10:00+01:00 or affected=900."""
    name, _, value = (part.strip() for part in text.partition("="))
    if name not in EVENTS:
        raise Misread(f"No event is called “{name}”. Known: {', '.join(EVENTS)}.")
    if not value:
        return Happening(name)
    if name in COUNTS:
        return Happening(name, number=_number(name, value))
    return Happening(name, at=_when(name, value))


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal()):
        raise Misread(f"{name} is a number of people, such as {name}=900.")
    return int(value)


def _when(name: str, value: str) -> date | datetime:
    try:
        found: date | datetime | None = parse_date(value) or parse_datetime(value)
    except ValueError:
        raise Misread(f"{name}: “{value}” is not a day that exists.") from None
    if found is None or (isinstance(found, datetime) and found.tzinfo is None):
        raise Misread(f"{name}: write a day, such as {name}=2026-03-02, or a moment with its offset.")
    return found
