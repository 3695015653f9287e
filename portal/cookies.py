"""The list of cookies, and a choice about them that needs no script."""

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from inventory import cookies
from inventory.cookies_catalogue import Group
from inventory.cookies_choices import Standing, standings
from inventory.models import CatalogueVersion, CookieReceipt
from law.models import Company

from .limits import within
from .views import public_page

RECEIPT_SALT = "portal.cookies.receipt"  # what a browser keeps: the reference of its receipt
FORM_SALT = "portal.cookies.form"  # what a form carries: the list it shows, the reference it will make
LONGEST_REFERENCE = 40
# Of one network: a whole school chooses in one lesson, but nobody fills our tables from one machine.
CHOICES_AN_HOUR = 600
YES, NO = "yes", "no"
WORDS = settings.LANGUAGE_CODE  # the list is written in the house's language, whatever the visitor's


class ChoiceForm(forms.Form):
    """A pair of Yes and No for each optional group. What is not answered is a No."""

    form = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, groups: list[Group], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = groups
        for group in groups:
            self.fields[f"group-{group['code']}"] = forms.ChoiceField(
                label=group["name"],
                choices=[(YES, _("Yes")), (NO, _("No"))],
                widget=forms.RadioSelect,
                required=False,
            )

    def pairs(self) -> list[tuple[Group, forms.BoundField]]:
        return [(group, self[f"group-{group['code']}"]) for group in self.groups]

    def choices(self) -> dict[str, bool]:
        return {group["code"]: self.cleaned_data[f"group-{group['code']}"] == YES for group in self.groups}


def has_gpc(request: HttpRequest) -> bool:
    """Global Privacy Control: the specification knows one value (Cal. Code Regs. title 11, § 7025)."""
    return request.headers.get("Sec-GPC") == "1"


@public_page
def catalogue(request: HttpRequest) -> HttpResponse:
    """Every cookie of the list in force, by group."""
    found = cookies.current_catalogue(whole=True)
    if found is None:
        return render(request, "portal/cookies_none.html")
    groups = [(group, found.cookies.get(group["code"], [])) for group in found.groups]
    return render(request, "portal/cookies.html", {"catalogue": found, "groups": groups, "words": WORDS})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@vary_on_headers("Sec-GPC")
def choices(request: HttpRequest) -> HttpResponse:
    """Choose, or choose anew."""
    found = cookies.current_catalogue()
    if found is None:
        return render(request, "portal/cookies_none.html")
    if request.method != "POST":
        return _ask(request, found)
    if not within(CHOICES_AN_HOUR, "cookie-choice", get_adapter().get_client_ip(request)):
        return render(request, "429.html", status=429)
    return _chosen(request)


def _ask(request: HttpRequest, found: CatalogueVersion, *, is_stale: bool = False) -> HttpResponse:
    receipt = receipt_of(request)
    standing = _standings(found, receipt, gpc=has_gpc(request))
    form = ChoiceForm(found.optional, initial={"form": _new_form(found), **_answers(standing)})
    context = {
        "catalogue": found,
        "form": form,
        "gpc": has_gpc(request),
        "receipt": receipt,
        "needed": sum(group["count"] for group in found.groups if group["essential"]),
        "asked": [group for group in found.optional if receipt and standing[group["code"]].is_to_be_asked],
        "is_stale": is_stale,
        "words": WORDS,
    }
    return render(request, "portal/cookies_choices.html", context)


def _answers(standing: dict[str, Standing]) -> dict[str, str]:
    """A browser's own earlier answers; nothing is ever preset for it."""
    return {
        f"group-{code}": YES if its.is_allowed else NO
        for code, its in standing.items()
        if its.reason == "chosen"
    }


def _new_form(found: CatalogueVersion) -> str:
    return signing.dumps([found.number, cookies.new_reference()], salt=FORM_SALT)


def _chosen(request: HttpRequest) -> HttpResponse:
    try:
        number, reference = signing.loads(request.POST.get("form", ""), salt=FORM_SALT)
        shown = CatalogueVersion.objects.published().light().get(number=number)
    except (signing.BadSignature, CatalogueVersion.DoesNotExist):
        raise Http404("This form was not made by this page.") from None
    form = ChoiceForm(shown.optional, request.POST)
    if not form.is_valid():
        return _ask(request, shown, is_stale=True)
    receipt = cookies.choose(
        shown,
        _choices(request, form),
        gpc=has_gpc(request),
        at=timezone.now(),
        reference=reference,
        replaces=_former(request, reference),
    )
    response = redirect("portal:cookies_saved")
    _keep(response, receipt)
    return response


