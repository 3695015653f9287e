"""Signing in as somebody on file: an address, a mail, a link or six numbers. No password, no list of
who is here: every address gets the same page, and one mail goes out whether or not we know it."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from law.models import Company
from notices import links, mail
from notices.mail import LinkSpec, Reader
from people.models import Person, Role
from portal.limits import counted_as, forget_tries, too_many, visitor_address, within
from portal.views import visitor_language

from .codes import CodeForm, opened
from .fields import AddressField
from .visitors import private_page, sign_in, sign_out, visitor

PURPOSE, ASKED = "portal.sign_in", "sign-in-address"
LINK_LASTS = timedelta(minutes=30)
# Mails one mailbox may be sent, and forms one network may send, in an hour: a school shares one.
MAILS_AN_HOUR, FORMS_AN_HOUR, CODES_AN_HOUR = 3, 60, 100


class AddressForm(forms.Form):
    email = AddressField(error_messages={"required": gettext_lazy("Write your email address.")})

    def clean_email(self) -> str:
        if not self.cleaned_data["email"]:
            raise forms.ValidationError(_("Write your email address."), code="required")
        return str(self.cleaned_data["email"])


@private_page
def ask(request: HttpRequest) -> HttpResponse:
    if visitor(request):
        return redirect("portal:yours")
    form = AddressForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(
            request, "portal/rights/sign_in.html", {"form": form}, status=422 if form.errors else 200
        )
    if not within(FORMS_AN_HOUR, "sign-in-form", visitor_address(request)):
        return too_many(request)
    address = form.cleaned_data["email"]
    if within(MAILS_AN_HOUR, "sign-in-mail", counted_as(address)):
        _send(address, language=visitor_language(request), at=timezone.now())
    forget_tries(PURPOSE, address)
    request.session[ASKED] = address
    return HttpResponseRedirect(reverse("portal:sign_in_code"))


def person_at(address: str) -> Person | None:
    """A family may share a mailbox: then it is the adult's. Children who share one have no sign-in."""
    found = Person.objects.active().filter(email=address, undeliverable_at=None, erased_at=None)
    people = sorted(found, key=lambda person: (person.role == Role.LEARNER, person.pk))
    if len(people) > 1 and people[0].role == Role.LEARNER:
        return None
    return people[0] if people else None


def _send(address: str, *, language: str, at: datetime) -> None:
    """One mail, whoever it is: the same work for known and unknown (abuse A31). To a stranger it says that
    we do not know the address, which nobody but its owner reads (docs/decisions)."""
    person = person_at(address)
    about = person or Company.current()
    if not links.may_send_code(about, at=at) and person:
        return  # the page says the same; three mails an hour are enough for any mailbox
    event = "portal.sign_in" if person else "portal.sign_in_unknown"
    link = (
        LinkSpec(PURPOSE, "portal:sign_in_link", lasts=LINK_LASTS, with_code=True)
        if person
        else mail.to_page("portal:requests")
    )
    reader = Reader(address, person.language if person else language, person.pk if person else None)
    mail.post(event, about, to=reader, context={}, link=link, at=at)


@private_page
def by_code(request: HttpRequest) -> HttpResponse:
    address = request.session.get(ASKED)
    if address is None:
        return redirect("portal:sign_in")
    if request.method == "POST" and not within(CODES_AN_HOUR, "sign-in-code", visitor_address(request)):
        return too_many(request)
    form = CodeForm(request.POST if request.method == "POST" else None)
    person = person_at(address)
    if form.is_valid() and (found := opened(form, person, PURPOSE, who=address)) and person:
        links.consume(found, at=timezone.now())
        return _let_in(request, person)
    return render(
        request, "portal/rights/sign_in_code.html", {"form": form}, status=422 if form.errors else 200
    )


@private_page
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    found = links.find(token, PURPOSE, at=timezone.now())
    person = _person_of(found)
    if found is None or person is None:
        return render(request, "portal/rights/sign_in_old.html", status=404)
    if request.method == "POST" and links.consume(found, at=timezone.now()):
        return _let_in(request, person)
    context = {"is_used": request.method == "POST" or found.used_at is not None}
    return render(request, "portal/rights/sign_in_link.html", context)


def _person_of(found: Any) -> Person | None:
    """Only while the address the link went to is still theirs."""
    if found is None:
        return None
    return Person.objects.active().filter(pk=found.recipient_id, email=found.address, erased_at=None).first()


def _let_in(request: HttpRequest, person: Person) -> HttpResponse:
    sign_in(request, person, at=timezone.now())
    request.session.pop(ASKED, None)
    return redirect("portal:yours")


@private_page
def leave(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        sign_out(request)
    return redirect("portal:requests")
