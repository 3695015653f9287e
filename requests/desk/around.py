"""The desk's screens around a case: tasks, documents, connections, letter templates; copies: `copies`."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.actions import record
from audit.admin import AuditedAdmin, ReadOnlyAdmin
from audit.buttons import Button, says
from audit.context import reader_may
from audit.desk import staff
from audit.pressing import fresh_login
from requests import guards, placeholders
from requests.keeping import vault
from requests.models import (
    OPEN_STAGES,
    Connection,
    IdentityDocument,
    LetterTemplate,
    Task,
    TaskFile,
    TaskStage,
    Way,
)
from requests.others import asking, calls, work
from requests.proving.documents import as_download

from . import forms_desk
from .filters import Standing

# Its bytes, its name, and how many bytes, where that is known beforehand.
Served = tuple[Iterator[bytes], str, int | None]
ANSWER, SWITCH = "requests.answer_task", "requests.switch_connection"


class Downloads(ReadOnlyAdmin):
    """A page with one sealed file behind it: a fresh login, a permission, a line in the audit record."""

    download_permission = ""

    def get_urls(self) -> list[URLPattern]:
        name = f"requests_{self.opts.model_name}_download"
        view = self.admin_site.admin_view(self.download_view)
        return [path("<int:pk>/download/", view, name=name), *super().get_urls()]

    def download_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        if not request.user.has_perm(self.download_permission):
            raise PermissionDenied
        return fresh_login(self._send, request, pk)

    def _send(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.model._default_manager.filter(pk=pk).first()
        if row is None or not self.is_there(row):
            raise Http404
        pieces, name, size = self.served(row, request)
        record(f"requests.open_{self.opts.model_name}", row, by=staff(request), at=timezone.now())
        return as_download(pieces, name=name, size=size)

    def is_there(self, row: Any) -> bool:
        return bool(row.path)

    def served(self, row: Any, request: HttpRequest) -> Served:
        return vault.open_sealed(self.case_of(row), row.path), self.name_of(row), row.size

    def case_of(self, row: Any) -> Any:
        return row.request

    def name_of(self, row: Any) -> str:
        raise NotImplementedError

    @admin.display(description="file")
    def file(self, row: Any) -> SafeString | str:
        if not self.is_there(row):
            return "gone"
        if not reader_may(self.download_permission):
            return "there; your role does not open it"
        url = reverse(f"admin:requests_{self.opts.model_name}_download", args=[row.pk])
        return format_html('<a href="{}">Download</a> (you may be asked to sign in again)', url)


@admin.register(IdentityDocument)
class IdentityDocumentAdmin(Downloads):
    """A power of its own: most colleagues never need to see a passport (abuse A21)."""

    download_permission = "requests.open_identitydocument"
    list_display = ("__str__", "kind", "received_at", "destroy_after", "destroyed_at")
    sortable_by = ()
    fields = ("check_made", "kind", "name", "size", "received_at", "destroy_after", "destroyed_at", "file")
    readonly_fields = ("file",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(self.download_permission)

    def case_of(self, row: IdentityDocument) -> Any:
        return row.check_made.request

    def name_of(self, row: IdentityDocument) -> str:
        return f"document-{row.pk}.{'jpg' if row.kind == 'jpeg' else row.kind}"


@admin.register(TaskFile)
class TaskFileAdmin(Downloads):
    download_permission = "requests.work_rightsrequest"
    list_display = ("__str__", "task", "received_at", "destroyed_at")
    list_select_related = ("task",)
    sortable_by = ()
    fields = ("task", "name", "size", "received_at", "destroyed_at", "file")
    readonly_fields = ("file",)

    def case_of(self, row: TaskFile) -> Any:
        return row.task.request

    def name_of(self, row: TaskFile) -> str:
        return f"file-{row.pk}"


def _ask_anew(task: Task, *, by: Any, at: Any, reason: str = "") -> bool:
    sent = asking.ask_anew(task, at=at)
    record("requests.ask_anew", task, by=by, at=at, reason=reason)
    return sent


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "case", "where", "duty", "stage", "due_at", "answer")
    list_filter = (Standing, "duty", "way")
    list_select_related = ("system", "processor", "request", "order")
    sortable_by = ()
    fieldsets = (
        ("The task", {"fields": ("case", "where", "duty", "way", "due_at", "stage", "failure", "asked_at", "reminded_at")}),
        ("The answer", {"fields": ("answer", "answer_text", "count_done", "files", "answered_at", "answered_with")}),
    )  # fmt: skip
    readonly_fields = ("case", "where", "files", "answered_with")
    export_fields = (
        "id",
        "request",
        "order",
        "system",
        "processor",
        "duty",
        "way",
        "stage",
        "answer",
        "due_at",
    )
    when_empty = "No system and no company owes an answer."
    buttons = (
        Button(
            verb="answer",
            label="Answer…",
            action=work.answer,
            permission=ANSWER,
            form_class=forms_desk.AnswerForm,
            needs_reason=False,
            shown=lambda task: task.stage != TaskStage.CANCELLED and not task.is_settled,
            consequences=says(
                "What became of this?",
                "Your answer is kept with your name. When it is the last one, the case moves on.",
                "Until the case is closed it can be corrected; the former answer stays in the timeline.",
                submit="Record answer",
            ),
        ),
        Button(
            verb="ask-again",
            label="Send another link",
            action=_ask_anew,
            permission=ANSWER,
            needs_reason=False,
            shown=lambda task: task.stage == TaskStage.ASKED and task.way == Way.BY_HAND,
            consequences=says(
                "Send its owner another link?", "The link sent before ends.", submit="Send another link"
            ),
            done=lambda task, sent: "Sent." if sent else "Not sent: the register names no address.",
        ),
        Button(
            verb="again",
            label="Try again",
            action=work.try_again,
            permission=ANSWER,
            needs_reason=False,
            shown=lambda task: task.stage == TaskStage.PARKED,
            consequences=says(
                "Try it again?", "It is asked once more, with a clean count.", submit="Try again"
            ),
        ),
    )

    def get_ordering(self, request: HttpRequest) -> Any:
        """What waits: the most urgent first. What is over: the latest first."""
        waits = request.GET.get(Standing.parameter_name, Standing.OPEN) in {Standing.OPEN, *OPEN_STAGES}
        return ("due_at", "id") if waits else ("-id",)

    def heading(self, obj: Task) -> str:
        return f"{obj.whose}: {obj.get_duty_display()}"

    def hold(self, obj: Any) -> Any:
        """The case before its task, as everybody who ends a case holds them."""
        if obj.request:
            guards.locked(obj.request)
        return super().hold(obj)

    @admin.display(description="where")
    def where(self, task: Task) -> str:
        return str(task.whose)

    @admin.display(description="case")
    def case(self, task: Task) -> SafeString | str:
        if task.request is None:
            return str(task.order)
        url = reverse("admin:requests_rightsrequest_change", args=[task.request_id])
        return format_html('<a href="{}">{}</a>', url, task.request.reference)

    @admin.display(description="answered by")
    def answered_with(self, task: Task) -> str:
        if task.answered_by:
            return task.answered_by.get_short_name()
        return "its owner, by a link in a mail, or the system itself" if task.answered_at else "nobody yet"

    @admin.display(description="files")
    def files(self, task: Task) -> SafeString | str:
        rows = list(task.files.all())
        links = [
            format_html(
                '<a href="{}">{}</a>', reverse("admin:requests_taskfile_change", args=[row.pk]), row.name
            )
            for row in rows
        ]
        return SafeString(", ".join(links)) if links else "none"


@admin.register(Connection)
class ConnectionAdmin(AuditedAdmin):
    form = forms_desk.ConnectionForm
    list_display = ("system", "url", "is_on", "last_ok_at", "last_failure")
    list_select_related = ("system",)
    readonly_fields = ("is_on", "secret_hint", "last_ok_at", "last_failure", "last_failure_at")
    buttons = (
        Button(
            verb="secret",
            label="Make a new secret…",
            action=calls.renew_secret,
            permission=SWITCH,
            fresh_login=True,
            consequences=says(
                "Make a new signing secret?",
                "It is shown once, on the next page. Give it to whoever runs the system.",
                irreversible=("Calls signed with the former secret end now.",),
                submit="Make a new secret",
            ),
            done=lambda connection, secret: f"The new secret, shown this once: {secret}",
        ),
        Button(
            verb="on",
            label="Switch on…",
            action=lambda connection, **how: calls.switch(connection, on=True, **how),
            permission=SWITCH,
            shown=lambda connection: not connection.is_on,
            consequences=says(
                "Call this system by itself?",
                "Each new task for it is a signed call, tried again when it fails.",
                submit="Switch on",
            ),
        ),
        Button(
            verb="off",
            label="Switch off…",
            action=lambda connection, **how: calls.switch(connection, on=False, **how),
            permission=SWITCH,
            shown=lambda connection: connection.is_on,
            consequences=says(
                "Stop calling this system?", "New tasks go to its owner by mail.", submit="Switch off"
            ),
        ),
    )


@admin.register(LetterTemplate)
class LetterTemplateAdmin(AuditedAdmin):
    form = forms_desk.TemplateForm
    list_display = ("kind", "language", "beginning")
    list_filter = ("language", "kind")
    fields = ("kind", "language", "body", "names")
    readonly_fields = ("names",)

    def heading(self, obj: LetterTemplate) -> str:
        return f"Letter: {obj}"

    @admin.display(description="begins")
    def beginning(self, template: LetterTemplate) -> str:
        return template.body[:80]

    @admin.display(description="names you can use")
    def names(self, template: LetterTemplate) -> SafeString:
        lines = [
            format_html("<code>{{{}}}</code> {}", name, what) for name, what in placeholders.NAMES.items()
        ]
        return SafeString("<br>".join(lines))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fixed = ("kind", "language") if obj else ()
        return (*super().get_readonly_fields(request, obj), *fixed)
