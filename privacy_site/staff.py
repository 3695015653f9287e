"""The desk: Django's own admin, with the sign-in and the morning page of this house."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path

from . import ledger, morning

# Daily work first; what is seldom opened stands last.
ROOMS = ("requests", "policies", "people", "processors", "inventory", "notices", "law", "audit")


def _daily_first(room: dict[str, Any]) -> int:
    label = room["app_label"]
    return ROOMS.index(label) if label in ROOMS else len(ROOMS)


class StaffSite(AdminSite):
    site_title = "Privacy desk"
    site_header = "Privacy desk"
    index_title = "Good morning"
    enable_nav_sidebar = False

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        # Sign-in goes through allauth: rate limits and the second factor live there.
        self.login = secure_admin_login(self.login)  # type: ignore[method-assign]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {"morning": morning.sections(request), **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        rooms = sorted(super().get_app_list(request, app_label), key=_daily_first)
        for room in rooms:  # the register a room is named after opens it
            room["models"].sort(key=lambda register: str(register["name"]) != str(room["name"]))
        return rooms

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        room = apps.app_configs.get(app_label)
        title = {"title": room.verbose_name} if room else {}
        return super().app_index(request, app_label, {**title, **(extra_context or {})})

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [path("promises/", self.admin_view(self.promises_view), name="promises"), *super().get_urls()]

    def promises_view(self, request: HttpRequest) -> TemplateResponse:
        return ledger.ledger(request, self.each_context(request))
