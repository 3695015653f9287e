"""Behind the code: the thread, the letters, what happened when, and what the requester can do.

Every page asks anew whether this browser may see this case; who may not is led to the code, never told
more than the status page tells."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.actors import Actor, ActorKind, Acts
from audit.refusals import Refused
from portal.limits import too_many, within
from requests import actions, linked
from requests.arriving.pasted import looks_like_a_document
from requests.copies import packages
from requests.erasing import erasure
from requests.guards import others_erase
from requests.models import RequesterKind, RightsRequest, Stage
from requests.saying import mails
from requests.saying import messages as thread

from .fields import AddressField, BlockField, LineField
from .questions import DETAILS_LIMIT, FIELDS, NAME_LIMIT
from .visitors import case_or_404, close_case, has_opened, private_page, visitor_of
from .words import RIGHTS, fetches_left, letter_name, order_of, standing, timeline

MESSAGES_AN_HOUR = 20
SAID = {
    "said": gettext_lazy("Your message is with us."),
    "stopped": gettext_lazy("The deletion is stopped. Nothing was deleted."),
    "withdrawn": gettext_lazy("The request is taken back."),
    "appealed": gettext_lazy("We take a second look. Somebody else decides this time."),
}
View = Callable[..., HttpResponse]


def opened_page(view: View) -> View:
    @private_page
    @wraps(view)
    def page(request: HttpRequest, reference: str) -> HttpResponse:
        case = case_or_404(reference)
        if not has_opened(request, case):
            return redirect("portal:request_open", case.reference)
        return view(request, case)

    return page


def who_acts(case: RightsRequest) -> Acts:
    """Whoever reads the mails of this case: a person on file, or somebody who asked a question."""
    to = mails.whom(case)
    if to is not None and to.person_id:
        return Actor(ActorKind.PERSON, str(to.person_id))
    return Actor(ActorKind.PERSON)


class ReplyForm(forms.Form):
    body = BlockField(
        limit=DETAILS_LIMIT, error_messages={"required": gettext_lazy("Write your message first.")}
    )

    def clean_body(self) -> str:
        body = str(self.cleaned_data["body"])
        if looks_like_a_document(body):
            raise forms.ValidationError(
                _(
                    "It looks as if you pasted a document or its number. Please take it out: we ask when we need one."
                )
            )
        return body


@opened_page
def messages(request: HttpRequest, case: RightsRequest) -> HttpResponse:
    form = ReplyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if not within(MESSAGES_AN_HOUR, "request-message", case.reference):
            return too_many(request)
        return _try(
            request,
            case,
            lambda: actions.hear(case, form.cleaned_data["body"], by=who_acts(case), at=timezone.now()),
            done="said",
        )
    return _show(request, case, form)


def _show(request: HttpRequest, case: RightsRequest, form: forms.Form) -> HttpResponse:
    now = timezone.now()
    _mark_read(case, now)
    context = {
        **_standing(case, now),
        **_ways_on(case, now),
        "case": case,
        "visitor": visitor_of(request, case),
        "about": case.subject.given_name if case.subject and case.subject_id != case.requester_id else "",
        "right": RIGHTS[case.right],
        "said": SAID.get(request.GET.get("done", "")),
        "form": form,
    }
    return render(request, "portal/rights/messages.html", context, status=422 if form.errors else 200)


def _mark_read(case: RightsRequest, at: datetime) -> None:
    """Only somebody who opened the case with a code gets here, never a mail scanner."""
    if case.messages.filter(read_at=None).exclude(sender_kind=ActorKind.PERSON).exists():
        actions.mark_read(case, by=who_acts(case), at=at)


FIELD_NAMES = dict(FIELDS)


def _standing(case: RightsRequest, at: datetime) -> dict[str, Any]:
    return {
        "standing": standing(case, at),
        "thread": [(message, letter_name(message.letter)) for message in case.messages.all()],
        "timeline": list(timeline(case)),
        "appeals": case.appeals.order_by("pk"),
        "points": [(FIELD_NAMES[point.field], point) for point in case.corrections.all()],
        # Until the work begins a decision may still be changed.
        "is_decided": case.stage not in (Stage.UNVERIFIED, Stage.REVIEW),
    }


def _ways_on(case: RightsRequest, at: datetime) -> dict[str, Any]:
    """What the requester can do now."""
    order = order_of(case)
    return {
        "package": packages.open_to(case, at),
        "order": order if order and erasure.is_stoppable(order, at) else None,
        "is_thread_open": thread.is_open(case, at),
        "may_change": case.stage in (Stage.UNVERIFIED, Stage.REVIEW),
        "may_appeal": may_appeal(case),
        "may_withdraw": case.is_open and not others_erase(case),
    }


def _try(request: HttpRequest, case: RightsRequest, act: Callable[[], Any], *, done: str) -> HttpResponse:
    """Do it and say so on the page that follows; a refusal is shown in our own words, not the staff's."""
    try:
        act()
    except Refused:
        return render(request, "portal/rights/not_now.html", {"case": case}, status=409)
    return HttpResponseRedirect(f"{reverse('portal:request_messages', args=[case.reference])}?done={done}")


