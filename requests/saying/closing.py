"""What the letter that ends a case says was done where, and what stays: in the requester's language.

Names of categories are read from the register; one that has none in that language stays English and says so."""

from collections.abc import Iterable, Mapping

from django.utils import translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from inventory import spoken
from inventory.models import DataCategory
from requests.erasing import plans
from requests.models import Answer, Duty, ErasureOrder, RightsRequest, Task, Way

from . import letters

Names = Mapping[str, DataCategory]
WORDS = {
    Duty.ERASE: gettext_lazy("it was deleted"),
    Duty.CORRECT: gettext_lazy("it was corrected"),
    Duty.RESTRICT: gettext_lazy("it is kept and not used"),
    Duty.STOP: gettext_lazy("it was stopped"),
    Duty.TELL: gettext_lazy("told of it (GDPR Art. 19)"),
}


def facts(request: RightsRequest) -> dict[str, str]:
    """`what` and, for an erasure, `kept`, as names of the letter (placeholders.NAMES); a case in which nobody
    was asked anything gives none, for a colleague to say."""
    order = ErasureOrder.objects.filter(request=request).first()
    with translation.override(request.language):
        done = list(map(_done, _tasks(request)))
        if order is None:
            return {"what": "\n".join(done), **letters.of_copy(request)}
        lines = plans.from_json(order.plan)
        names = DataCategory.objects.in_bulk([line.category for line in lines], field_name="code")
        kept = [_line(_name(line, names), line.why) for line in plans.kept(lines)]
        return {"what": "\n".join([*_gone(lines, names), *done]), "kept": "\n".join(kept) or _("Nothing.")}


def _tasks(request: RightsRequest) -> Iterable[Task]:
    """What was asked of others for the sake of the request, and what became of it."""
    asked = (
        request.tasks.exclude(way=Way.HERE).exclude(answer="").exclude(duty__in=[Duty.GATHER, Duty.RESUME])
    )
    return asked.select_related("system", "processor").order_by("pk")


def _gone(lines: Iterable[plans.Line], names: Names) -> list[str]:
    gone = ", ".join(_name(line, names) for line in lines if line.goes)
    return ["– " + _("In this service: %(what)s.") % {"what": gone}] if gone else []


def _done(task: Task) -> str:
    return _line(str(task.whose), _became(task))


def _line(what: str, words: str) -> str:
    return _("– %(what)s: %(words)s") % {"what": what, "words": words}


def _became(task: Task) -> str:
    if task.answer == Answer.EXCEPTION:
        return _("not possible. The answer was: “%(words)s”") % {"words": task.answer_text}
    return str(WORDS[Duty(task.duty)]) if task.answer == Answer.DONE else _("nothing was found")


def _name(line: plans.Line, names: Names) -> str:
    row = names.get(line.category)
    name = spoken.name(row) if row else spoken.Name(line.name, spoken.HOUSE)
    is_read = name.language == get_language()
    return name.words if is_read else _("“%(name)s” (in English)") % {"name": name.words}
