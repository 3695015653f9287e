"""From one case to the next, in the list somebody came with and in its order."""

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, path, reverse

from requests.models import RightsRequest

from .filters import View

if TYPE_CHECKING:
    from audit.admin import AuditedAdmin
else:
    AuditedAdmin = object

KEPT = "_changelist_filters"  # the admin's own name for the list somebody came with
STEM = "admin:requests_rightsrequest"
# Where somebody looks in a list, not what it holds.
PLACES_IN_A_LIST = ("p", "e", "o", "all")


@dataclass(frozen=True)
class Ways:
    """Back to the list, and on to what comes after this case in it."""

    back: str
    following: str


class Walking(AuditedAdmin):
    """Forty cases a morning: nobody should have to go back to the list and find their place in it."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.next_view)
        return [path("<int:pk>/next/", view, name="requests_rightsrequest_next"), *super().get_urls()]

    def ways_on(self, request: HttpRequest, case: RightsRequest) -> Ways:
        return Ways(
            self.keeping_the_list(request, reverse(f"{STEM}_changelist")),
            self.keeping_the_list(request, reverse(f"{STEM}_next", args=[case.pk])),
        )

    def next_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Looked up when it is asked for, so that the page of a case does not pay for a list."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        case = self.get_queryset(request).filter(pk=pk).first()
        if case is None:
            raise Http404
        following = self._after(request, case)
        if following is None:
            messages.info(request, "That was the last case of this list.")
            return HttpResponseRedirect(self.ways_on(request, case).back)
        url = reverse(f"{STEM}_change", args=[following.pk])
        return HttpResponseRedirect(self.keeping_the_list(request, url))

    def _after(self, request: HttpRequest, case: RightsRequest) -> RightsRequest | None:
        listed, asked = copy.copy(request), QueryDict(request.GET.get(KEPT, ""), mutable=True)
        for name in PLACES_IN_A_LIST:
            asked.pop(name, None)
        listed.GET = asked  # type: ignore[assignment]  # as the admin itself sets it
        try:
            rows: QuerySet[RightsRequest] = self.get_changelist_instance(listed).queryset
        except IncorrectLookupParameters:
            return None
        return rows.filter(_behind(case, newest_first=asked.get(View.parameter_name) == View.CLOSED)).first()


def _behind(case: RightsRequest, *, newest_first: bool) -> Q:
    """What the order of the queue puts after a case, whether or not the case still stands in the list."""
    if newest_first:
        return Q(pk__lt=case.pk)
    same_day = Q(strict_due_on=case.strict_due_on, pk__gt=case.pk)
    if case.strict_due_on is None:
        return Q(strict_due_on=None, pk__gt=case.pk)
    return same_day | Q(strict_due_on__gt=case.strict_due_on) | Q(strict_due_on=None)
