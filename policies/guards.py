"""What must hold before something happens to a version: each raises `Refused` or returns."""

from datetime import date

from law.models import Company
from people.models import User

from . import diff, promising
from .markdown import find_placeholders
from .models import PolicyText, PolicyVersion, Status
from .promising import Pairs
from .refusals import (
    AlreadyInForce,
    DateTaken,
    NeedsSecondPerson,
    NotReady,
    NoVisibleChange,
    PromiseBroken,
    TooEarly,
    WrongStage,
)

MOST_POINTS = 5


def may_become(version: PolicyVersion, status: Status) -> None:
    if status not in PolicyVersion.transitions[version.status]:
        raise WrongStage(_stage_sentence(version, status))


def is_draft(version: PolicyVersion) -> None:
    if version.status != Status.DRAFT:
        raise WrongStage(f"This version is {version.get_status_display()}. Send it back to draft first.")


def waits_for_publication(version: PolicyVersion) -> None:
    if version.status not in (Status.REVIEW, Status.APPROVED):
        raise WrongStage(f"This version is {version.get_status_display()}. Put it forward first.")


def is_second_person(version: PolicyVersion, by: User, what: str) -> None:
    """Four eyes: whoever put the text forward does not also wave it through."""
    if version.submitted_by_id in (None, by.pk):
        raise NeedsSecondPerson(f"You put this version forward yourself. A second person has to {what}.")


def is_complete(version: PolicyVersion) -> None:
    """All that readers and recipients need is there; lists everything missing at once."""
    if missing := list(_missing(version)):
        raise NotReady(" ".join(missing))
    changes_something(version)
    day_is_free(version)


def changes_something(version: PolicyVersion) -> None:
    before = PolicyVersion.objects.before(version).first()
    if before and before.original and version.original:
        _differs(before.original, version.original.body)


def differs_from_the_one_before(version: PolicyVersion, body: str) -> None:
    """History too: a version that reads the same as the one before it is no version."""
    before = PolicyVersion.objects.before(version).first()
    if before and before.original:
        _differs(before.original, body)


def day_is_free(version: PolicyVersion) -> None:
    same_day = PolicyVersion.objects.published().filter(
        policy=version.policy_id, effective_on=version.effective_on
    )
    if same_day.exclude(pk=version.pk).exists():
        raise DateTaken("Another version of this policy takes effect on that day. Choose another date.")


def is_publishable(version: PolicyVersion, *, on: date) -> None:
    """Complete, not in the past, and the notice period kept or knowingly shortened."""
    is_complete(version)
    company = Company.current()
    if version.effective_on is None or version.effective_on < on:
        raise TooEarly("The effective date is in the past. Send it back to draft and choose a later one.")
    if version.is_significant and not version.early_by_id:
        earliest = date.fromordinal(min(on.toordinal() + company.notice_days, date.max.toordinal()))
        if version.effective_on < earliest:
            raise TooEarly(
                f"People get {company.notice_days} days’ notice of a significant change, so it can take "
                f"effect on {earliest:%-d %B %Y} at the earliest. An earlier date needs a second person’s reason."
            )


def keeps_its_promises(version: PolicyVersion, found: Pairs) -> None:
    """None of the broken promises is without a second person's reason; `found` are those broken."""
    if stopping := promising.unanswered(version, found):
        said = " ".join(
            f"The text promises “{promise.says}”, and that is broken: {finding.sentence}"
            for promise, finding in stopping
        )
        raise PromiseBroken(
            f"{said} Mend it first, or a second person writes why it may be published all the same "
            "(“Answer for a broken promise…”)."
        )


def did_not_answer(version: PolicyVersion, by: User) -> None:
    """Whoever wrote why a broken promise may go out is a second person: they do not publish it too."""
    if version.despite_by_id == by.pk:
        raise NeedsSecondPerson(
            "You answered for a broken promise in this version. Somebody else publishes or plans it."
        )


def may_answer(version: PolicyVersion, by: User) -> None:
    is_second_person(version, by, "answer for its promises")
    if version.planned_by_id == by.pk:
        raise NeedsSecondPerson(
            "You planned its publication yourself. A second person has to answer for its promises."
        )


def is_to_come(day: date, *, after: date) -> None:
    """What is planned for today or earlier would go out within a minute, with nobody looking."""
    if day <= after:
        raise TooEarly("Plan it for a day that is still to come. To publish it now, use “Publish…”.")


def has_not_begun(version: PolicyVersion, *, on: date) -> None:
    if version.effective_on and version.effective_on <= on:
        raise AlreadyInForce("This version has taken effect. Publish a new one instead.")


def _missing(version: PolicyVersion) -> list[str]:
    missing = []
    if not version.effective_on:
        missing.append("Set the effective date.")
    if not version.significance:
        missing.append("Decide whether the change is significant.")
    if version.original is None:
        missing.append(f"Write the text in {version.policy.get_language_display()}, the original language.")
    for text in version.texts.all():
        missing += _missing_in(text, needs_points=version.is_significant)
    return missing


def _missing_in(text: PolicyText, *, needs_points: bool) -> list[str]:
    language, missing = text.get_language_display(), []
    if not text.body.strip():
        missing.append(f"The {language} text is empty.")
    if needs_points and not 1 <= len(text.points) <= MOST_POINTS:
        missing.append(
            f"Say what changes in {language}: 1 to {MOST_POINTS} sentences, each on a line of its own."
        )
    for placeholder in find_placeholders(f"{text.title}\n{text.summary}\n{text.body}"):
        missing.append(f"The {language} text contains “{placeholder}”, which nobody would fill in.")
    return missing


def _differs(before: PolicyText, body: str) -> None:
    if not diff.has_visible_change(before.body, body):
        raise NoVisibleChange(
            "There is no visible change from the version before it: only spaces or formatting."
        )


def _stage_sentence(version: PolicyVersion, status: Status) -> str:
    if version.status == Status.PUBLISHED and version.published_at:
        who = version.published_by.get_short_name() if version.published_by else "the import"
        return f"This version was published by {who} on {version.published_at:%-d %B %Y at %H:%M} UTC."
    return f"This version is {version.get_status_display()}; it cannot become {status.label} now."
