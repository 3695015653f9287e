"""What the closing letter of an erasure says was done where, and what stays: in the requester's language.

Names of categories are the house's own and stay as they are. A period a law sets is words of the register,
which are English: for others the place stays open, and a letter with an open place is not sent."""

from collections.abc import Iterable

from django.utils import translation
from django.utils.translation import gettext as _

from . import placeholders, plans
from .models import Answer, ErasureOrder, RightsRequest, Task, Way


def facts(request: RightsRequest) -> dict[str, str]:
    """`what` and `kept`, as names of the letter (placeholders.NAMES)."""
    order = ErasureOrder.objects.filter(request=request).first()
    lines = plans.from_json(order.plan) if order else []
    tasks = request.tasks.exclude(way=Way.HERE).exclude(answer="").select_related("system", "processor")
    with translation.override(request.language):
        kept = [_kept(line, request.language) for line in plans.kept(lines)]
        return {"what": "\n".join(_done(lines, tasks)), "kept": "\n".join(kept) or _("Nothing.")}


def _done(lines: Iterable[plans.Line], tasks: Iterable[Task]) -> list[str]:
    gone = ", ".join(line.name for line in lines if line.goes)
    here = _("In this service: %(what)s.") % {"what": gone}
    return [f"– {here}", *(f"– {task.whose}: {_became(task)}" for task in tasks)]


def _became(task: Task) -> str:
    if task.answer == Answer.EXCEPTION:
        return task.answer_text
    return _("it was deleted") if task.answer == Answer.DONE else _("nothing was found")


def _kept(line: plans.Line, language: str) -> str:
    return f"– {line.name}: {_why(line, language)}"


def _why(line: plans.Line, language: str) -> str:
    if line.hold:
        return _("We keep it for a legal claim and use it for nothing else, until that claim is settled.")
    if not line.is_refusal:
        return _(
            "We keep it to show what was asked of us and how we answered, for as long as that may be asked."
        )
    until = line.until if language == "en" else placeholders.BLANK
    return _("A law makes us keep it: until %(until)s.") % {"until": until}