@opened_page
def withdraw(request: HttpRequest, case: RightsRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "portal/rights/withdraw.html", {"case": case})
    return _try(
        request, case, lambda: actions.withdraw(case, by=who_acts(case), at=timezone.now()), done="withdrawn"
    )


@opened_page
def stop_deletion(request: HttpRequest, case: RightsRequest) -> HttpResponse:
    order = order_of(case)
    if order is None or not erasure.is_stoppable(order, timezone.now()):
        return render(request, "portal/rights/not_now.html", {"case": case}, status=409)
    if request.method != "POST":
        return render(request, "portal/rights/stop.html", {"case": case, "order": order})
    return _try(
        request, case, lambda: erasure.stop(order, by=who_acts(case), at=timezone.now()), done="stopped"
    )


class AppealForm(forms.Form):
    body = BlockField(
        limit=DETAILS_LIMIT, error_messages={"required": gettext_lazy("Write what we should look at again.")}
    )


def may_appeal(case: RightsRequest) -> bool:
    try:
        linked.may_be_appealed(case, at=timezone.now())
    except Refused:
        return False
    return True


@opened_page
def second_look(request: HttpRequest, case: RightsRequest) -> HttpResponse:
    if not may_appeal(case):
        return render(request, "portal/rights/not_now.html", {"case": case}, status=409)
    form = AppealForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        status = 422 if form.errors else 200
        return render(request, "portal/rights/appeal.html", {"case": case, "form": form}, status=status)
    return _try(
        request,
        case,
        lambda: actions.appeal(case, form.cleaned_data["body"], by=who_acts(case), at=timezone.now()),
        done="appealed",
    )


class ParticularsForm(forms.Form):
    """What was typed. Changing it means showing again that it comes from them (abuse A8)."""

    name = LineField(required=False, limit=NAME_LIMIT)
    email = AddressField(required=False)
    about = LineField(required=False, limit=NAME_LIMIT)
    details = BlockField(required=False, limit=DETAILS_LIMIT)

    def __init__(self, case: RightsRequest, data: Any = None) -> None:
        typed = case.particulars
        names = ("name", "email", "about", "details")
        super().__init__(data, initial={name: getattr(typed, name) for name in names})
        if case.requester_kind == RequesterKind.SELF:
            del self.fields["about"]


@opened_page
def change(request: HttpRequest, case: RightsRequest) -> HttpResponse:
    if case.stage not in (Stage.UNVERIFIED, Stage.REVIEW):
        return render(request, "portal/rights/not_now.html", {"case": case}, status=409)
    form = ParticularsForm(case, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        status = 422 if form.errors else 200
        return render(request, "portal/rights/change.html", {"case": case, "form": form}, status=status)
    try:
        actions.amend(case, by=who_acts(case), at=timezone.now(), **form.cleaned_data)
    except Refused:
        return render(request, "portal/rights/not_now.html", {"case": case}, status=409)
    case.refresh_from_db()
    if case.stage == Stage.UNVERIFIED:
        close_case(request, case)  # whoever sits here shows again who they are
    return redirect("portal:request", case.reference)


@opened_page
def copy(request: HttpRequest, case: RightsRequest) -> HttpResponse:
    """GET and HEAD show a page and count nothing; only the button fetches, whole, in one stream."""
    if request.method != "POST":
        package = packages.open_to(case, timezone.now())
        if package is None:
            return render(request, "portal/rights/copy_over.html", {"case": case}, status=404)
        context = {"case": case, "package": package, "fetches_left": fetches_left(package)}
        return render(request, "portal/rights/copy.html", context)
    try:
        package, pieces = packages.fetch(case, by=who_acts(case), at=timezone.now())
    except packages.CopyOver:
        return render(request, "portal/rights/copy_over.html", {"case": case}, status=404)
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="copy-{case.reference}.zip"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Accept-Ranges"] = "none"
    return response  # type: ignore[return-value]  # a stream is a response to Django
