"""Behind two links of an erasure: to stop it while it waits, and to read the letter when it is done.

Afterwards nobody is on file whom a code could be sent to, so that second link opens the letter by itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from audit.actors import SYSTEM
from audit.refusals import Refused
from notices import links
from notices.models import Mail
from people.models import Person
from requests.erasing import erasure
from requests.models import LetterKind, RightsRequest

from .visitors import case_or_404, private_page


@private_page
def stop(request: HttpRequest, reference: str, token: str) -> HttpResponse:
    """Whoever reads the address on file can stop it, whoever asked for it (abuse A3)."""
    case = case_or_404(reference)
    mail = _mail_of(case, token, erasure.STOP_PURPOSE)
    if mail is None:
        return render(request, "portal/rights/link_old.html", {"case": case}, status=404)
    order = case.erasure_order if hasattr(case, "erasure_order") else None
    if order is None or not erasure.is_stoppable(order, timezone.now()):
        return render(request, "portal/rights/not_now.html", {"case": case}, status=409)
    if request.method != "POST":
        return render(request, "portal/rights/stop.html", {"case": case, "order": order})
    reader = Person.objects.filter(pk=mail.recipient_id or 0).first()
    try:
        erasure.stop(order, by=reader or SYSTEM, at=timezone.now())
    except Refused:  # somebody was quicker, or the wait ended while the page was open
        return render(request, "portal/rights/not_now.html", {"case": case}, status=409)
    return render(request, "portal/rights/stopped.html", {"case": case})


@private_page
def letter(request: HttpRequest, reference: str, token: str) -> HttpResponse:
    """GET shows a button and no word of the letter: scanners open every link and keep what they see."""
    case = case_or_404(reference)
    mail = _mail_of(case, token, erasure.READ_PURPOSE)
    if mail is None or mail.has_expired(timezone.now()):
        return render(request, "portal/rights/link_old.html", {"case": case}, status=404)
    words = case.messages.filter(letter=LetterKind.ERASED).last() if request.method == "POST" else None
    return render(request, "portal/rights/letter.html", {"case": case, "letter": words})


def _mail_of(case: RightsRequest, token: str, purpose: str) -> Mail | None:
    mail = links.trace(token, purpose)
    return mail if mail and mail.object_ref == str(case.pk) else None
