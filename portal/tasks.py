"""The page of a system's owner: no account, a link from a mail, three possible answers.

Opening the link shows a task and nobody's name; whom it is about comes after a button, and that is written
down. The link works until the case is over, so that an answer can be corrected (abuse: who holds the
link holds the task, which is why the mail asks not to pass it on)."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from audit.actions import record
from audit.actors import SYSTEM
from audit.refusals import Refused
from inventory.models import Kind
from law.models import Company
from notices import links
from requests.erasing import plans
from requests.keeping.files import KINDS
from requests.models import Answer, Correctable, Duty, ErasureOrder, Task, TaskFile, TaskStage
from requests.others import asking, instructions, work

from .leaving_out import hand_over, staying
from .limits import too_many, visitor_address, within
from .rights.fields import BlockField
from .rights.questions import FIELDS
from .rights.visitors import private_page

TRIES_AN_HOUR = 120  # of one network
LONGEST_NUMBER = 19  # digits; longer ones fit no column


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name)


class FilesField(forms.FileField):
    """Any number of files, also none."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(one, initial) for one in data or []]

    def to_python(self, data: Any) -> Any:
        return data  # size and kind are judged by requests.files, in one place for every road


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(
        choices=[
            (Answer.DONE.value, gettext_lazy("Done")),
            (Answer.NOTHING.value, gettext_lazy("Nothing found")),
            (Answer.EXCEPTION.value, gettext_lazy("I cannot, because…")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one of the three.")},
    )
    text = BlockField(limit=2000, required=False)
    uploads = FilesField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == Answer.EXCEPTION and not cleaned.get("text"):
            self.add_error("text", _("Say why it was not done: the person may have to hear it."))
        return cleaned


@private_page
def task(request: HttpRequest, token: str) -> HttpResponseBase:
    """GET shows the task; POST shows whom it is about, hands over the list of who stays, or takes the answer."""
    if not within(TRIES_AN_HOUR, "task", visitor_address(request)):
        return too_many(request)
    mail = links.find(token, asking.PURPOSE, at=timezone.now())
    mine = Task.objects.select_related("request__subject", "order", "system", "processor")
    found = mine.filter(pk=mail.object_ref).first() if mail else None
    if found is None or not _is_open(found):
        return render(request, "portal/task_over.html", {"task": found}, status=410 if found else 404)
    if request.method != "POST":
        context = {"task": found, "duty": heading(found), "due_on": asking.due_on(found)}
        return render(request, "portal/task.html", context)
    if "leave_out" in request.POST and not (found.order and staying(found.order).everybody):
        return hand_over(found)
    if "take_back" in request.POST:
        return _take_back(request, found)
    is_answer = "answer" in request.POST or "send" in request.POST
    return _answer(request, found, token) if is_answer else _show(request, found)


def _is_open(task: Task) -> bool:
    """Answered, a task of a case may be corrected until that is closed."""
    if task.stage == TaskStage.CANCELLED or task.is_settled:
        return False
    return task.request is not None or task.stage != TaskStage.ANSWERED


def _show(request: HttpRequest, task: Task) -> HttpResponse:
    record("requests.open_task", task, by=SYSTEM, at=timezone.now())
    return _page(request, task, AnswerForm(initial={"answer": task.answer, "text": task.answer_text}))


def _take_back(request: HttpRequest, task: Task) -> HttpResponse:
    """One file fewer; what was ticked and written meanwhile is kept."""
    file = _there(task).filter(pk=_number(request.POST["take_back"])).first()
    try:
        if file is not None:
            work.take_file_back(task, file, by=SYSTEM, at=timezone.now())
    except Refused:
        return render(request, "portal/task_over.html", {"task": task}, status=410)
    kept = {name: request.POST.get(name, "") for name in ("answer", "text")}
    return _page(request, task, AnswerForm(initial=kept), taken_back=file is not None)


def _number(typed: str) -> int:
    return int(typed) if typed.isdecimal() and len(typed) < LONGEST_NUMBER else 0


def _there(task: Task) -> QuerySet[TaskFile]:
    return task.files.filter(destroyed_at=None).order_by("pk")


def _answer(request: HttpRequest, task: Task, token: str) -> HttpResponse:
    form = AnswerForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, task, form, status=422)
    said = form.cleaned_data
    try:
        work.answer(
            task,
            answer=said["answer"],
            text=said["text"],
            uploads=said["uploads"],
            by=SYSTEM,
            at=timezone.now(),
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, task, form, status=422)
    return HttpResponseRedirect(reverse("portal:task_answered", args=[token]))


@private_page
def answered(request: HttpRequest, token: str) -> HttpResponse:
    """What is asked after the end of a case cannot be corrected: there is no case any more to keep it open."""
    mail = links.find(token, asking.PURPOSE, at=timezone.now())
    found = Task.objects.select_related("request").filter(pk=mail.object_ref).first() if mail else None
    again = reverse("portal:task", args=[token]) if found and _is_open(found) else ""
    return render(request, "portal/task_answered.html", {"again": again})


def _page(
    request: HttpRequest, task: Task, form: AnswerForm, status: int = 200, *, taken_back: bool = False
) -> HttpResponse:
    context = {
        "task": task,
        "duty": heading(task),
        "due_on": asking.due_on(task),
        "is_late": asking.due_on(task) < Company.current().today(),
        "form": form,
        "subject": task.request.subject if task.request else None,
        "kept": _kept(task),
        "what": _what(task),
        "staying": staying(task.order) if task.order else None,
        "kinds": ",".join(KINDS),
        "files": list(_there(task)),
        "taken_back": taken_back,
        "first": "id_answer_0",
    }
    return render(request, "portal/task_details.html", context, status=status)


def _kept(task: Task) -> list[plans.Line]:
    """What must not be erased, though somebody asked."""
    if task.duty != Duty.ERASE:
        return []
    order = ErasureOrder.objects.filter(request=task.request_id).first()
    return [line for line in plans.kept(plans.from_json(order.plan)) if line.is_refusal] if order else []


def _what(task: Task) -> list[tuple[Any, str]]:
    """What exactly is asked, as pairs of a name and what it should say."""
    told = instructions.of(task)
    points = [
        (correction["what"] if correction["field"] == Correctable.OTHER else FIELD_NAMES[correction["field"]],
         correction["value"])
        for correction in told.get("corrections", [])
    ]  # fmt: skip
    label = _("Again for") if task.duty == Duty.RESUME else _("No longer for")
    uses = [(label, use["name"]) for use in told.get("uses", [])]
    names = AGAIN_NAMES if task.duty == Duty.RESUME else WHOLE_NAMES
    whole = [(label, names[kind]) for kind in told.get("kinds", [])]
    return [*points, *uses, *whole]


def heading(task: Task) -> Any:
    return OVER_USE if task.objection_id else DUTIES[task.duty]


FIELD_NAMES = dict(FIELDS)
WHOLE_NAMES: dict[str, Any] = {
    Kind.SALE.value: gettext_lazy("any sale, or sharing for advertising"),
    Kind.MARKETING.value: gettext_lazy("any direct marketing"),
}
AGAIN_NAMES: dict[str, Any] = {
    Kind.SALE.value: pgettext_lazy("again for", "sale, or sharing for advertising"),
    Kind.MARKETING.value: pgettext_lazy("again for", "direct marketing"),
}
OVER_USE = gettext_lazy("One person allows a use of their data in %(where)s again")
# What is asked, as a heading that names nobody.
DUTIES: dict[str, Any] = {
    Duty.GATHER: gettext_lazy("Find one person’s data in %(where)s"),
    Duty.CORRECT: gettext_lazy("Correct one person’s data in %(where)s"),
    Duty.ERASE: gettext_lazy("Erase one person’s data in %(where)s"),
    Duty.RESTRICT: gettext_lazy("Keep one person’s data in %(where)s, but do not use it"),
    Duty.STOP: gettext_lazy("Stop using one person’s data in %(where)s"),
    Duty.TELL: gettext_lazy("Take note of a change to one person’s data"),
    Duty.RESUME: gettext_lazy("The restriction of one person’s data in %(where)s is over"),
    Duty.CUT_OFF: gettext_lazy("Erase what has run out in %(where)s"),
}
