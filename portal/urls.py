from django.urls import include, path, register_converter
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from . import cookies, data, feeds, leaving_out, processor_mail, processors, tasks, views
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
    path("data/", data.data, name="data"),
    path("processors/", processors.processors, name="processors"),
    path("processors/companies.csv", processors.table, name="processor_table"),
    path("processors/changes/", processors.changes, name="processor_changes"),
    path("processors/feed/", processors.feed, name="processor_feed"),
    path("processors/mail/", processor_mail.mail, name="processor_mail"),
    path("processors/mail/sent/", processor_mail.sent, name="processor_mail_sent"),
    path("processors/mail/confirm/<str:token>/", processor_mail.confirm, name="processor_mail_confirm"),
    path("processors/mail/stop/<str:token>/", processor_mail.stop, name="processor_mail_stop"),
    path("tasks/leave-out/<str:key>/", leaving_out.by_key, name="task_leave_out"),
    path("tasks/<str:token>/", tasks.task, name="task"),
    path("tasks/<str:token>/answered/", tasks.answered, name="task_answered"),
    path("cookies/", cookies.catalogue, name="cookies"),
    path("cookies/choices/", cookies.choices, name="cookie_choices"),
    path("cookies/choices/saved/", cookies.saved, name="cookies_saved"),
    path("cookies/choices.json", cookies.choices_json, name="cookie_choices_json"),
    path("", include("portal.rights.urls")),
    path(".well-known/gpc.json", cookies.gpc_json, name="gpc"),
    # A forged post could only change the language a page is shown in; a token in every page
    # would cost every visitor a cookie and every page its ETag.
    path("language/", csrf_exempt(set_language), name="language"),
    path("healthz", views.health, name="health"),
    path("robots.txt", views.robots, name="robots"),
]
