"""Mails about a case: they say that there is news and of what kind, never what it is (design, truth 6)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from law.models import Company
from notices import mail
from people.models import Person
from requests.models import LetterKind, RequesterKind, RightsRequest

# Names of templates/notices/requests/*, of the portal's addresses, and what a link may do.
CONFIRM, REMINDER, ADDRESS_LOST, ADDRESS_CHANGED = (
    "requests.confirm",
    "requests.reminder",
    "requests.address_lost",
    "requests.address_changed",
)
RECEIVED, BEGUN, LONGER, QUESTION = (
    "requests.received",
    "requests.begun",
    "requests.longer",
    "requests.question",
)
COPY_READY, DONE, ANSWERED, NEWS = (
    "requests.copy_ready",
    "requests.done",
    "requests.answered",
    "requests.news",
)
# What is said of a letter: that it is there, and of what kind, never what is in it. The letter that ends an
# erasure has a mail of its own (`erasure.LAST`), for nobody is on file any more who could open the page.
OF_LETTER: dict[str, str] = {
    "": NEWS,
    LetterKind.CLARIFICATION: QUESTION,
    LetterKind.EXTENSION: LONGER,
    LetterKind.COPY: COPY_READY,
    LetterKind.CORRECTED: DONE,
    LetterKind.RESTRICTED: DONE,
    LetterKind.STOPPED: DONE,
    LetterKind.REFUSAL: ANSWERED,
    LetterKind.PARTIAL: ANSWERED,
    LetterKind.ANSWER: ANSWERED,
    LetterKind.APPEAL: ANSWERED,
    LetterKind.REROUTED: ANSWERED,
    LetterKind.UNVERIFIED: ANSWERED,
    LetterKind.LIFTING: NEWS,
}
# The days a mail may name.
DAYS = {
    RECEIVED: ("received_on", "due_on"),
    BEGUN: ("due_on",),
    LONGER: ("due_on",),
    COPY_READY: ("copy_until_on",),
    ANSWERED: ("copy_until_on",),
}
CONFIRM_PURPOSE = "requests.confirm"
CONFIRM_PAGE, STATUS_PAGE = "portal:request_confirm", "portal:request"


@dataclass(frozen=True)
class Whom:
    """Who hears of a case. Only ever somebody on file, or whoever asked a question that gives nothing away."""

    address: str
    person_id: int | None
    greeting: str = ""


def whom(request: RightsRequest) -> Whom | None:
    """Never the address typed in the form, unless all we send there is an answer to a question (abuse A1).

    For an agent it is the person themselves (abuse A9)."""
    person = request.subject if request.requester_kind == RequesterKind.AGENT else request.requester
    if person is not None:
        return on_file(person)
    if request.needs_identity:
        return None
    typed = request.particulars.email if hasattr(request, "particulars") else ""
    return Whom(typed, None) if typed else None


def on_file(person: Person) -> Whom | None:
    if not person.email or person.undeliverable_at or person.erased_at:
        return None
    return Whom(person.email, person.pk, person.given_name)


def post_news(request: RightsRequest, event: str = NEWS, *, at: datetime) -> bool:
    """There is something new on the status page. False when nobody can be written to."""
    link = mail.to_page(STATUS_PAGE, request.reference)
    return _post(event, request, whom(request), at, link, **_days(event, request, at))


def post_letter(request: RightsRequest, letter: str, *, at: datetime) -> bool:
    """A letter or a message lies on the status page."""
    return letter != LetterKind.ERASED and post_news(request, OF_LETTER[letter], at=at)


def _days(event: str, request: RightsRequest, at: datetime) -> dict[str, str]:
    """Those that are known; a due day that is over promises nothing."""
    company, due_on = Company.current(), request.legal_due_on or request.strict_due_on
    known = {
        "received_on": company.day_of(request.received_at),
        "due_on": due_on if due_on and due_on >= company.day_of(at) else None,
        "copy_until_on": _last_day_of_copy(request),
    }
    return {name: day.isoformat() for name in DAYS.get(event, ()) if (day := known[name])}


def _last_day_of_copy(request: RightsRequest) -> date | None:
    copy = request.packages.filter(released_at__isnull=False, removed_at=None).first()
    return copy.last_day if copy else None


def post_reminder(request: RightsRequest, person: Person, *, closes_at: datetime, at: datetime) -> bool:
    return _post(REMINDER, request, on_file(person), at, _confirm_link(request, closes_at - at))


def post_link(request: RightsRequest, person: Person, *, at: datetime, until: datetime | None = None) -> bool:
    """Ask whoever reads the address on file whether it was them. `until` is when the case closes, for a link
    that is sent again: no mail promises more time than there is."""
    lasts = until - at if until else timedelta(days=Company.current().unverified_days)
    return _post(CONFIRM, request, on_file(person), at, _confirm_link(request, lasts))


def post_address_lost(request: RightsRequest, person: Person, *, at: datetime) -> bool:
    """To the very address that is said to be lost: its owner can object while we wait (abuse A2)."""
    return _post(ADDRESS_LOST, request, on_file(person), at, mail.to_page(STATUS_PAGE, request.reference))


def post_address_changed(request: RightsRequest, former: Whom, *, at: datetime) -> bool:
    """To the address that was on file until now: its owner can still object (abuse A2, A20)."""
    return _post(ADDRESS_CHANGED, request, former, at, mail.to_page(STATUS_PAGE, request.reference))


def _confirm_link(request: RightsRequest, lasts: timedelta) -> mail.LinkSpec:
    return mail.LinkSpec(
        CONFIRM_PURPOSE, CONFIRM_PAGE, lasts=lasts, with_code=True, args=(request.reference,)
    )


def _post(
    event: str, request: RightsRequest, to: Whom | None, at: datetime, link: mail.LinkSpec, **days: str
) -> bool:
    if to is None:
        return False
    reader = mail.Reader(to.address, request.language, to.person_id, to.greeting)
    context = {"reference": request.reference, **days}
    mail.post(event, request, to=reader, context=context, link=link, at=at)
    return True
