"""What the rules forbid, each refusal saying everything that is missing at once."""

from collections.abc import Iterable, Iterator
from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import Q

from audit.refusals import Refused
from inventory.guards import in_use
from people.models import User

from . import questions
from .basis import Judge
from .models import PASSED, ChangeKind, Contract, Processor, Review, Role, Status, Transfer, Verdict
from .public_list import entries
from .received import activities


class WrongStatus(Refused):
    pass


class SecondPersonNeeded(Refused):
    status_code = 403


class NotReady(Refused):
    pass


class ReviewOpen(Refused):
    pass


class ReviewDecided(Refused):
    pass


class ReviewIncomplete(Refused):
    pass


class StillInUse(Refused):
    pass


class NoListing(Refused):
    pass


class Contradiction(Refused):
    pass


class NotTold(Refused):
    pass


def may_become(processor: Processor, status: Status) -> None:
    if status not in Processor.transitions[processor.status]:
        raise WrongStatus(
            f"{processor} is {processor.get_status_display()}; it cannot become {status.label} now."
        )


def is_second_person(first: User | None, by: User, what: str) -> None:
    if first is not None and first.pk == by.pk:
        raise SecondPersonNeeded(f"You prepared this. A second person has to {what} it.")


def has_no_open_review(processor: Processor) -> None:
    if processor.reviews.filter(decided_at=None).exists():
        raise ReviewOpen("A review is open already: answer it and have it decided.")


def can_be_decided(review: Review, verdict: str, conditions: str, on: date) -> None:
    """An unfit verdict needs no whole questionnaire: one answer can be reason enough."""
    if review.decided_at:
        raise ReviewDecided("This review has been decided. Start a new one.")
    missing = [] if verdict == Verdict.UNFIT else list(_unproven(review, on))
    if verdict == Verdict.CONDITIONS and not conditions.strip():
        missing.append("Write the conditions.")
    if verdict != Verdict.CONDITIONS and conditions.strip():
        missing.append("Conditions belong to the verdict “fit with conditions”.")
    if missing:
        raise ReviewIncomplete(" ".join(missing))


def _unproven(review: Review, on: date) -> Iterator[str]:
    open_ones = questions.unanswered(review)
    if open_ones:
        yield f"Not answered yet: {' '.join(open_ones)}"
    if not review.evidence.strip():
        yield "Say which evidence was seen."
    if review.evidence_on is None:
        yield "Say from which day the evidence is."
    elif review.evidence_on > on:
        yield "The evidence cannot be from a day to come."


def is_vetted(processor: Processor, on: date) -> None:
    if faults := list(review_faults(processor, on)):
        raise NotReady(" ".join(faults))


def is_ready(processor: Processor, on: date) -> None:
    """Everything an active processor needs (GDPR Art. 28(1), 28(3), 44)."""
    if missing := list(what_is_missing(processor, on)):
        raise NotReady(" ".join(missing))


def what_is_missing(processor: Processor, on: date) -> Iterator[str]:
    yield from review_faults(processor, on)
    if not has_contract(processor, on):
        yield contract_fault(processor)
    yield from place_faults(processor)
    for route in Judge.of(on).routes(processor):
        if not route.is_covered:
            yield f"{route.words}: {route.outcome.why}"
    yield from arrival_faults(processor, on)


def arrival_faults(processor: Processor, on: date) -> Iterator[str]:
    """What the public page promises: nobody works for us before people were told, and the day has come."""
    whole = processor.changes.standing().filter(kind__in=(*entries.ARRIVALS, ChangeKind.REMOVED))
    last = (
        whole.select_related("announcement")
        .order_by("-announcement__effective_on", "-announcement_id", "-pk")
        .first()
    )
    if last is None or (last.kind == ChangeKind.REMOVED and last.has_begun(on)):
        yield "Nobody was told that it comes: announce that first."
    elif last.kind == ChangeKind.REMOVED:
        yield f"Its departure is announced for {last.effective_on:%-d %B %Y}: withdraw that first."
    elif not last.has_begun(on):
        yield f"It was announced for {last.effective_on:%-d %B %Y} and may not begin before."


def departure_is_told(processor: Processor, on: date) -> None:
    """Whoever reads that a company works for us hears before it goes."""
    coming = processor.changes.coming(on).filter(kind__in=(ChangeKind.ADDED, ChangeKind.REMOVED)).first()
    if coming is not None and coming.kind == ChangeKind.ADDED:
        raise NotTold(f"Its arrival is announced for {coming.effective_on:%-d %B %Y}: withdraw that first.")
    if coming is not None:
        raise NotTold(f"Its departure is announced for {coming.effective_on:%-d %B %Y}: end it on that day.")
    if processor.pk in entries.told(processor.changes.in_effect(on)):
        raise NotTold("People read that it works for us: announce its departure first.")


def is_not_ended(processor: Processor) -> None:
    if processor.status == Status.ENDED:
        raise WrongStatus(f"{processor} has ended; nothing is signed with it any more. Propose it anew.")


def review_faults(processor: Processor, on: date) -> Iterator[str]:
    review = processor.reviews.exclude(decided_at=None).order_by("-decided_at", "-pk").first()
    if review is None:
        yield "No review has been decided."
    elif review.verdict not in PASSED:
        yield "The last review found it unfit."
    elif review.next_on and review.next_on <= on:
        yield f"The next review was due on {review.next_on:%-d %B %Y}."


def has_contract(processor: Processor, on: date) -> bool:
    """A processor needs one that binds it; another controller needs any agreement (Art. 26, 28)."""
    return fits(processor, Contract.objects.in_force(on).filter(processor=processor), on)


def fits(processor: Processor, contracts: Iterable[Contract], on: date) -> bool:
    return any(
        row.is_in_force(on) and (processor.role != Role.PROCESSOR or row.is_binding) for row in contracts
    )


def contract_fault(processor: Processor) -> str:
    if processor.role == Role.PROCESSOR:
        return "No data processing agreement is in force."
    return "No contract is in force."


def place_faults(processor: Processor) -> Iterator[str]:
    places = list(processor.places.all())
    if not places:
        yield "No place of processing is named."
    for place in places:
        if place.is_unnamed:
            yield f"“{place.named_as}” is no country: ask where the data lies."


def is_unused(processor: Processor, on: date) -> None:
    """Nothing of ours goes there any more, or the refusal lists what does."""
    used = [f"the activity “{row}”" for row in activities(processor, on)]
    hosts = processor.hosts.filter(Q(system__ended_on=None) | Q(system__ended_on__gt=on))
    used += [f"the system “{link.system}”" for link in hosts.select_related("system")]
    used += [
        f"“{link.processor}”, whose sub-processor it is"
        for link in processor.used_by.select_related("processor")
        if link.processor.is_live
    ]
    if used:
        raise StillInUse(f"{processor} is still named by {', '.join(used)}.")


def is_without_history(processor: Processor) -> None:
    """Only what was entered by mistake is deleted; the rest ends and stays on file."""
    if why_not := in_use(processor):
        raise StillInUse(why_not)
    if processor.status != Status.PROPOSED:
        raise WrongStatus(
            f"{processor} is {processor.get_status_display()}. What was in use ends, and stays on file."
        )


def is_consistent(row: Contract | Transfer) -> None:
    """Every contradiction in one refusal; the desk's forms show most of them beside their field first."""
    try:
        row.full_clean()
    except ValidationError as error:
        raise Contradiction(" ".join(error.messages)) from error
