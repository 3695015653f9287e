"""The desk's own two doors: a request that came by phone, post or mail goes in; a flood of spam goes out."""

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from audit.desk import DeskAdmin, page, staff
from audit.refusals import Refused
from people.models import User
from requests import actions
from requests.arriving import receiving
from requests.models import RightsRequest, Stage

from .filters import View
from .forms_desk import EnterForm, SpamForm
from .shown import WORK


class Intake(DeskAdmin):
    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("enter/", guard(self.enter_view), name="requests_rightsrequest_enter"),
            path("spam/", guard(self.spam_view), name="requests_rightsrequest_spam"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = {
            "may_enter": request.user.has_perm(WORK),
            "is_unconfirmed_view": request.GET.get(View.parameter_name) == View.UNVERIFIED,
        }
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    def enter_view(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(WORK):
            raise PermissionDenied
        form = EnterForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self._enter_page(request, form)
        try:
            cases = receiving.receive(form.asked(), by=staff(request), at=timezone.now())
        except Refused as refusal:
            return self._enter_page(request, form, refusal)
        references = ", ".join(case.reference for case in cases)
        messages.success(request, f"Entered: {references}. Tell the requester this reference.")
        return HttpResponseRedirect(reverse("admin:requests_rightsrequest_change", args=[cases[0].pk]))

    def _enter_page(
        self, request: HttpRequest, form: EnterForm, refusal: Refused | None = None
    ) -> HttpResponse:
        context = {"title": "Enter a request", "form": form, "refusal": str(refusal) if refusal else ""}
        status = refusal.status_code if refusal else 200
        return page(self, request, "admin/requests/rightsrequest/enter.html", context, status)

    def spam_view(self, request: HttpRequest) -> HttpResponse:
        """Shows the words of each before anything is closed; at most fifty, the newest first."""
        if not request.user.has_perm(WORK):
            raise PermissionDenied
        form = SpamForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self._spam_page(request, form)
        chosen = list(_unconfirmed().filter(pk__in=form.cleaned_data["cases"]).order_by("pk"))
        try:
            count = actions.close_as_spam(
                chosen, by=cast(User, request.user), at=timezone.now(), reason=form.reason_given
            )
        except Refused as refusal:
            return self._spam_page(request, form, refusal)
        messages.success(request, f"Closed as spam: {count}.")
        url = reverse("admin:requests_rightsrequest_changelist")
        return HttpResponseRedirect(f"{url}?{View.parameter_name}={View.UNVERIFIED}")

    def _spam_page(
        self, request: HttpRequest, form: SpamForm, refusal: Refused | None = None
    ) -> HttpResponse:
        context = {
            "title": "Close as spam",
            "form": form,
            "cases": _unconfirmed().select_related("particulars").order_by("-pk")[: actions.MOST_SPAM],
            "chosen": set(form.ticked),
            "refusal": str(refusal) if refusal else "",
        }
        status = refusal.status_code if refusal else 200
        return page(self, request, "admin/requests/rightsrequest/spam.html", context, status)


def _unconfirmed() -> QuerySet[RightsRequest]:
    return RightsRequest.objects.filter(stage=Stage.UNVERIFIED)
