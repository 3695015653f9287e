"""What happens to the papers of a processor after they are signed: assessments, and files that are replaced.

The promise: «using mechanisms like standard contractual clauses or adequacy decisions» (GDPR Art. 46)."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.core.files.storage import Storage
from django.db import transaction

from audit.actions import record
from audit.actors import SYSTEM, Acts
from audit.refusals import Refused
from law.models import ChecklistItem, Company
from people.models import User

from . import clauses
from .models import AssessmentAnswer, Contract, Transfer

# Who presses a button answers nothing by that; the day of an assessment made elsewhere is another matter.
NOTHING_TO_ANSWER = (
    "The list of the assessment is switched off under Law, Checklist items (set tia), so there is nothing to answer. "
    "Switch it on first. The days of an assessment made elsewhere are entered on the page of the transfer."
)
SETTLING = timedelta(hours=1)  # longer than any upload takes between its file and its row


class NotAssessed(Refused):
    pass


class NothingToReopen(Refused):
    pass


class ReviewInThePast(Refused):
    pass


@transaction.atomic
def assess(
    transfer: Transfer, *, by: User, at: datetime, reason: str, found: Mapping[ChecklistItem, tuple[str, str]],
    review_on: date, reopens: str,
) -> list[ChecklistItem]:  # fmt: skip
    """Answers the items of the impact assessment (SCC 2021 clause 14); returns those still open.

    It counts from the day on which the last item is answered."""
    transfer = Transfer.objects.select_for_update().get(pk=transfer.pk)
    today = Company.current().day_of(at)
    items = clauses.Lists.of(today).assessment
    _can_be_assessed(transfer, items, review_on, today)
    for item, (outcome, finding) in found.items():
        AssessmentAnswer.objects.update_or_create(
            transfer=transfer, item=item, defaults={"outcome": outcome, "finding": finding}
        )
    transfer.tia_reopens = reopens
    open_ones = clauses.open_items(transfer, items)
    if not open_ones:
        transfer.tia_on, transfer.tia_review_on, transfer.tia_by = today, review_on, by
        transfer.tia_reopened_on = None
    transfer.save(update_fields=["tia_on", "tia_review_on", "tia_by", "tia_reopens", "tia_reopened_on"])
    details = {"answered": len(found), "open": len(open_ones)}
    record("processors.assess", transfer, by=by, at=at, reason=reason, fields=["answers"], details=details)
    return open_ones


def _can_be_assessed(
    transfer: Transfer, items: Sequence[ChecklistItem], review_on: date, today: date
) -> None:
    if not clauses.is_assessed(transfer):
        raise NotAssessed(f"{transfer.get_mechanism_display()} needs no impact assessment.")
    if transfer.ended_on and transfer.ended_on <= today:
        raise NotAssessed("This transfer has ended.")
    if review_on <= today:
        raise ReviewInThePast("The assessment is looked at again on a day to come.")
    if not items:
        raise NotAssessed(NOTHING_TO_ANSWER)


@transaction.atomic
def reopen_assessment(transfer: Transfer, *, by: Acts, at: datetime, reason: str) -> None:
    """Something happened that may change the answers: it does not count until somebody has gone through it."""
    transfer = Transfer.objects.select_for_update().get(pk=transfer.pk)
    if transfer.tia_on is None:
        raise NothingToReopen("There is no assessment yet.")
    if transfer.is_reopened:
        raise NothingToReopen("It is open already: go through it.")
    transfer.tia_reopened_on = Company.current().day_of(at)
    transfer.save(update_fields=["tia_reopened_on"])
    record("processors.reopen_assessment", transfer, by=by, at=at, reason=reason, fields=["tia_reopened_on"])


# A replaced file goes for good. Another wording is another contract, with days and a file of its own; who
# replaces a file had taken the wrong one, which may hold what we should not have. Its fingerprint stays.


def replace_file(contract: Contract, *, former: str, by: Acts, at: datetime, reason: str = "") -> None:
    """Call in the transaction that stores the new file; the former one goes when that is committed.

    A crash in between leaves a file no row names: `delete_stray_files` finds it."""
    storage = files()
    details = {
        "former_sha256": fingerprint(storage, former),
        "sha256": fingerprint(storage, contract.file.name),
    }
    record("processors.replace_file", contract, by=by, at=at, reason=reason, fields=["file"], details=details)
    transaction.on_commit(lambda: storage.delete(former))


def delete_stray_files(*, at: datetime) -> int:
    """Files that no contract names: of uploads that were never saved, and of replacements cut short."""
    storage = files()
    if not storage.exists(""):
        return 0
    strays = [name for name in storage.listdir("")[1] if storage.get_modified_time(name) < at - SETTLING]
    named = set(Contract.objects.filter(file__in=strays).values_list("file", flat=True))
    for name in set(strays) - named:
        record(
            "processors.delete_stray_file", by=SYSTEM, at=at, details={"sha256": fingerprint(storage, name)}
        )
        storage.delete(name)
    return len(set(strays) - named)


def files() -> Storage:
    storage: Storage = Contract._meta.get_field("file").storage
    return storage


def fingerprint(storage: Storage, name: str | None) -> str:
    """SHA-256 of what lies there; empty where nothing does."""
    if not name or not storage.exists(name):
        return ""
    with storage.open(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
