"""What is wrong in the registers, as data: the health page, the morning page and the promises read it.

Upper apps and retention add their own: `health.checks.append(Check(...))`, in `ready()` or where the
check is written."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery

from people.models import Role

from .guards import BASIS_FOR_EVERYTHING
from .models import (
    DataCategory,
    LooseEnd,
    Measure,
    ProcessingActivity,
    Purpose,
    PurposeBasis,
    Regime,
    System,
)

SHOWN = 100  # of one kind; whoever has more knows where to start
KNOWN_FOR = 600  # seconds that a count is believed


@dataclass(frozen=True)
class Fault:
    """One thing to put right: a sentence for staff, and the row it is about."""

    code: str
    sentence: str
    about: Model

    @property
    def reference(self) -> tuple[str, str]:
        """As audit events name a row: ("inventory.system", "12")."""
        return self.about._meta.label_lower, str(self.about.pk)

    @property
    def words(self) -> str:
        """What is said of the row, after its name; empty where the sentence does not begin with it."""
        name = f"“{self.about}” "
        return self.sentence.removeprefix(name) if self.sentence.startswith(name) else ""


@dataclass(frozen=True)
class Group:
    """Faults of which the same is said. Without words they are one, and its sentence says it all."""

    words: str
    faults: list[Fault]


@dataclass(frozen=True, kw_only=True)
class Check:
    """`find(on)` yields a (row, sentence) for each fault of that day, lazily where rows are many."""

    code: str
    title: str
    cure: str
    find: Callable[[date], Iterable[tuple[Any, str]]]

    def faults(self, on: date) -> Iterator[Fault]:
        return (Fault(self.code, sentence, row) for row, sentence in self.find(on))


@dataclass(frozen=True)
class Diagnosis:
    check: Check
    faults: list[Fault]
    has_more: bool

    @property
    def groups(self) -> Iterator[Group]:
        said: dict[str, list[Fault]] = {}
        for fault in self.faults:
            said.setdefault(fault.words, []).append(fault)
        for words, faults in said.items():
            if words and len(faults) > 1:
                yield Group(words, faults)
            else:
                yield from (Group("", [fault]) for fault in faults)

    @property
    def count(self) -> str:
        return f"more than {SHOWN}" if self.has_more else str(len(self.faults))


def examine(on: date) -> list[Diagnosis]:
    """Every check that finds something, in the order they joined, each with its first faults."""
    found = [(check, list(islice(check.faults(on), SHOWN + 1))) for check in checks]
    return [Diagnosis(check, faults[:SHOWN], len(faults) > SHOWN) for check, faults in found if faults]


def faults_of(among: Iterable[Check], on: date, *codes: str) -> list[Fault]:
    """The first faults of some checks, for a promise that rests on them."""
    wanted = [check for check in among if check.code in codes]
    return [fault for check in wanted for fault in islice(check.faults(on), SHOWN)]


def in_words(faults: list[Fault]) -> str:
    return " ".join(fault.sentence for fault in faults[:3]) + (" And more." if len(faults) > 3 else "")


def rows_of(faults: list[Fault]) -> list[Model]:
    return [fault.about for fault in faults]


def count(on: date) -> int:
    """Faults the page shows: past a hundred of one kind, a hundred. As it was at most ten minutes ago, or
    when somebody last looked at the page: whoever opens the desk need not wait for every register."""
    known: int | None = cache.get(_key(on))
    return remember(examine(on), on) if known is None else known


def remember(found: list[Diagnosis], on: date) -> int:
    number = sum(len(diagnosis.faults) for diagnosis in found)
    cache.set(_key(on), number, KNOWN_FOR)
    return number


def _key(on: date) -> str:
    return f"inventory.health.{on}"


def _unused_categories(on: date) -> Iterator[tuple[DataCategory, str]]:
    links = ProcessingActivity.categories.through._default_manager.filter(
        _goes_on("processingactivity__", on), datacategory_id=OuterRef("pk")
    )
    # Not Exists(): that would be planned as a join with every link, where one probe a category is enough.
    held = DataCategory.objects.filter(is_never_held=False).annotate(a_use=Subquery(links.values("pk")[:1]))
    for category in held.filter(a_use=None):
        yield category, f"“{category}” is kept, but no purpose uses it."


def _goes_on(prefix: str, on: date) -> Q:
    """As ProcessingActivityQuerySet.live, seen from a link to an activity."""
    ends = (f"{prefix}ended_on", f"{prefix}purpose__ended_on")
    return Q(*(Q((end, None)) | Q((f"{end}__gt", on)) for end in ends))


def _activities(on: date, lack: Q, words: str) -> Iterator[tuple[ProcessingActivity, str]]:
    for activity in _few(ProcessingActivity.objects.live(on).with_whose_text().filter(lack)):
        yield activity, f"“{activity}” {words}"


def _few(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows[: SHOWN + 1]


def _without_links(name: str) -> Q:
    """Loose ends are an upper bound, so the links themselves have the last word."""
    through = getattr(ProcessingActivity, name).through
    links = through._default_manager.filter(processingactivity_id=OuterRef("pk"))
    return Q(~Exists(links), pk__in=LooseEnd.objects.filter(lacks=name).values("activity"))


def _naming_never_held(on: date) -> Iterator[tuple[ProcessingActivity, str]]:
    links = ProcessingActivity.categories.through._default_manager.filter(
        _goes_on("processingactivity__", on), datacategory__is_never_held=True
    )
    for link in _few(links.select_related("processingactivity", "datacategory")):
        activity, category = link.processingactivity, link.datacategory
        yield activity, f"“{activity}” uses “{category}”, which we tell people we never keep."


def _naming_ended_purpose(on: date) -> Iterator[tuple[ProcessingActivity, str]]:
    ended = list(Purpose.objects.filter(ended_on__lte=on).values_list("pk", flat=True))
    rows = ProcessingActivity.objects.filter(Q(ended_on=None) | Q(ended_on__gt=on), purpose__in=ended)
    for activity in _few(rows.select_related("purpose")):
        yield activity, f"“{activity}” goes on, but its purpose “{activity.purpose}” has ended."


def _naming_ended_system(on: date) -> Iterator[tuple[ProcessingActivity, str]]:
    links = ProcessingActivity.systems.through._default_manager.filter(
        _goes_on("processingactivity__", on), system__ended_on__lte=on
    )
    for link in _few(links.select_related("processingactivity", "system")):
        activity = link.processingactivity
        yield activity, f"“{activity}” names the system “{link.system}”, which is no longer in use."


def _overdue_measures(on: date) -> Iterator[tuple[Measure, str]]:
    for measure in _few(Measure.objects.filter(next_review_on__lt=on).order_by("next_review_on")):
        yield measure, f"The review of “{measure}” was due on {measure.next_review_on:%-d %B %Y}."


def live_purposes(on: date) -> QuerySet[Purpose]:
    return Purpose.objects.filter(Q(ended_on=None) | Q(ended_on__gt=on))


def _purposes_without_basis(on: date) -> Iterator[tuple[Purpose, str]]:
    """A law binds us when some purpose has a basis under it; then every purpose needs one."""
    used = PurposeBasis.objects.filter(regime__in=BASIS_FOR_EVERYTHING).values_list("regime", flat=True)
    binding = {Regime(regime) for regime in used.distinct()} or {Regime.EU_GDPR}
    for purpose in live_purposes(on).prefetch_related("bases"):
        missing = binding - {Regime(basis.regime) for basis in purpose.bases.all()}
        if missing:
            laws = " and ".join(sorted(str(regime.label) for regime in missing))
            yield purpose, f"“{purpose}” has no lawful basis under {laws}."


def _purposes_without_child_text(on: date) -> Iterator[tuple[Purpose, str]]:
    of_learners = [
        text for text in ProcessingActivity.objects.whose_texts() if Role.LEARNER in json.loads(text)
    ]
    live = ProcessingActivity.objects.live(on).order_by().with_whose_text()
    uses = live.filter(purpose=OuterRef("pk"), whose_text__in=of_learners)
    silent = live_purposes(on).filter(child_text="").annotate(a_use=Subquery(uses.values("pk")[:1]))
    for purpose in silent.exclude(a_use=None):
        yield purpose, f"“{purpose}” uses learners’ data and has no text for children."


def _systems_without_owner(on: date) -> Iterator[tuple[System, str]]:
    rows = System.objects.filter(Q(ended_on=None) | Q(ended_on__gt=on), owner=None, owner_email="")
    for system in rows:
        yield system, f"Nobody answers for “{system}”."


checks: list[Check] = [
    Check(
        code="category-without-purpose",
        title="Kept without a purpose",
        cure="Name it in the activity that needs it, or stop collecting it.",
        find=_unused_categories,
    ),
    Check(
        code="activity-without-basis",
        title="Activities without a lawful basis",
        cure="Choose the basis on the activity’s page.",
        find=lambda on: _activities(on, Q(basis=""), "has no lawful basis."),
    ),
    Check(
        code="activity-without-categories",
        title="Activities that name no data",
        cure="Say which data the activity uses.",
        find=lambda on: _activities(on, _without_links("categories"), "does not say which data it uses."),
    ),
    Check(
        code="activity-without-systems",
        title="Activities without a place",
        cure="Say in which systems the data lies.",
        find=lambda on: _activities(on, _without_links("systems"), "does not say where its data lies."),
    ),
    Check(
        code="activity-without-whose",
        title="Activities about nobody",
        cure="Say whose data the activity uses.",
        find=lambda on: _activities(on, Q(whose_text="[]"), "does not say whose data it uses."),
    ),
    Check(
        code="activity-never-held",
        title="Activities that use what we never keep",
        cure="Take the data out of the activity, or stop declaring it as never held.",
        find=_naming_never_held,
    ),
    Check(
        code="activity-ended-purpose",
        title="Activities for a purpose that has ended",
        cure="End the activity, or give it another purpose.",
        find=_naming_ended_purpose,
    ),
    Check(
        code="activity-ended-system",
        title="Activities in a system that has ended",
        cure="Say where the data lies now.",
        find=_naming_ended_system,
    ),
    Check(
        code="purpose-without-basis",
        title="Purposes without a lawful basis",
        cure="Add the basis for each law on the purpose’s page.",
        find=_purposes_without_basis,
    ),
    Check(
        code="purpose-without-child-text",
        title="Purposes children cannot read",
        cure="Write a sentence a nine-year-old understands.",
        find=_purposes_without_child_text,
    ),
    Check(
        code="system-without-owner",
        title="Systems nobody answers for",
        cure="Name an owner.",
        find=_systems_without_owner,
    ),
    Check(
        code="measure-overdue",
        title="Safeguards overdue for review",
        cure="Look whether it still works, and record the evidence.",
        find=_overdue_measures,
    ),
]
