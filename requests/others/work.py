"""What becomes of a task: asked, answered, parked, tried again. The only place that moves its stage.

An answer comes by three roads (a colleague at the desk, an owner by the link in a mail, a system over
HTTP) and ends here; when the last one is in, the case moves on."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from audit.actions import record
from audit.actors import SYSTEM, Acts
from audit.refusals import Refused
from inventory.letting_go import sweeps
from inventory.models import OrderAnswer, OrderStatus
from people.models import User
from requests import events, guards, putting_forward
from requests.copies import packages
from requests.keeping import files
from requests.models import Answer, Duty, Happened, Stage, Task, TaskFile, TaskStage, Way

# Nobody can say that these are done in this database: they are, or they are not (`here.HANDLERS`).
DONE_HERE = (Duty.CORRECT, Duty.RESTRICT, Duty.STOP)


class TaskCannotMove(Refused):
    def __init__(self, now: str, wanted: str) -> None:
        super().__init__(f"This task is {now}; it cannot become {wanted}.")


class AnswerIncomplete(Refused):
    pass


class DoneByItself(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This database does it by itself, and has not: read why on the task, then press “Try again”."
        )


def _locked(task: Task, wanted: TaskStage) -> Task:
    current = Task.objects.select_for_update(of=("self",)).select_related("request", "order").get(pk=task.pk)
    if wanted not in Task.transitions[current.stage]:
        raise TaskCannotMove(current.get_stage_display(), wanted.label)
    return current


def answer(
    task: Task,
    *,
    answer: str,
    text: str = "",
    count_done: int | None = None,
    uploads: Sequence[files.Upload] = (),
    by: Acts,
    at: datetime,
    reason: str = "",
) -> Task:
    """Done, nothing found, or not done and why. Files are sealed before the answer counts.

    A former answer stays in the ledger of the case. Raises AnswerIncomplete, FileRefused, TaskCannotMove."""
    if answer == Answer.EXCEPTION and not text.strip():
        raise AnswerIncomplete("Say why it was not done: the requester may have to hear it.")
    with files.sealed(task, uploads) as taken, transaction.atomic():
        task = _answerable(task)
        if answer == Answer.DONE and isinstance(by, User) and task.way == Way.HERE and task.duty in DONE_HERE:
            raise DoneByItself
        if answer != Answer.DONE:  # what was handed over before was a mistake, and goes into no copy
            files.destroy(task.files.all(), at=at)
        files.keep(task, taken, at=at)
        _write_down(task, answer, text, count_done, by, at)
        facts = {"answer": answer, "files": len(taken), "count": count_done}
        record("requests.answer_task", task, by=by, at=at, reason=reason, details=facts)
        _pass_on(task, by=by, at=at, files_taken=len(taken))
    return task


@transaction.atomic
def take_file_back(task: Task, file: TaskFile, *, by: Acts, at: datetime) -> bool:
    """Its owner handed over the wrong file: gone at once, and out of any copy that is not released yet.
    False when it was gone before."""
    task = _answerable(task)
    if not files.destroy(task.files.filter(pk=file.pk), at=at):
        return False
    record("requests.take_file_back", task, by=by, at=at, details={"file": file.pk})
    if task.request and task.request.stage == Stage.RELEASE:
        packages.start_if_owed(task.request, at=at)
    return True


def _answerable(task: Task) -> Task:
    """The case before its task, as everybody who ends a case holds them: an answer that comes while the copy
    is being released must find it released, for nothing may join a copy that is out."""
    if task.request:
        guards.locked(task.request)
    task = _locked(task, TaskStage.ANSWERED)
    if task.is_settled:
        raise TaskCannotMove("part of a closed case", TaskStage.ANSWERED.label)
    return task


def _write_down(task: Task, answer: str, text: str, count_done: int | None, by: Acts, at: datetime) -> None:
    task.stage, task.answer, task.answer_text = TaskStage.ANSWERED, answer, text
    task.count_done, task.answered_at = count_done, at
    task.answered_by = by if isinstance(by, User) else None
    _let_go(task)
    task.revision += 1
    task.save()


def _let_go(task: Task) -> None:
    task.lease_token = task.lease_until = None
    task.failure = ""


def _pass_on(task: Task, *, by: Acts, at: datetime, files_taken: int) -> None:
    """To the case's ledger, and on to release when it was the last one; or to the cut-off order."""
    if task.request:
        facts = {"task": task.pk, "answer": task.answer, "files": files_taken}
        events.note(task.request, Happened.TASK_ANSWERED, by=by, at=at, facts=facts)
        if task.request.stage == Stage.RELEASE:  # corrected while the copy waits to be looked at
            packages.start_if_owed(task.request, at=at)
        putting_forward.go_on_when_answered(task.request, at=at)
    elif task.order:
        evidence = task.answer_text or f"Answered in task {task.pk}."
        sweeps.answer(
            task.order,
            by=by,
            at=at,
            answer=OrderAnswer(task.answer),
            evidence=evidence,
            count_done=task.count_done,
        )


@transaction.atomic
def mark_asked(task: Task, *, at: datetime) -> Task:
    """Its owner has the mail, or the system has the call."""
    task = _locked(task, TaskStage.ASKED)
    task.stage, task.asked_at = TaskStage.ASKED, at
    _let_go(task)
    task.save(update_fields=["stage", "asked_at", "lease_token", "lease_until", "failure"])
    return task


@transaction.atomic
def park(task: Task, *, failure: str, at: datetime) -> Task:
    """It will not work by itself: staff see it on the desk. `failure` holds nothing personal."""
    task = _locked(task, TaskStage.PARKED)
    _let_go(task)
    task.stage, task.failure = TaskStage.PARKED, failure[:100]
    task.save(update_fields=["stage", "failure", "lease_token", "lease_until"])
    record("requests.park_task", task, by=SYSTEM, at=at, details={"failure": failure[:100]})
    return task


@transaction.atomic
def try_again(task: Task, *, by: User, at: datetime, reason: str = "") -> Task:
    """Back into the queue with a clean count."""
    task = _locked(task, TaskStage.WAITING)
    task.stage, task.attempts, task.failure, task.next_try_at = TaskStage.WAITING, 0, "", at
    task.save(update_fields=["stage", "attempts", "failure", "next_try_at"])
    record("requests.retry_task", task, by=by, at=at, reason=reason)
    return task


def cancel_all(request_id: int) -> int:
    """The case is over: whoever has not answered need not any more, except to hear that a restriction or an
    objection has ended. In the caller's transaction."""
    left = Task.objects.filter(request=request_id).owed()
    return left.update(stage=TaskStage.CANCELLED, lease_token=None, lease_until=None)


def cancel_what_was_answered_elsewhere() -> int:
    """Cut-off orders that a colleague answered on their own page need no answer by this road."""
    over = Task.objects.filter(order__status=OrderStatus.ANSWERED).open()
    return over.update(stage=TaskStage.CANCELLED, lease_token=None, lease_until=None)
