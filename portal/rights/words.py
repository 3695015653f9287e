"""How a case stands, in words of the requester: never the staff's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from law.models import Company
from portal.dates import day_of, spoken
from requests.copies import packages
from requests.erasing import erasure
from requests.models import (
    COPIES,
    Duty,
    ErasureOrder,
    Happened,
    LetterKind,
    Method,
    Outcome,
    Package,
    PauseReason,
    RequestEvent,
    Right,
    RightsRequest,
    Stage,
    Verdict,
)

RIGHTS: dict[str, Promise] = {
    Right.ACCESS: gettext_lazy("Get a copy"),
    Right.PORTABILITY: gettext_lazy("Get a copy for another service"),
    Right.RECTIFICATION: gettext_lazy("Correct something"),
    Right.ERASURE: gettext_lazy("Delete"),
    Right.RESTRICTION: gettext_lazy("Keep, but do not use"),
    Right.OBJECTION: gettext_lazy("Stop a use"),
    Right.OPT_OUT: gettext_lazy("Do not sell or share"),
    Right.COMPLAINT: pgettext_lazy("a kind of request", "Complaint"),
    Right.INQUIRY: pgettext_lazy("a kind of request", "Question"),
}

ENDS: dict[str, tuple[Promise, str, Promise]] = {
    Outcome.DONE: (gettext_lazy("Done"), "good", gettext_lazy("Your messages say what we did.")),
    Outcome.PARTLY: (
        gettext_lazy("Partly done"), "good",
        gettext_lazy("Your messages say what we did, what we did not do, and why."),
    ),
    Outcome.DENIED: (
        gettext_lazy("We said no"), "warn",
        gettext_lazy("Your messages say why, and how to ask for a second look."),
    ),
    Outcome.WITHDRAWN: (gettext_lazy("Withdrawn"), "", gettext_lazy("This request was taken back. You can send a new one.")),
    Outcome.UNVERIFIED: (
        gettext_lazy("Closed: not confirmed"), "",
        gettext_lazy("Nobody confirmed this request, so we did nothing. You can send it again."),
    ),
    Outcome.DUPLICATE: (
        gettext_lazy("Answered together"), "",
        gettext_lazy("You asked the same in another request. The answer is there."),
    ),
    Outcome.REROUTED: (gettext_lazy("Passed on"), "info", gettext_lazy("Somebody else decides this. Your messages say who.")),
    Outcome.SPAM: (gettext_lazy("Closed"), "", gettext_lazy("We closed this request.")),
}  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """A tag, its color, one sentence with a date. `needs` names what the requester can do: confirm, answer."""

    tag: str
    color: str
    sentence: str
    needs: str = ""
    due_on: date | None = None


def due_on(case: RightsRequest) -> date | None:
    return case.legal_due_on or case.strict_due_on


def standing(case: RightsRequest, at: datetime) -> Standing:
    if not case.is_open:
        return _ended(case, at)
    if case.stage == Stage.UNVERIFIED:
        return _to_show_who(case) or _unconfirmed(case)
    if case.pause_reason == PauseReason.CLARIFICATION:
        said = _("We asked you something. Please answer in your messages.")
        return Standing(_("Waiting for you"), "warn", said, "answer", due_on(case))
    if case.legal_due_on and case.legal_due_on < Company.current().today():
        return _late(case.legal_due_on)
    return _erasing(case, at) or _at_work(case)


def standing_for_others(case: RightsRequest, at: datetime) -> Standing:
    """For whoever feels it and did not ask: no sentence, for all of those speak to the requester."""
    if not case.is_open:
        tag, color, _sentence = ENDS[case.outcome]
        return Standing(str(tag), color, "")
    if erasing := _erasing(case, at):
        return Standing(erasing.tag, erasing.color, "")
    return Standing(_("We are working on it"), "info", "")


def _ended(case: RightsRequest, at: datetime) -> Standing:
    package = packages.open_to(case, at) if case.right in COPIES else None
    if package and package.last_day:
        said = _("Your copy is here until %s.") % spoken(package.last_day)
        return Standing(_("Ready for you"), "good", said, "fetch")
    tag, color, sentence = ENDS[case.outcome]
    if is_erased(case):
        return Standing(str(tag), color, _last_words(case, at), "nothing")
    return Standing(str(tag), color, str(sentence))


def is_erased(case: RightsRequest) -> bool:
    """Nobody is on file any more whom a code could be sent to."""
    order = order_of(case)
    return order is not None and order.done_at is not None


def _last_words(case: RightsRequest, at: datetime) -> str:
    """Who reads this may be anybody with the reference, so it names no address and no person."""
    ends = (case.closed_at or at) + erasure.LAST_LINK_LASTS
    if at < ends:
        said = _(
            "Our last mail leads to the letter that says what we deleted and what we keep. It does until %s."
        )
        return said % spoken(ends)
    return _(
        "Our last mail led to the letter that said what we deleted and what we keep. That letter is closed now."
    )


def _to_show_who(case: RightsRequest) -> Standing | None:
    if not case.identity_checks.filter(verdict=Verdict.OPEN, method=Method.DOCUMENT).exists():
        return None
    said = _("We could not find out by email who you are. Hand in a document, or write to us.")
    return Standing(_("Please show who you are"), "warn", said, "document")


def _unconfirmed(case: RightsRequest) -> Standing:
    company = Company.current()
    until = day_of(case.received_at, company) + timedelta(days=company.unverified_days)
    said = _("Open the link in our mail and press Confirm. Without that we close the request on %s.")
    return Standing(_("Confirm your address"), "warn", said % spoken(until), "confirm")


def _late(was_due: date) -> Standing:
    said = _(
        "We are late. This was due %s. You can complain to the data protection authority where you live."
    )
    return Standing(_("We are late"), "removed", said % spoken(was_due), due_on=was_due)


def _erasing(case: RightsRequest, at: datetime) -> Standing | None:
    order = order_of(case)
    if order is None or order.not_before is None or not erasure.is_stoppable(order, at):
        return None
    day = day_of(order.not_before)
    said = _("We delete it on %s. Until then you can stop it.") % spoken(day)
    return Standing(_("We are about to delete"), "warn", said, "stop", day)


def order_of(case: RightsRequest) -> ErasureOrder | None:
    return ErasureOrder.objects.filter(request=case).first() if case.right == Right.ERASURE else None


def _at_work(case: RightsRequest) -> Standing:
    until = due_on(case)
    ends = _("You hear from us by %s.") % spoken(until) if until else _("You hear from us soon.")
    if case.events.filter(kind=Happened.EXTENSION_NOTIFIED).exists():
        return Standing(_("We need more time"), "info", ends, due_on=until)
    if case.stage == Stage.REVIEW:
        return Standing(_("We are checking it"), "info", ends, due_on=until)
    return Standing(_("We are working on it"), "info", f"{_places(case)} {ends}".strip(), due_on=until)


def _places(case: RightsRequest) -> str:
    tasks = case.tasks.exclude(duty=Duty.RESUME)
    asked = tasks.exclude(stage="cancelled").count()
    if not asked:
        return ""
    answered = tasks.filter(stage="answered").count()
    return ngettext(
        "%(done)s of %(n)s place has answered.", "%(done)s of %(n)s places have answered.", asked
    ) % {"done": answered, "n": asked}


# What the requester sees of the ledger; what is not here is the house's own business.
TOLD: dict[str, Promise] = {
    Happened.RECEIVED: gettext_lazy("We got your request."),
    Happened.CONFIRMED: gettext_lazy("It was confirmed that this comes from you."),
    Happened.ID_REQUESTED: gettext_lazy("We asked you to show who you are."),
    Happened.ID_RECEIVED: gettext_lazy("You showed who you are."),
    Happened.IDENTITY_FAILED: gettext_lazy("What was shown did not tell us who you are."),
    Happened.ADDRESS_LOST: gettext_lazy("We were told that your address with us is lost. We wrote to it."),
    Happened.RESET: gettext_lazy("The details changed, so we asked for a new confirmation."),
    Happened.ACCEPTED: gettext_lazy("We began to work on it."),
    Happened.TASKS_OPENED: gettext_lazy("We asked every place that keeps data about you."),
    Happened.CLARIFICATION_REQUESTED: gettext_lazy("We asked you something."),
    Happened.CLARIFICATION_RECEIVED: gettext_lazy("You answered."),
    Happened.EXTENSION_NOTIFIED: gettext_lazy("We told you that we need more time, and why."),
    Happened.ERASURE_APPROVED: gettext_lazy("Two people checked what we will delete. You can stop it for some days."),
    Happened.ERASURE_STOPPED: gettext_lazy("The deletion was stopped."),
    Happened.ERASED: gettext_lazy("We deleted it."),
    Happened.PUT_FORWARD: gettext_lazy("Every place has answered. We look through the answer."),
    Happened.RELEASED: gettext_lazy("The answer is ready."),
    Happened.LIFTING_TOLD: gettext_lazy("We told you from when on we use your data again."),
    Happened.LIFTED: gettext_lazy("We use your data again."),
    Happened.END_TOLD: gettext_lazy("We told everybody who had to stop that it is over."),
    Happened.REFUSED: gettext_lazy("We said no, and told you why."),
    Happened.DOWNLOADED: gettext_lazy("The copy was downloaded."),
    Happened.APPEAL_RECEIVED: gettext_lazy("You asked for a second look."),
    Happened.CONVERTED: gettext_lazy("Your question became a request. It counts from the day you asked."),
    Happened.WITHDRAWN: gettext_lazy("The request was taken back."),
    Happened.CLOSED: gettext_lazy("We closed the request."),
}  # fmt: skip


def timeline(case: RightsRequest) -> Iterator[tuple[RequestEvent, str]]:
    for event in case.events.filter(kind__in=TOLD).order_by("at", "pk"):
        yield event, str(TOLD[event.kind])


LETTERS: dict[str, Promise] = {
    LetterKind.CLARIFICATION: gettext_lazy("We have a question"),
    LetterKind.EXTENSION: gettext_lazy("We need more time"),
    LetterKind.REFUSAL: gettext_lazy("We said no"),
    LetterKind.PARTIAL: gettext_lazy("We did a part of it"),
    LetterKind.ANSWER: gettext_lazy("Our answer"),
    LetterKind.COPY: gettext_lazy("Your copy is ready"),
    LetterKind.CORRECTED: gettext_lazy("We corrected it"),
    LetterKind.ERASED: gettext_lazy("What we deleted and what we keep"),
    LetterKind.RESTRICTED: gettext_lazy("We keep it, and do not use it"),
    LetterKind.LIFTING: gettext_lazy("We will use it again"),
    LetterKind.STOPPED: gettext_lazy("We stopped"),
    LetterKind.UNVERIFIED: gettext_lazy("We could not find out who you are"),
    LetterKind.APPEAL: gettext_lazy("The second look"),
    LetterKind.REROUTED: gettext_lazy("Your school decides this"),
}


def letter_name(kind: str) -> str:
    return str(LETTERS[kind]) if kind else _("A message from us")


def fetches_left(package: Package) -> int:
    return max(Company.current().download_count - package.downloads, 0)
