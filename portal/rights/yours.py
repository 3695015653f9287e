"""“Your requests”: what somebody signed in asked, for themselves and for the children they look after.

The hour of a sign-in opens each case without another code: both go by mail to the address on file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise

from people.models import Person
from requests.models import RightsRequest

from .visitors import children_of, private_page, visitor
from .words import RIGHTS, Standing, standing, standing_for_others


@dataclass(frozen=True)
class Line:
    """One case: what was asked, and how it stands."""

    case: RightsRequest
    right: Promise
    standing: Standing


@dataclass
class About:
    """All about one person; `child` is None for whoever is signed in. `others` are what somebody else asked,
    who is not named."""

    child: Person | None
    open: list[Line] = field(default_factory=list)
    ended: list[Line] = field(default_factory=list)
    others: list[Line] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.open or self.ended or self.others)


@private_page
def yours(request: HttpRequest) -> HttpResponse:
    person = visitor(request)
    if person is None:
        return redirect("portal:sign_in")
    children = children_of(person)
    groups = list(about_each(person, children, timezone.now()))
    context = {
        "children": children,
        "groups": [group for group in groups if group],
        "is_open": sum(len(group.open) for group in groups),
        "shares": any(group.others for group in groups),
    }
    return render(request, "portal/rights/yours.html", context)


def about_each(person: Person, children: list[Person], at: datetime) -> Iterator[About]:
    """The visitor first, then each child; the latest request first."""
    groups = {child.pk: About(child) for child in children}
    own = About(None)
    for line in _lines(RightsRequest.objects.visible_to(person), at):
        group = groups.get(line.case.subject_id or 0, own)
        (group.open if line.case.is_open else group.ended).append(line)
    for line in _lines(RightsRequest.objects.felt_by(person), at, standing_for_others):
        groups.get(line.case.subject_id or 0, own).others.append(line)
    yield own
    yield from groups.values()


def _lines(
    cases: QuerySet[RightsRequest], at: datetime, stands: Callable[..., Standing] = standing
) -> Iterator[Line]:
    for case in cases.order_by("-received_at", "-pk"):
        yield Line(case, RIGHTS[case.right], stands(case, at))
