"""Showing a mail to staff as its reader gets it, without letting it act on the desk."""

from typing import Any, ClassVar

from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin import ReadOnlyAdmin

# The one response that allows inline styles, as mails need them; it can do nothing else, and no
# page but ours may frame it.
PREVIEW_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


class Previewed(ReadOnlyAdmin):
    """Adds `text_part` and `html_part` to a page. Subclasses say what `parts` are: text and HTML."""

    class Media:
        css: ClassVar = {"all": ["notices/preview.css"]}

    def parts(self, obj: Any) -> tuple[str, str]:
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.html_view)
        return [path("<path:object_id>/html/", view, name=self._html_name()), *super().get_urls()]

    def _html_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_html"

    def html_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        return HttpResponse(
            self.parts(obj)[1],
            headers={"Content-Security-Policy": PREVIEW_POLICY, "X-Frame-Options": "SAMEORIGIN"},
        )

    def text_part(self, obj: Any) -> SafeString:
        return format_html('<pre class="mail-text">{}</pre>', self.parts(obj)[0])

    text_part.short_description = "as plain text"  # type: ignore[attr-defined]

    def html_part(self, obj: Any) -> SafeString:
        address = reverse(
            f"admin:{self._html_name()}", args=[quote(obj.pk)], current_app=self.admin_site.name
        )
        return format_html(
            '<iframe class="mail-preview" title="The mail as its reader sees it" sandbox src="{}"></iframe>',
            address,
        )

    html_part.short_description = "as the reader sees it"  # type: ignore[attr-defined]
