"""How long something is kept, in the language of whoever reads it."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from audit.personal import StartEvent, Then
from law.calendar import Unit
from people.models import Role

from .models import Origin, RetentionRule


def kept(rule: RetentionRule) -> str:
    """“Learners: 3 years after the last activity, then deleted”."""
    end = period(rule)
    return f"{whose(rule.role)}: {end}" if rule.role else end


def period(rule: RetentionRule) -> str:
    if rule.number is None:
        return _("without a fixed end")
    lengths = {
        Unit.YEARS: ngettext("%(n)d year", "%(n)d years", rule.number),
        Unit.MONTHS: ngettext("%(n)d month", "%(n)d months", rule.number),
        Unit.DAYS: ngettext("%(n)d day", "%(n)d days", rule.number),
    }
    words = {
        "period": lengths[Unit(rule.unit)] % {"n": rule.number},
        "event": _start(StartEvent(rule.start_event)),
        "then": _then(Then(rule.then)),
    }
    return _("%(period)s, counted from %(event)s; then %(then)s") % words


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
