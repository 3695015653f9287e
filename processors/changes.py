"""How the public list of companies changes: differences gather as they arise, then staff announce them.

The verbs of the register (activate, end, …) call `note` in their own transaction. A difference stays
*gathered*, editable and unseen, until it is part of an announcement; from then on it is evidence."""

from datetime import datetime

from django.utils import translation
from django_countries import countries

from inventory.models import ProcessingActivity

from .models import ChangeKind, Processor, SubprocessorChange

# Where two differences of one kind meet before either was told, one remains: from the first's
# `before` to the second's `after`. An arrival and a departure are each other's undoing.
OPPOSITE = {ChangeKind.ADDED: ChangeKind.REMOVED, ChangeKind.REMOVED: ChangeKind.ADDED}
JOINED = (ChangeKind.PLACE, ChangeKind.PURPOSE, ChangeKind.NAME)


def note(
    processor: Processor, kind: ChangeKind, *, before: str, after: str, at: datetime
) -> SubprocessorChange | None:
    """Gather one difference; None where nothing is left to tell.

    Safe to call twice: a company announced as coming is not gathered again when it becomes active."""
    if before == after and kind in JOINED:
        return None
    open_ones = SubprocessorChange.objects.gathered().filter(processor=processor)
    if kind in JOINED and (arrival := open_ones.filter(kind=ChangeKind.ADDED).first()):
        arrival.name, arrival.after = processor.name, summary(processor)
        arrival.save(update_fields=["name", "after"])
        return arrival
    if kind in JOINED:
        return _joined(open_ones.filter(kind=kind).first(), processor, kind, before, after, at)
    # What nobody was told yet and is undone leaves no trace here; the audit record has both deeds.
    if open_ones.filter(kind=OPPOSITE[kind]).delete()[0]:
        return None
    if _last_word(processor) == kind:
        return None
    return _gather(processor, kind, before, after, at)


def _joined(
    earlier: SubprocessorChange | None,
    processor: Processor,
    kind: ChangeKind,
    before: str,
    after: str,
    at: datetime,
) -> SubprocessorChange | None:
    if earlier is None:
        return _gather(processor, kind, before, after, at)
    if earlier.before == after:
        earlier.delete()
        return None
    earlier.after, earlier.gathered_at = after, at
    earlier.save(update_fields=["after", "gathered_at"])
    return earlier


def _last_word(processor: Processor) -> str:
    """Whether the last thing gathered or announced of it was that it comes or that it goes."""
    rows = SubprocessorChange.objects.filter(processor=processor, withdrawn_at=None, kind__in=OPPOSITE)
    return rows.order_by("-pk").values_list("kind", flat=True).first() or ""


def _gather(
    processor: Processor, kind: ChangeKind, before: str, after: str, at: datetime
) -> SubprocessorChange:
    return SubprocessorChange.objects.create(
        processor=processor, kind=kind, name=processor.name, before=before, after=after, gathered_at=at
    )


def places_in_words(processor: Processor) -> str:
    """As the list names them, in the order they were entered: “United States, Belgium”."""
    rows = processor.places.order_by("pk").values_list("country", "named_as")
    return ", ".join(named_as or country_in_words(country) for country, named_as in rows)


def country_in_words(code: str) -> str:
    """In English, the register's language, and as people say it, not as the standard does."""
    with translation.override("en"):
        return "United States" if code == "US" else str(countries.name(code))


def work_in_words(processor: Processor) -> str:
    """What it does for us: its own description, else the purposes of the activities it serves."""
    if processor.description:
        return processor.description
    activities = ProcessingActivity.objects.filter(recipients__processor=processor)
    return ", ".join(activities.order_by("purpose__name").values_list("purpose__name", flat=True).distinct())


def summary(processor: Processor) -> str:
    """“Lesson videos. Places: United States, Ireland.”"""
    work, places = work_in_words(processor), places_in_words(processor)
    return " ".join(
        filter(None, [f"{work.rstrip('.')}." if work else "", f"Places: {places}." if places else ""])
    )


def note_added(processor: Processor, *, at: datetime) -> SubprocessorChange | None:
    return note(processor, ChangeKind.ADDED, before="", after=summary(processor), at=at)


def note_removed(processor: Processor, *, at: datetime) -> SubprocessorChange | None:
    return note(processor, ChangeKind.REMOVED, before=summary(processor), after="", at=at)


def note_places(processor: Processor, *, before: str, at: datetime) -> SubprocessorChange | None:
    """`before` is `places_in_words` as it was."""
    if not is_told_of(processor):
        return None
    return note(processor, ChangeKind.PLACE, before=before, after=places_in_words(processor), at=at)


def note_purpose(processor: Processor, *, before: str, at: datetime) -> SubprocessorChange | None:
    """`before` is `work_in_words` as it was."""
    if not is_told_of(processor):
        return None
    return note(processor, ChangeKind.PURPOSE, before=before, after=work_in_words(processor), at=at)


def note_name(processor: Processor, *, before: str, at: datetime) -> SubprocessorChange | None:
    if not is_told_of(processor):
        return None
    return note(processor, ChangeKind.NAME, before=before, after=processor.name, at=at)


def is_told_of(processor: Processor) -> bool:
    """The public sees the company, or it was gathered or announced as coming."""
    return processor.is_live or _last_word(processor) == ChangeKind.ADDED
