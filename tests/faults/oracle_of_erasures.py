"""What became of erasures: each wholly done or wholly stopped, told from here, from the systems that were asked,
from the ledger outside and from the mail server's log."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from audit import outside_file
from audit.models import Event
from notices.models import Mail, MailStatus
from people.models import Guardianship
from requests.erasing import erasure
from requests.keeping import vault
from requests.models import ErasureOrder, Happened, Outcome, RightsRequest, SealedFile
from tests.notices.sink import Sink

from .oracle import Outcome as Verdict

DECIDED = ("propose_erasure", "approve_erasure", "accept", "close")
DONE, STOPPED = (*DECIDED, "erase"), (*DECIDED, "stop_erasure")


class Told(Protocol):
    """A system at the other end: who is still there, and every erasure that it did."""

    erased: list[str]

    def knows(self, person: str) -> bool: ...


def of_erasures(cases: Mapping[int, str], ends: Sequence[Told], sink: Sink) -> Verdict:
    """Lost is a case that is neither done nor stopped to the end, and a last mail that never came.

    `cases` are their numbers, each with the name by which the systems know whom it is about."""
    orders = list(ErasureOrder.objects.filter(request__in=cases).select_related("request__subject"))
    mails = {mail.message_id: mail for mail in Mail.objects.all()}
    copies = Counter(sink.message_ids)
    lines = Counter(entry.ref for entry in outside_file.verified() if entry.kind == "erasure")
    wrong = [
        *(fault for order in orders for fault in _faults(order, cases[order.request_id], ends, lines)),
        *(f"{one} came and nobody wrote it down" for one in copies.keys() - mails.keys()),
        *(f"{one} came twice and has no flag" for one in _repeated(copies) if not _is_flagged(mails, one)),
    ]
    unfinished = sum(order.request.is_open for order in orders) + len(cases) - len(orders)
    return Verdict(unfinished + _unsent(orders, mails.values(), copies), copies.total() - len(copies), wrong)


def _repeated(copies: Counter[str]) -> Iterator[str]:
    return (one for one, count in copies.items() if count > 1)


def _is_flagged(mails: dict[str, Mail], message_id: str) -> bool:
    mail = mails.get(message_id)
    return mail is not None and mail.is_possible_duplicate


def _unsent(orders: Iterable[ErasureOrder], mails: Iterable[Mail], copies: Counter[str]) -> int:
    last = [mail for mail in mails if mail.event == erasure.LAST]
    done = sum(order.done_at is not None for order in orders)
    arrived = sum(mail.message_id in copies and mail.status == MailStatus.SENT for mail in last)
    return abs(done - arrived) + len(last) - arrived


def _faults(order: ErasureOrder, known_as: str, ends: Sequence[Told], lines: Counter[str]) -> Iterator[str]:
    """Every place is asked whether the erasure happened there; all have to say the same."""
    request, person = order.request, order.request.subject
    assert person is not None
    name = request.reference
    is_done = order.done_at is not None
    times = 1 if is_done else 0
    if is_done and order.stopped_at:
        yield f"{name} is done and stopped"
    if (person.erased_at is not None, person.given_name == "") != (is_done, is_done):
        yield f"{name}: the person is half erased"
    if Guardianship.objects.filter(child=person).exists() is is_done:
        yield f"{name}: who looks after them does not fit"
    if _opens(request) is is_done:
        yield f"{name}: the vault does not fit"
    if (found := lines[outside_file.marker(str(person.pk))]) != times:
        yield f"{name}: {found} lines in the ledger outside"
    for end in ends:
        did = end.erased.count(known_as)
        if (did, end.knows(known_as)) != (times, not is_done):
            yield f"{name}: erased {did} times at a system"
    yield from _steps(request, order)


def _opens(request: RightsRequest) -> bool:
    with suppress(vault.KeyShredded, vault.NotInVault):
        stored = SealedFile.objects.filter(key__request=request).first()
        return stored is not None and bool(b"".join(vault.open_sealed(request, stored.path)))
    return False


def _steps(request: RightsRequest, order: ErasureOrder) -> Iterator[str]:
    """One event for each transition, no more and no less, and the outcome that goes with them."""
    verbs = Counter(Event.objects.about(request).values_list("verb", flat=True))
    wanted = {f"requests.{verb}" for verb in (STOPPED if order.stopped_at else DONE)}
    for verb in sorted({*wanted, "requests.erase", "requests.stop_erasure"}):
        if verbs[verb] != (verb in wanted):
            yield f"{request.reference}: {verbs[verb]} × {verb}"
    for task in request.tasks.all():
        answers = Event.objects.about(task).filter(verb="requests.answer_task").count()
        if answers != 1 or order.stopped_at:
            yield f"{request.reference}: a task with {answers} answers"
    closed = request.events.filter(kind=Happened.CLOSED).count()
    outcome = Outcome.WITHDRAWN if order.stopped_at else Outcome.DONE
    if (closed, request.outcome) != (1, outcome):
        yield f"{request.reference}: closed {closed} times, as {request.outcome or 'nothing'}"