def _choices(request: HttpRequest, form: ChoiceForm) -> dict[str, bool]:
    """“All” buttons speak for every optional group of the list that was shown."""
    if (everything := request.POST.get("all")) in (YES, NO):
        return {group["code"]: everything == YES for group in form.groups}
    return form.choices()


def _former(request: HttpRequest, reference: str) -> CookieReceipt | None:
    receipt = receipt_of(request)
    return receipt if receipt and receipt.reference != reference else None


def _keep(response: HttpResponse, receipt: CookieReceipt) -> None:
    response.set_signed_cookie(
        settings.CHOICE_COOKIE_NAME,
        receipt.reference,
        salt=RECEIPT_SALT,
        max_age=Company.current().choice_lasts,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


@require_safe
@never_cache
@vary_on_headers("Sec-GPC")
def saved(request: HttpRequest) -> HttpResponse:
    found, receipt = cookies.current_catalogue(), receipt_of(request)
    if found is None or receipt is None:
        return redirect("portal:cookie_choices")
    standing = _standings(found, receipt, gpc=has_gpc(request))
    groups = [(group, standing[group["code"]]) for group in found.groups]
    context = {"receipt": receipt, "groups": groups, "gpc": receipt.gpc or has_gpc(request), "words": WORDS}
    return render(request, "portal/cookies_saved.html", context)


@require_safe
@cache_control(no_store=True)
@vary_on_headers("Sec-GPC", "Cookie")
def choices_json(request: HttpRequest) -> JsonResponse:
    """For the platform: what this browser, or that of `?receipt=`, may be given now. It is no evidence
    that somebody is not on another device: it speaks for one browser."""
    receipt = receipt_of(request)
    if "receipt" in request.GET:
        receipt = _receipt(request.GET["receipt"])
        if receipt is None:
            return JsonResponse({"error": "There is no such receipt."}, status=404)
    found, gpc = cookies.current_catalogue(), has_gpc(request)
    standing = _standings(found, receipt, gpc=gpc) if found else {}
    return JsonResponse(
        {
            "catalogue": found.number if found else None,
            "receipt": receipt.reference if receipt else None,
            "chosen_at": receipt.at.isoformat() if receipt else None,
            "gpc": gpc or bool(receipt and receipt.gpc),
            "ask": any(its.is_to_be_asked for its in standing.values()),
            "groups": {
                code: {"allowed": its.is_allowed, "reason": its.reason} for code, its in standing.items()
            },
        }
    )


def _standings(found: CatalogueVersion, receipt: CookieReceipt | None, *, gpc: bool) -> dict[str, Standing]:
    if receipt is None:
        return standings(found.groups, [], {}, gpc=gpc)
    return standings(found.groups, receipt.catalogue.groups, receipt.choices, gpc=gpc or receipt.gpc)


def receipt_of(request: HttpRequest) -> CookieReceipt | None:
    """The receipt this browser carries; a forged or worn-out cookie is none."""
    if settings.CHOICE_COOKIE_NAME not in request.COOKIES:
        return None
    reference = request.get_signed_cookie(settings.CHOICE_COOKIE_NAME, default="", salt=RECEIPT_SALT)
    return _receipt(str(reference))


def _receipt(reference: str) -> CookieReceipt | None:
    """The one of that reference, while it counts: not worn out, and not replaced by a later choice."""
    if not reference or len(reference) > LONGEST_REFERENCE or not reference.isascii() or "\0" in reference:
        return None
    rows = CookieReceipt.objects.current(timezone.now() - Company.current().choice_lasts)
    rows = rows.select_related("catalogue").defer("catalogue__cookies")
    return rows.filter(reference=reference).first()


@require_safe
@cache_control(public=True, max_age=86_400)
def gpc_json(request: HttpRequest) -> JsonResponse:
    """That we heed Global Privacy Control (its specification, “GPC support resource”)."""
    found = cookies.current_catalogue()
    support: dict[str, Any] = {"gpc": True}
    if found and found.published_at:
        support["lastUpdate"] = Company.current().day_of(found.published_at).isoformat()
    return JsonResponse(support)
