"""Who is at the door: a person on file who signed in, or somebody who opened one case with a code.

Both last an hour and live in the session alone. Whatever is shown is found anew at each request, so
that somebody who left, was erased or lost a guardianship is out at once (abuse A13)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import TypeVar

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from people.models import Authority, Guardianship, Person
from requests.models import RequesterKind, RightsRequest

from . import words

LASTS = timedelta(minutes=60)
PERSON, CASES = "person", "opened-cases"
R = TypeVar("R", bound=HttpResponseBase)


class NoSuchCase(Http404):
    pass


def private_page(view: Callable[..., R]) -> Callable[..., R | HttpResponse]:
    """Not kept and not indexed. A reference nobody has leads to a page about references."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> R | HttpResponse:
        try:
            response: R | HttpResponse = view(request, *args, **kwargs)
        except NoSuchCase:
            response = render(request, "portal/rights/no_such.html", status=404)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex"
        return response

    return page


def sign_in(request: HttpRequest, person: Person, *, at: datetime) -> None:
    """A new session key: one planted before does not become somebody's (session fixation)."""
    request.session.cycle_key()
    request.session[PERSON] = [person.pk, (at + LASTS).isoformat()]


def sign_out(request: HttpRequest) -> None:
    request.session.flush()


def visitor(request: HttpRequest) -> Person | None:
    pk, until = request.session.get(PERSON, [0, ""])
    if not pk or datetime.fromisoformat(until) <= timezone.now():
        return None
    return Person.objects.active().filter(pk=pk, erased_at=None).first()


def children_of(person: Person) -> list[Person]:
    """Those they may ask for: verified, not ended, not disputed."""
    wards = person.wardships.filter(authority=Authority.VERIFIED).select_related("child")
    return [ward.child for ward in wards.order_by("child_id") if ward.child.erased_at is None]


def open_case(request: HttpRequest, case: RightsRequest, *, at: datetime) -> None:
    request.session.cycle_key()
    opened = request.session.get(CASES, {})
    request.session[CASES] = {**opened, case.reference: (at + LASTS).isoformat()}


def close_case(request: HttpRequest, case: RightsRequest) -> None:
    opened = request.session.get(CASES, {})
    request.session[CASES] = {ref: until for ref, until in opened.items() if ref != case.reference}


def has_opened(request: HttpRequest, case: RightsRequest) -> bool:
    """With a code within the hour, or signed in as somebody it is visible to."""
    if not may_still_ask(case):
        return False
    until = request.session.get(CASES, {}).get(case.reference, "")
    if until and datetime.fromisoformat(until) > timezone.now():
        return True
    return visitor_of(request, case) is not None


def visitor_of(request: HttpRequest, case: RightsRequest) -> Person | None:
    """Who is signed in, if this case is theirs to see."""
    person = visitor(request)
    mine = person is not None and RightsRequest.objects.visible_to(person).filter(pk=case.pk).exists()
    return person if mine else None


def may_still_ask(case: RightsRequest) -> bool:
    """A guardianship that ended or is disputed closes the door at the next request (abuse A13); so does an
    erasure, for whom the link in our last mail opens the letter alone."""
    if words.is_erased(case):
        return False
    if case.requester_kind != RequesterKind.GUARDIAN or case.subject_id is None:
        return True
    links = Guardianship.objects.verified()
    return links.filter(child=case.subject_id, guardian=case.requester_id or 0).exists()


def case_or_404(reference: str) -> RightsRequest:
    case = RightsRequest.objects.filter(reference=reference).first()
    if case is None:
        raise NoSuchCase("There is no such request.")
    return case
