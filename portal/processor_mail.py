"""Asking for mails about changes, and ending them. A link opened is not a button pressed: mail scanners
open links, so GET shows a page and only POST acts. Every address gets the same answer."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from people.cleaning import clean_email
from processors.models import LinkPurpose, Subscription
from processors.public_list import subscribing

from .limits import too_many, visitor_address, within
from .views import visitor_language

# Mails one address may be sent, and forms one network may send, in an hour.
MAILS_AN_HOUR, FORMS_AN_HOUR = 3, 20

Act = Callable[[Subscription], bool]


class AddressForm(forms.Form):
    address = forms.CharField(max_length=1000)  # longer than any address: the sentence comes from clean_email

    def clean_address(self) -> str:
        address = clean_email(self.cleaned_data["address"])
        if not address:
            raise ValidationError(_("Write your e-mail address."))
        return address


# A forged post could do no more than anybody who types that address here: a mail that asks.
# A token in the list's page would cost every visitor a cookie and the page its ETag.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mail(request: HttpRequest) -> HttpResponse:
    """Subscribe or stop: both only send a link to that address."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "wants_stop": "stop" in request.POST}
        return render(request, "portal/processor_mail.html", context, status=422 if form.errors else 200)
    if not within(FORMS_AN_HOUR, "processor-mail-form", visitor_address(request)):
        return too_many(request)
    _send(request, form.cleaned_data["address"])
    return HttpResponseRedirect(reverse("portal:processor_mail_sent"))


def _send(request: HttpRequest, address: str) -> None:
    if not within(MAILS_AN_HOUR, "processor-mail", address):
        return  # the same answer: a full mailbox is not for strangers to fill, nor to find out about
    if "stop" in request.POST:
        subscribing.ask_to_stop(address, at=timezone.now())
    else:
        subscribing.ask(address, language=visitor_language(request), at=timezone.now())


@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/processor_mail_sent.html")


def link_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page behind a secret address: not kept and not indexed. The site's referrer policy tells no
    other site; a stricter one would make browsers send `Origin: null`, which the CSRF check refuses."""

    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex"
        return response

    return page


@link_page
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    return _follow(
        request, token, LinkPurpose.CONFIRM, lambda mine: subscribing.confirm(mine, at=timezone.now())
    )


@link_page
def stop(request: HttpRequest, token: str) -> HttpResponse:
    return _follow(request, token, LinkPurpose.STOP, lambda mine: subscribing.stop(mine, at=timezone.now()))


def _follow(request: HttpRequest, token: str, purpose: LinkPurpose, act: Act) -> HttpResponse:
    subscription = subscribing.find(token, purpose, at=timezone.now())
    if subscription is None:
        return render(request, "portal/processor_mail_old.html", status=404)
    is_done = bool(subscription.confirmed_at if purpose == LinkPurpose.CONFIRM else subscription.ended_at)
    made_a_difference = request.method == "POST" and act(subscription)
    context = {
        "purpose": purpose.value,
        "is_done": is_done or request.method == "POST",
        "was_done": not made_a_difference,
    }
    return render(request, "portal/processor_mail_link.html", context)
