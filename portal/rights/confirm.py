"""Behind the link in the mail to the address on file: GET shows, POST acts. Scanners open every link."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from notices import links
from notices.models import Mail
from portal.limits import forget_tries, too_many, visitor_address, within
from requests import actions
from requests.models import RightsRequest, Stage
from requests.refusals import LinkSpent
from requests.saying.mails import CONFIRM_PURPOSE

from .codes import CodeForm, opened
from .visitors import case_or_404, private_page

CODES_AN_HOUR, AGAIN_AN_HOUR = 60, 3  # of one network; for one request


@private_page
def confirm(request: HttpRequest, reference: str, token: str) -> HttpResponse:
    case = case_or_404(reference)
    mail = links.trace(token, CONFIRM_PURPOSE)
    if mail is None or mail.object_ref != str(case.pk):
        return render(request, "portal/rights/link_old.html", {"case": case}, status=404)
    if mail.used_at or case.stage != Stage.UNVERIFIED:
        return _over(request, case)
    if mail.has_expired(timezone.now()):
        return render(request, "portal/rights/link_old.html", {"case": case}, status=410)
    if request.method != "POST":
        return render(request, "portal/rights/confirm.html", {"case": case})
    return _act(request, case, mail)


def _act(request: HttpRequest, case: RightsRequest, mail: Mail) -> HttpResponse:
    is_denied = "not_me" in request.POST
    try:
        (actions.deny_link if is_denied else actions.confirm_link)(mail, at=timezone.now())
    except LinkSpent:
        return _over(request, case)
    if is_denied:
        return render(request, "portal/rights/not_me.html", {"case": case})
    return _over(request, case, was_now=True)


def _over(request: HttpRequest, case: RightsRequest, *, was_now: bool = False) -> HttpResponse:
    case.refresh_from_db()
    context = {"case": case, "was_now": was_now, "is_confirmed": case.verified_at is not None}
    return render(request, "portal/rights/confirmed.html", context)


@private_page
def by_code(request: HttpRequest, reference: str) -> HttpResponse:
    """The six numbers of the mail, typed on another device; or a new mail."""
    case = case_or_404(reference)
    if case.stage != Stage.UNVERIFIED:
        return redirect("portal:request", case.reference)
    if request.method == "POST" and not within(CODES_AN_HOUR, "request-code", visitor_address(request)):
        return too_many(request)
    if "again" in request.POST:
        if not within(AGAIN_AN_HOUR, "request-again", case.reference):
            return too_many(request)
        return _send_again(case)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (mail := opened(form, case, CONFIRM_PURPOSE, who=case.reference)):
        return _act(request, case, mail)
    return _ask_code(request, case, form, is_sent="sent" in request.GET)


def _ask_code(request: HttpRequest, case: RightsRequest, form: CodeForm, **extra: Any) -> HttpResponse:
    context = {"case": case, "form": form, "back": reverse("portal:request", args=[case.reference]), **extra}
    return render(request, "portal/rights/code.html", context, status=422 if form.errors else 200)


def _send_again(case: RightsRequest) -> HttpResponse:
    """The same answer, whether or not there is anybody to write to."""
    forget_tries(CONFIRM_PURPOSE, case.reference)
    actions.ask_again(case, at=timezone.now())
    return HttpResponseRedirect(f"{reverse('portal:request_confirm_code', args=[case.reference])}?sent")
