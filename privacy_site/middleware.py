import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers

from audit import outside
from audit.context import read_by, set_request_id
from law.models import Company, company_read_once

Handler = Callable[[HttpRequest], HttpResponse]
STAFF_PAGES = ("/admin/", "/accounts/")
HEALTH = "/healthz"
# Read from no template and no database: neither can be trusted to be the right one now.
BEHIND = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Not available right now</title></head>
<body>
<h1>This site is not available right now</h1>
<p>It is being restored from a backup. Please come back later.</p>
<p><small>For its operator: the database is older than the ledger of erasures. Run
<code>manage.py finish_restore</code>; the site then serves again by itself.</small></p>
</body>
</html>
"""


class RequestId:
    """Gives each request an id that its log lines, audit events and error page share."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = str(uuid.uuid4())
        set_request_id(request_id)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class RefuseWhileBehind:
    """Serves nothing, not even a picture, from a restored database that has not been brought up to the
    ledger: people erased since the backup would be back (design, truth 7)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.glance = outside.Glance()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self.glance.is_behind():
            return self.get_response(request)
        if request.path == HEALTH:
            response: HttpResponse = JsonResponse({"ledger": "behind"}, status=503)
        else:
            response = HttpResponse(BEHIND, status=503)
        response["Retry-After"] = "300"
        response["Cache-Control"] = "no-store"
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        response["X-Content-Type-Options"] = "nosniff"
        return response


class CompanyOnce:
    """The company is read from the database once for each request that asks for it, not for each row."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with company_read_once():
            return self.get_response(request)


class PrivatePages:
    """No signed-in page is kept by a browser or proxy, and no page asks for a camera."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated or request.path.startswith("/accounts/"):
            add_never_cache_headers(response)
            response["Cache-Control"] = "no-store, private"
        response["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        return response


class Desk:
    """Staff pages are in English and show times where the company is: dates there begin at its midnight. They lead
    nobody to what is not theirs to open.

    Public pages need neither, and so answer a question of health without the database."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(STAFF_PAGES):
            return self.get_response(request)
        zone = timezone.override(Company.current().zone)
        with zone, translation.override("en"), read_by(request.user):
            request.LANGUAGE_CODE = "en"
            return self.get_response(request)
