"""What the register says, in the language of whoever reads it: how long, counted from when, whose.

One place for the public pages, the letters and the copies, so that all of them promise the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from audit.personal import StartEvent, Then
from law.calendar import Unit
from people.models import Role

from .models import DataCategory, Origin, Purpose, RetentionRule

HOUSE = settings.LANGUAGE_CODE  # the register is written in the house's language


@dataclass(frozen=True)
class Name:
    """A name and the language it is in, which is the house's where staff have given no other."""

    words: str
    language: str


def name(row: DataCategory | Purpose) -> Name:
    return words(row.name, row.names)


def words(in_house: str, others: Mapping[str, str]) -> Name:
    language = get_language() or HOUSE
    translated = others.get(language, "")
    return Name(translated, language) if translated else Name(in_house, HOUSE)


def length(number: int, unit: str) -> str:
    """“6 years”."""
    words = {
        Unit.YEARS: ngettext("%(n)d year", "%(n)d years", number),
        Unit.MONTHS: ngettext("%(n)d month", "%(n)d months", number),
        Unit.DAYS: ngettext("%(n)d day", "%(n)d days", number),
    }
    return words[Unit(unit)] % {"n": number}


def span(number: int, unit: str, event: str) -> str:
    """“6 years, counted from the end of the contract”."""
    words = {"period": length(number, unit), "event": _start(StartEvent(event))}
    return _("%(period)s, counted from %(event)s") % words


def kept(rule: RetentionRule) -> str:
    """“Learners: 3 years after the last activity, then deleted”."""
    end = period(rule)
    return f"{whose(rule.role)}: {end}" if rule.role else end


def period(rule: RetentionRule) -> str:
    if rule.number is None:
        return _("without a fixed end")
    words = {
        "period": length(rule.number, rule.unit),
        "event": _start(StartEvent(rule.start_event)),
        "then": _then(Then(rule.then)),
    }
    return _("%(period)s, counted from %(event)s; then %(then)s") % words


def whichever_is_later(periods: Sequence[str]) -> str:
    """Several clocks hold the same thing: it stays until the last of them has run out."""
    if len(periods) == 1:
        return periods[0]
    between = pgettext("between periods", "or")
    either = f" {between} ".join(periods)
    return _("%(periods)s, whichever ends later") % {"periods": either}


def _start(event: StartEvent) -> str:
    return {
        StartEvent.LAST_ACTIVITY: pgettext("kept", "the last activity"),
        StartEvent.EVENT: pgettext("kept", "the event"),
        StartEvent.COLLECTION: pgettext("kept", "the day of collection"),
        StartEvent.COURSE_END: pgettext("kept", "the end of the course"),
        StartEvent.ISSUE: pgettext("kept", "the day of issue"),
        StartEvent.SENT: pgettext("kept", "the day of sending"),
        StartEvent.ACCOUNT_CLOSED: pgettext("kept", "the closing of the account"),
        StartEvent.CLOSED: pgettext("kept", "the day the case was closed"),
        StartEvent.LINK_ENDED: pgettext("kept", "the end of the guardianship"),
        StartEvent.WITHDRAWAL: pgettext("kept", "the withdrawal"),
        StartEvent.CONTRACT_END: pgettext("kept", "the end of the contract"),
        StartEvent.TAX_YEAR_END: pgettext("kept", "the end of the tax year"),
        StartEvent.PURPOSE_END: pgettext("kept", "the end of its purpose"),
    }[event]


def _then(then: Then) -> str:
    return {
        Then.DELETE: pgettext("kept", "deleted"),
        Then.ANONYMIZE: pgettext("kept", "made anonymous"),
        Then.ARCHIVE: pgettext("kept", "archived"),
    }[then]


def whose(role: str) -> str:
    return {
        Role.SUBJECT: _("People without an account"),
        Role.LEARNER: _("Learners"),
        Role.GUARDIAN: _("Guardians"),
        Role.SCHOOL_CONTACT: _("School contacts"),
    }[Role(role)]


def source(origin: str) -> str:
    """Where data comes from, as the person it is about reads it (GDPR Art. 15(1)(g)); empty: not on record."""
    return {
        Origin.PROVIDED.value: _("What you give us"),
        Origin.AUTOMATIC.value: _("What is collected automatically"),
        Origin.RECEIVED.value: _("What we receive from others"),
        Origin.DERIVED.value: _("What we work out ourselves"),
    }.get(origin, "")
