"""Examples of deadlines, and the closed days they need: the tests bring their own, whatever a
published list says today."""

import csv
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from law.applying import rule_of
from law.asking import read_event, read_moment
from law.counting import Closed, ClosedDays
from law.deadlines import Deadline, Happening, Interpretation, Rule, due
from law.loading import shipped
from law.models import Regime, StateLaw
from law.places import zone

EXAMPLES = Path(__file__).parent / "deadline_examples.csv"
SHUT = {
    "GB": ["2026-04-03", "2026-12-25", "2026-12-28", "2027-01-01"],
    "GB-ENG": ["2026-04-06"],
    "GB-SCT": ["2026-11-30"],
    "GB-NIR": ["2026-03-17", "2026-04-06"],
    "DE": ["2025-12-25", "2025-12-26", "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01"],
    "DE-BW": ["2026-01-06"],
    "US": ["2026-11-26", "2026-12-25", "2027-01-01"],
    "US-CA": ["2026-11-27"],
    "NZ": ["2026-12-25", "2026-12-28", "2027-01-01", "2027-01-04"],
}
CLOSE_DOWN = [date(2026, 12, 25) + timedelta(days=n) for n in range(22)]


@dataclass(frozen=True)
class Example:
    regime: str
    place: str
    received_at: str
    events: str
    kind: str
    strict_due: str
    legal_due: str
    is_setting: str
    what: str

    def happenings(self) -> list[Happening]:
        return [read_event(text) for text in self.events.split()]


def examples() -> list[Example]:
    with EXAMPLES.open(newline="", encoding="utf-8") as lines:
        return [Example(**row) for row in csv.DictReader(lines)]


def closed(place: str) -> ClosedDays:
    names = [place.partition("-")[0], place]
    days = (
        {day: Closed("summer close-down", "NZ", "close_down") for day in CLOSE_DOWN} if place == "NZ" else {}
    )
    days |= {
        date.fromisoformat(day): Closed("a holiday", name) for name in names for day in SHUT.get(name, [])
    }
    return ClosedDays(place, days)


def rule(code: str, on: date) -> Rule:
    """Straight from the shipped files: no database."""
    regimes = [Regime(**facts) for facts in shipped(Regime, "regimes.csv")]
    own = [row for row in regimes if row.code == code and (row.in_force_from or date.min) <= on]
    if own:
        return rule_of(own[-1])
    states = [StateLaw(**facts) for facts in shipped(StateLaw, "state_laws.csv")]
    model = next(row for row in regimes if row.code == "us_state_model")
    return rule_of(model, next(row for row in states if row.code == code))


def settings(place: str, **switches: bool | int) -> Interpretation:
    return Interpretation(zone=zone(place) or ZoneInfo("UTC"), **switches)  # type: ignore[arg-type]


def found(one: Example, **switches: bool | int) -> Deadline:
    said = settings(one.place, **switches)
    moment = read_moment(one.received_at, said.zone)
    return due(
        rule(one.regime, moment.date()),
        moment,
        one.happenings(),
        closed(one.place),
        kind=one.kind,
        settings=said,
    )


def text(moment: date | datetime | None) -> str:
    if isinstance(moment, datetime):
        return moment.isoformat(timespec="minutes")
    return moment.isoformat() if moment else ""


def example(what: str) -> Example:
    return next(one for one in examples() if what in one.what)
