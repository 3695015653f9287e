"""The desk: Django's own admin, with the sign-in and the morning page of this house."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path

from . import ledger, morning


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
