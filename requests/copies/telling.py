"""What the law wants told with a copy (GDPR Art. 15(1)(a)–(h), 15(2)): from the registers, as of one day.

What staff wrote stays as they wrote it; our own words come in the language that is on."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from inventory import automation, spoken
from inventory.models import Basis, DataCategory, Origin, ProcessingActivity, RetentionRule
from law.applying import pattern
from law.models import Company
from processors.models import LIVE, Processor, Transfer
from processors.public_list import words
from requests import clocks, guards
from requests.models import Right, RightsRequest
from requests.saying import letters

from . import gathering

Told = dict[str, Any]
# Laws that give the right to carry over only what was given, or seen in the person's use, by consent or
# for a contract (GDPR Art. 20(1); FADP Art. 28(1); guidelines WP 242 rev.01). Others give it for everything.
LIMITED = ("eu_gdpr", "uk_gdpr", "ch_fadp")
CARRIED_ORIGINS = (Origin.PROVIDED.value, Origin.AUTOMATIC.value)
CARRIED_BASES = (Basis.CONSENT.value, Basis.CONTRACT.value)


def told(request: RightsRequest, *, on: date) -> Told:
    """Everything but the data itself, for `index.html` and `index.json`."""
    role = guards.subject_of(request).role
    activities = _activities(role, on)
    machines = automation.uses(activities)
    kinds = sorted({kind for row in activities for kind in row.categories.all()}, key=lambda kind: kind.name)
    return {
        "purposes": purposes(activities),
        "categories": [_category(kind, role) for kind in kinds],
        "recipients": recipients(activities),
        "rights": rights(),
        "complaint": letters.routes(request),
        "automated_decisions": automation.on_the_whole(machines),
        "machines": [machine(use) for use in machines],
        "safeguards": _("You can have a copy of these safeguards. Write to %(email)s.")
        % {"email": Company.current().contact_email},
        "not_carried_over": [kind.name for kind in outside(request, on=on)],
    }


def _activities(role: str, on: date) -> list[ProcessingActivity]:
    rows = ProcessingActivity.objects.live(on).select_related("purpose").order_by("purpose__name", "name")
    transfers = Prefetch("recipients__processor__transfers", Transfer.objects.live(on))
    rows = rows.prefetch_related("categories", "recipients__processor", transfers)
    return [row for row in rows if role in row.whose]


def purposes(activities: Iterable[ProcessingActivity]) -> list[Told]:
    """Why data is used, and which (Art. 15(1)(a), (b)); each purpose once."""
    found: dict[int, Told] = {}
    for row in activities:
        use = found.setdefault(
            row.purpose_id, {"purpose": row.purpose.name, "text": row.purpose.text, "data": set()}
        )
        use["data"] |= {kind.name for kind in row.categories.all()}
    return [{**use, "data": sorted(use["data"])} for use in found.values()]


def _category(kind: DataCategory, role: str) -> Told:
    """Where it comes from, and how long it stays (Art. 15(1)(d), (g))."""
    rules = RetentionRule.objects.filter(category=kind, role__in=["", role]).select_related("purpose")
    own = [rule for rule in rules if rule.role] or list(rules)
    return {
        "name": kind.name,
        "source": spoken.source(kind.origin) or _("Not on our register"),
        "kept": [f"{rule.purpose.name}: {spoken.period(rule)}" for rule in own],
    }


def machine(use: automation.MachineUse) -> Told:
    """What a machine works out or decides about them, how, and what it means (Art. 15(1)(h))."""
    return {
        "purpose": use.purpose.words,
        "language": use.purpose.language,
        "what": use.what,
        "says": [
            {"about": label, "words": said.words, "language": said.language} for label, said in use.parts
        ],
    }


def recipients(activities: Iterable[ProcessingActivity]) -> list[Told]:
    """Who receives it, and what protects it outside its country (Art. 15(1)(c), 15(2))."""
    found: dict[int, Told] = {}
    for row in activities:
        for link in row.recipients.all():
            processor = link.processor
            if processor.status not in LIVE:
                continue
            entry = found.setdefault(
                processor.pk, {"name": processor.name, "data": set(), "abroad": _abroad(processor)}
            )
            entry["data"] |= {kind.name for kind in row.categories.all()}
    told = sorted(found.values(), key=lambda entry: str(entry["name"]))
    return [{**entry, "data": sorted(entry["data"])} for entry in told]


def _abroad(processor: Processor) -> list[Told]:
    pairs = {
        (words.country_name(row.destination), words.safeguard(row.mechanism))
        for row in processor.transfers.all()
    }
    return [{"country": country, "safeguard": safeguard} for country, safeguard in sorted(pairs)]


def rights() -> list[str]:
    """Art. 15(1)(e)."""
    return [
        _("You can have us correct data that is wrong."),
        _("You can have us delete data."),
        _("You can have us keep data without using it."),
        _("You can object to a use."),
    ]


# --- The right to carry data over (Art. 20) ----------------------------------------------------


def carried_over(request: RightsRequest, *, on: date) -> list[gathering.Part]:
    """Our rows for a copy: all of them, or for a copy to carry over those the right covers."""
    left = {kind.code for kind in outside(request, on=on)}
    found = gathering.parts(guards.subject_of(request))
    return [part for part in found if part.holding.category not in left]


def outside(request: RightsRequest, *, on: date) -> list[DataCategory]:
    """What we hold here and need not give to be carried over. Only what the register says so clearly:
    where it is silent, the doubt is the requester's gain."""
    if request.right != Right.PORTABILITY or not _is_limited(request):
        return []
    subject = guards.subject_of(request)
    held = {part.holding.category for part in gathering.parts(subject)}
    bases = _bases(subject.role, on)
    kinds = DataCategory.objects.filter(code__in=held)
    return [kind for kind in kinds if not _is_carried(kind, bases.get(kind.pk, set()))]


def _is_limited(request: RightsRequest) -> bool:
    """The rights of all laws of a case add up, so one that gives more is enough."""
    codes = [pattern(row.code) for row in clocks.binding(request)]
    return bool(codes) and all(code in LIMITED for code in codes)


def _bases(role: str, on: date) -> dict[int, set[str]]:
    """Category → the lawful bases of all that is done with it; an empty one where nobody wrote it down."""
    found: dict[int, set[str]] = {}
    live = ProcessingActivity.objects.live(on).order_by().filter(categories__isnull=False)
    for category, basis, whose in live.values_list("categories", "basis", "whose").distinct():
        if role in whose:
            found.setdefault(category, set()).add(basis)
    return found


def _is_carried(kind: DataCategory, bases: set[str]) -> bool:
    has_origin = not kind.origin or kind.origin in CARRIED_ORIGINS
    return has_origin and (not bases or "" in bases or bool(bases.intersection(CARRIED_BASES)))
