from django.urls import path, register_converter
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from . import feeds, views
from .converters import DayConverter

register_converter(DayConverter, "day")

app_name = "portal"
urlpatterns = [
    path("", views.policy, name="policy"),
    path("versions/", views.versions, name="versions"),
    path("versions/feed/", feeds.atom, name="feed"),
    path("versions/<day:day>/", views.version, name="version"),
    path("versions/<day:day>/changes/", views.changes, name="changes"),
    path("versions/<day:day>/<slug:language>.md", views.text, name="text"),
    path("policies/<slug:slug>/", views.policy, name="policy"),
    path("policies/<slug:slug>/versions/", views.versions, name="versions"),
    path("policies/<slug:slug>/versions/feed/", feeds.atom, name="feed"),
    path("policies/<slug:slug>/versions/<day:day>/", views.version, name="version"),
    path("policies/<slug:slug>/versions/<day:day>/changes/", views.changes, name="changes"),
    path("policies/<slug:slug>/versions/<day:day>/<slug:language>.md", views.text, name="text"),
    # A forged post could only change the language a page is shown in; a token in every page
    # would cost every visitor a cookie and every page its ETag.
    path("language/", csrf_exempt(set_language), name="language"),
    path("healthz", views.health, name="health"),
    path("robots.txt", views.robots, name="robots"),
]
