"""What the register says of machines that judge people (GDPR Art. 22): as a promise to whoever reads it, and
what is wrong with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from people.models import Role

from . import spoken
from .health import SHOWN, Check
from .models import Automation, Basis, DataCategory, ProcessingActivity, Sensitivity

BY_MACHINE = (Automation.PROFILING, Automation.DECISION)
# A machine alone may decide by contract, by law or by explicit consent (Art. 22(2)), and from data of special
# categories by law or by consent (Art. 22(4)). For a school, the basis is the school's own.
NO_GROUND = (Basis.LEGITIMATE_INTERESTS, Basis.VITAL_INTERESTS)
NO_GROUND_FOR_SPECIAL = (*NO_GROUND, Basis.CONTRACT)


# --- For those it is about -------------------------------------------------------------------------


@dataclass(frozen=True)
class MachineUse:
    """One thing a machine does with data about people (Art. 13(2)(f), 15(1)(h))."""

    purpose: spoken.Name
    kind: str
    logic: spoken.Name
    consequences: spoken.Name
    protection: spoken.Name

    @property
    def what(self) -> str:
        if self.kind == Automation.PROFILING:
            return _(
                "A machine works something out about you. No decision that weighs on you is left to it alone."
            )
        return _(
            "A machine decides alone. You can have a person look at it, say how you see it, and contest it."
        )

    @property
    def parts(self) -> list[tuple[str, spoken.Name]]:
        """What the register has words for; the rest is a fault on the health page, not a blank line."""
        said = [
            (_("How it works"), self.logic),
            (_("What it means for you"), self.consequences),
            (_("What protects you"), self.protection),
        ]
        return [(label, name) for label, name in said if name.words]


def uses(activities: Iterable[ProcessingActivity]) -> list[MachineUse]:
    """Decisions first: they weigh most. What reads the same is told once."""
    rows = [row for row in activities if row.automation in BY_MACHINE]
    rows.sort(key=lambda row: row.automation != Automation.DECISION)
    return list(dict.fromkeys(_use(row) for row in rows))


def _use(row: ProcessingActivity) -> MachineUse:
    return MachineUse(
        purpose=spoken.name(row.purpose),
        kind=row.automation,
        logic=spoken.words(row.logic, row.logic_in),
        consequences=spoken.words(row.consequences, row.consequences_in),
        protection=spoken.words(row.protection, row.protection_in),
    )


def on_the_whole(found: Iterable[MachineUse]) -> str:
    if any(use.kind == Automation.DECISION for use in found):
        return _("Our register names decisions about you that a machine takes alone. They stand below.")
    return _("Our register names no decision about you that a machine takes alone.")


def public(on: date) -> list[MachineUse]:
    rows = ProcessingActivity.objects.live(on).filter(automation__in=BY_MACHINE).select_related("purpose")
    return uses(rows.order_by("purpose__name", "name", "pk"))


# --- For staff: what contradicts itself, what is missing ---------------------------------------------


def without_ground(automation: str, basis: str, categories: Iterable[DataCategory]) -> str:
    """Why a machine alone may not decide on this basis; empty when it may, or does not."""
    if automation != Automation.DECISION:
        return ""
    if basis in NO_GROUND:
        return "A machine alone may decide only for a contract, by law or by consent (GDPR Art. 22(2))."
    special = [f"“{row}”" for row in categories if row.sensitivity == Sensitivity.SPECIAL]
    if special and basis in NO_GROUND_FOR_SPECIAL:
        return f"From {' and '.join(special)} a machine alone may decide only by law or by consent (GDPR Art. 22(4))."
    return ""


def _found(on: date, lack: Q, words: str) -> Iterator[tuple[ProcessingActivity, str]]:
    for row in ProcessingActivity.objects.live(on).filter(lack)[: SHOWN + 1]:
        yield row, f"“{row}” {words}"


def _unprotected(on: date) -> Iterator[tuple[ProcessingActivity, str]]:
    """A decision needs a way to a person whomever it is about (Art. 22(3)); learners may be children."""
    judged = Q(automation=Automation.DECISION) | Q(whose_text__contains=f'"{Role.LEARNER.value}"')
    rows = ProcessingActivity.objects.live(on).with_whose_text()
    for row in rows.filter(judged, automation__in=BY_MACHINE, protection="")[: SHOWN + 1]:
        whom = "learners, who may be children," if Role.LEARNER in row.whose else "people"
        yield row, f"“{row}” lets a machine judge {whom} and names nothing that protects them."


def _groundless(on: date) -> Iterator[tuple[ProcessingActivity, str]]:
    links = ProcessingActivity.categories.through._default_manager.filter(
        processingactivity_id=OuterRef("pk"), datacategory__sensitivity=Sensitivity.SPECIAL
    )
    wrong = Q(basis__in=NO_GROUND) | Q(Exists(links), basis__in=NO_GROUND_FOR_SPECIAL)
    rows = ProcessingActivity.objects.live(on).filter(wrong, automation=Automation.DECISION)
    for row in rows.prefetch_related("categories")[: SHOWN + 1]:
        yield row, f"“{row}”: {without_ground(row.automation, row.basis, row.categories.all())}"


CHECKS = [
    Check(
        code="automation-unsaid",
        title="Activities that do not say whether a machine decides",
        cure="Say on the activity’s page whether a machine judges people or decides about them.",
        find=lambda on: _found(on, Q(automation=""), "does not say whether a machine alone decides."),
    ),
    Check(
        code="automation-without-words",
        title="Machines nobody explains",
        cure="Write how it works and what it means for people: the law lets them ask (GDPR Art. 13(2)(f), 15(1)(h)).",
        find=lambda on: _found(
            on,
            Q(Q(logic="") | Q(consequences=""), automation__in=BY_MACHINE),
            "lets a machine judge people and does not say how, or what it means for them.",
        ),
    ),
    Check(
        code="automation-without-protection",
        title="Machines nobody is protected from",
        cure="Name how a person steps in, and what protects a child (GDPR Art. 22(3), recital 71).",
        find=_unprotected,
    ),
    Check(
        code="automation-without-ground",
        title="Machines that decide without a ground",
        cure="Let a person decide, or put it on consent, a contract or a law.",
        find=_groundless,
    ),
]
