"""Opening a campaign, writing down whom it tells, and staff's way to stop or resume it."""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from celery import current_app
from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from django.db.models import QuerySet

from audit.actions import record as audit
from audit.actors import Acts
from audit.outside import AFTER_RESTORE
from audit.refusals import Refused

from .letters import LetterDraft, LetterRefused, check
from .models import Campaign, Letter, Notice, Status

__all__ = [
    "LetterDraft",
    "cancel_waiting",
    "knock",
    "open_campaign",
    "record",
    "retry",
    "retry_parked",
    "ring",
]

log = logging.getLogger(__name__)

# One try of a second: kombu's own patience (retries two seconds apart) would be the staff's.
IMPATIENT = {"max_retries": 0, "interval_start": 0, "socket_timeout": 1, "socket_connect_timeout": 1}
ENDED_BEFORE_RESTORE = "had ended before a backup was restored"
RECIPIENT_COLUMNS = ("recipient_id", "address", "greeting", "letter_id", "status")


class NothingWaiting(Refused):
    pass


class NotParked(Refused):
    pass


def open_campaign(
    event: str, about: models.Model, *, letters: Iterable[LetterDraft], at: datetime
) -> tuple[Campaign, bool]:
    """The one campaign for this event of this object, its letters frozen; and whether it is new.

    Opening it again gives the first one back, words unchanged: what was announced stays
    announced. Raises LetterRefused before anything is written."""
    drafts = list(letters)
    if not drafts:
        raise LetterRefused("A campaign needs at least one letter.")
    for draft in drafts:
        check(draft)
    with transaction.atomic():
        campaign, created = Campaign.objects.get_or_create(
            event=event,
            object_type=about._meta.label_lower,
            object_ref=str(about.pk),
            defaults={"opened_at": at},
        )
        if created:
            Letter.objects.bulk_create(_freeze(campaign, draft) for draft in drafts)
    return campaign, created


def _freeze(campaign: Campaign, draft: LetterDraft) -> Letter:
    words = draft.normalized()
    return Letter(
        campaign=campaign,
        variant=words.variant,
        language=words.language,
        subject=words.subject,
        body_text=words.body_text,
        body_html=words.body_html,
        sha256=words.sha256,
    )


def record(campaign: Campaign, recipients: "QuerySet[Any, Any]", *, at: datetime) -> int:
    """Write one notice for each recipient in one statement, and return how many are new.

    `recipients` is `.values_list(*RECIPIENT_COLUMNS)`, the status being waiting or posted. A person
    told before by this campaign is left as they are, so running it again, or after a crash,
    writes what is missing. No mail is tried before `at`. Raises TypeError for other columns."""
    # Columns are matched by place: another order would mail a greeting to an address of the same type.
    if getattr(recipients, "_fields", None) != RECIPIENT_COLUMNS:
        raise TypeError(f"record() needs .values_list{RECIPIENT_COLUMNS}")
    try:
        select, parameters = recipients.order_by().query.sql_with_params()
    except EmptyResultSet:
        return 0
    constants = {
        "campaign_id": campaign.pk,
        "attempts": 0,
        "crashes": 0,
        "due_at": at,
        "is_possible_duplicate": False,
        "failure": "",
    }
    return _insert(constants, select, parameters)


def _insert(constants: dict[str, Any], select: str, parameters: tuple[Any, ...]) -> int:
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, (*constants, *RECIPIENT_COLUMNS)))
    marks = ", ".join("%s" for _ in constants)
    # SQLite reads ON CONFLICT after a bare SELECT as part of a join: the WHERE keeps them apart.
    sql = (
        f"INSERT INTO {quote(Notice._meta.db_table)} ({columns}) "  # noqa: S608 (names are ours)
        f"SELECT {marks}, src.* FROM ({select}) AS src WHERE true ON CONFLICT DO NOTHING"
    )
    fields = {field.attname: field for field in Notice._meta.concrete_fields}
    values = [fields[name].get_db_prep_save(value, connection) for name, value in constants.items()]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, *parameters])
        return int(cursor.rowcount)


def cancel_waiting(campaign: Campaign, *, by: Acts, at: datetime, reason: str) -> int:
    """Stop what has not left yet, parked or not, and say how many. A mail on its way may still go,
    and is then counted as sent. Raises NothingWaiting."""
    with transaction.atomic():
        stopped = campaign.notices.unsent().update(status=Status.CANCELLED)
        if not stopped:
            raise NothingWaiting("Nothing of this campaign is waiting any more.")
        audit("notices.cancel_waiting", campaign, by=by, at=at, reason=reason, details={"stopped": stopped})
    return stopped


def end_again(campaign: Campaign, *, by: Acts, at: datetime) -> int:
    """Stop what waits of a campaign that had ended before a backup was restored, and say how much: it was
    sent, and our note of it is lost. What is parked was never sent, and stays with staff."""
    with transaction.atomic():
        waiting = campaign.notices.filter(status=Status.WAITING)
        stopped = waiting.update(status=Status.CANCELLED, failure=ENDED_BEFORE_RESTORE)
        if stopped:
            details = {"stopped": stopped}
            audit("notices.end_again", campaign, by=by, at=at, reason=AFTER_RESTORE, details=details)
    return stopped


def cancel_for(recipients: Collection[int]) -> int:
    """Stop whatever still waits for these people, for they are about to be forgotten."""
    unsent = Notice.objects.order_by().filter(recipient_id__in=recipients).unsent()
    return unsent.update(status=Status.CANCELLED)


def retry(notice: Notice, *, by: Acts, at: datetime, reason: str) -> None:
    """Put a parked notice back into the queue with a clean count. Raises NotParked."""
    with transaction.atomic():
        if not _unpark(Notice.objects.filter(pk=notice.pk), at):
            raise NotParked("This notice is not parked any more.")
        audit("notices.retry", notice, by=by, at=at, reason=reason)
    ring()


def retry_parked(campaign: Campaign, *, by: Acts, at: datetime, reason: str) -> int:
    """Put all parked notices of a campaign back, and say how many. Raises NotParked."""
    with transaction.atomic():
        resumed = _unpark(campaign.notices.all(), at)
        if not resumed:
            raise NotParked("Nothing of this campaign is parked any more.")
        audit("notices.retry_parked", campaign, by=by, at=at, reason=reason, details={"resumed": resumed})
    ring()
    return resumed


def _unpark(notices: "QuerySet[Notice]", at: datetime) -> int:
    return notices.filter(status=Status.PARKED).update(
        status=Status.WAITING,
        attempts=0,
        crashes=0,
        failure="",
        due_at=at,
        lease_token=None,
        lease_until=None,
    )


def ring() -> None:
    """Ask a worker, after commit, to look at the queue. A dead broker is logged and costs the caller
    about a second at most: the minute's sweep finds the work anyway (docs/decisions/0004)."""
    transaction.on_commit(ring_now, robust=True)


def ring_now(**how: int) -> None:
    from . import tasks

    knock(tasks.deliver, **how)


def knock(task: Any, **how: int) -> None:
    try:
        with current_app.connection_for_write(transport_options=IMPATIENT) as broker:
            task.apply_async(kwargs=how, producer=broker.Producer(), retry=False)
    except Exception as error:
        log.warning("the doorbell did not ring (%s); the next sweep will look", type(error).__name__)
