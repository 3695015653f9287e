"""Which questions of the form a visitor is asked, and in what order."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from people.regions import KNOWN
from requests.models import Right

from .questions import (
    AGENT,
    CHILD,
    SELF,
    AboutForm,
    BornForm,
    ContactForm,
    CopyForm,
    CorrectionsForm,
    DetailsForm,
    LimitForm,
    NeedForm,
    RegionForm,
    StepForm,
    TalkForm,
    Visit,
    WhereForm,
    WhoForm,
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    slug: str
    form: type[StepForm]
    asked: Callable[[Visit], bool] = lambda visit: True


def _a_stranger(visit: Visit) -> bool:
    return visit.person is None


def _has_choice(visit: Visit) -> bool:
    """Asked again, too, when the child somebody chose is theirs no more: it must not become about them."""
    return visit.person is None or bool(visit.children) or visit.who != SELF


STEPS = [
    Step("need", NeedForm),
    Step("copy", CopyForm, lambda visit: "copy" in visit.needs),
    Step("limit", LimitForm, lambda visit: "limit" in visit.needs),
    Step("talk", TalkForm, lambda visit: "talk" in visit.needs),
    Step("who", WhoForm, _has_choice),
    Step("about", AboutForm, lambda visit: _a_stranger(visit) and visit.who != SELF),
    Step("where", WhereForm, _a_stranger),
    Step(
        "region", RegionForm, lambda visit: _a_stranger(visit) and visit.answer("where", "country") in KNOWN
    ),
    Step("born", BornForm, lambda visit: _a_stranger(visit) and visit.who == SELF),
    Step("contact", ContactForm, _a_stranger),
    Step("corrections", CorrectionsForm, lambda visit: Right.RECTIFICATION.value in visit.rights),
    Step("details", DetailsForm),
]
BY_SLUG = {step.slug: step for step in STEPS}


def path_of(visit: Visit) -> list[Step]:
    return [step for step in STEPS if step.asked(visit)]


def first_open(visit: Visit) -> Step | None:
    """The first question without an answer; None when all are answered."""
    return next((step for step in path_of(visit) if not _is_answered(visit, step)), None)


def _is_answered(visit: Visit, step: Step) -> bool:
    """An answer holds as long as it may be given: a guardianship may end, a visitor sign in, meanwhile."""
    if step.slug == "who" and "who" in visit.answers:
        return visit.who in ([SELF] if visit.person else [SELF, CHILD, AGENT]) or visit.child is not None
    return step.slug in visit.answers


def before(visit: Visit, slug: str) -> Step | None:
    earlier: Step | None = None
    for step in path_of(visit):
        if step.slug == slug:
            return earlier
        if step.slug not in visit.given:
            earlier = step
    return earlier


def is_stopped(visit: Visit) -> bool:
    """Too young to go on alone: the page that follows says how to go on together."""
    return visit.person is None and visit.who == SELF and bool(visit.answer("born", "is_young", False))


def new_submission() -> str:
    return str(uuid.uuid4())
