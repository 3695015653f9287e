"""Finding the person of a case at the desk: looked for by name, and each one shown is a look that is written down."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit.actions import record_each
from audit.desk import DeskAdmin, staff
from audit.text import clean_line
from requests.models import RightsRequest

from . import candidates
from .forms import MatchForm
from .screens import PARTICULARS

PEOPLE = "people.view_person"


class Finding(DeskAdmin):
    """Stands before the base class that runs the buttons."""

    def _ask(
        self, request: HttpRequest, button: Any, obj: Any, consequences: Any, asked: Any, *rest: Any
    ) -> HttpResponse:
        if isinstance(asked[0], MatchForm):
            asked[0].look = _look(request, obj)
        response: HttpResponse = super()._ask(request, button, obj, consequences, asked, *rest)  # type: ignore[misc]
        return response


def _look(request: HttpRequest, case: RightsRequest) -> candidates.Look:
    """As the page of a person: only for those who may see people, and written down for each."""
    term = _term(request)
    if not request.user.has_perm(PEOPLE):
        return candidates.by_platform_id(term)
    may_read = request.user.has_perm(PARTICULARS)
    look = candidates.look(case, term, getattr(case, "particulars", None) if may_read else None)
    shown = [candidate.person for candidate in look.candidates]
    record_each("people.read", shown, by=staff(request), at=timezone.now(), details={"case": case.pk})
    return look


def _term(request: HttpRequest) -> str:
    try:
        return clean_line(request.POST.get("look_for", ""))[:200]
    except ValidationError:
        return ""
