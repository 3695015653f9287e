"""How a request stands: a page anybody with the reference may see, without a name and without the right."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from notices import links, mail
from portal.limits import forget_tries, too_many, visitor_address, within
from requests.models import RightsRequest
from requests.saying import mails

from .codes import CodeForm, opened
from .visitors import case_or_404, close_case, has_opened, may_still_ask, open_case, private_page, visitor_of
from .words import is_erased, standing

OPEN_PURPOSE, OPEN_EVENT = "requests.open", "requests.open"
LINK_LASTS = timedelta(minutes=30)
CODES_AN_HOUR = 60  # of one network


@private_page
def status(request: HttpRequest, reference: str) -> HttpResponse:
    case = case_or_404(reference)
    context = {
        "case": case,
        "standing": standing(case, timezone.now()),
        "is_open_here": has_opened(request, case),
        "visitor": visitor_of(request, case),
    }
    return render(request, "portal/rights/status.html", context)


@private_page
def find(request: HttpRequest) -> HttpResponse:
    """From the start page: a reference typed by hand, with or without its hyphens."""
    typed = "".join(sign for sign in request.GET.get("reference", "")[:60].upper() if sign.isalnum())
    try:
        return redirect("portal:request", "-".join((typed[:5], typed[5:10], typed[10:])))
    except NoReverseMatch:
        return render(request, "portal/rights/no_such.html", status=404)


@private_page
def open_messages(request: HttpRequest, reference: str) -> HttpResponse:
    """A code to the address on file opens the messages for an hour, in this browser."""
    case = case_or_404(reference)
    if has_opened(request, case):
        return redirect("portal:request_messages", case.reference)
    if is_erased(case):  # the page says where the letter is
        return redirect("portal:request", case.reference)
    if request.method == "POST" and not within(CODES_AN_HOUR, "request-code", visitor_address(request)):
        return too_many(request)
    if "send" in request.POST:
        _send_code(case)
        return HttpResponseRedirect(f"{request.path}?sent")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (found := opened(form, case, OPEN_PURPOSE, who=case.reference)):
        links.consume(found, at=timezone.now())
        return _let_in(request, case)
    context = {
        "case": case,
        "form": form,
        "is_sent": "sent" in request.GET or form.is_bound,
        "back": reverse("portal:request", args=[case.reference]),
    }
    return render(request, "portal/rights/open.html", context, status=422 if form.errors else 200)


def _send_code(case: RightsRequest) -> None:
    """Says nothing of whether there is anybody to write to."""
    forget_tries(OPEN_PURPOSE, case.reference)
    to = mails.whom(case)
    if to is None or not may_still_ask(case) or not links.may_send_code(case, at=timezone.now()):
        return
    link = mail.LinkSpec(
        OPEN_PURPOSE, "portal:request_open_link", lasts=LINK_LASTS, with_code=True, args=(case.reference,)
    )
    reader = mail.Reader(to.address, case.language, to.person_id, to.greeting)
    context = {"reference": case.reference}
    mail.post(OPEN_EVENT, case, to=reader, context=context, link=link, at=timezone.now())


@private_page
def open_by_link(request: HttpRequest, reference: str, token: str) -> HttpResponse:
    case = case_or_404(reference)
    found = links.find(token, OPEN_PURPOSE, at=timezone.now())
    if found is None or found.object_ref != str(case.pk):
        return render(request, "portal/rights/link_old.html", {"case": case, "to_open": True}, status=404)
    if request.method == "POST" and links.consume(found, at=timezone.now()):
        return _let_in(request, case)
    context = {"case": case, "is_used": request.method == "POST" or found.used_at is not None}
    return render(request, "portal/rights/open_link.html", context)


def _let_in(request: HttpRequest, case: RightsRequest) -> HttpResponse:
    open_case(request, case, at=timezone.now())
    return redirect("portal:request_messages", case.reference)


@private_page
def leave(request: HttpRequest, reference: str) -> HttpResponse:
    if request.method == "POST":
        close_case(request, case_or_404(reference))
    return redirect("portal:request", reference)
