from django.urls import path, register_converter

from . import confirm, erased, figures, intake, messages, proof, sign_in, status, yours
from .converters import ReferenceConverter

register_converter(ReferenceConverter, "reference")

CASE = "requests/<reference:reference>/"
urlpatterns = [
    path("requests/", intake.start, name="requests"),
    path("requests/new/", intake.begin, name="request_new"),
    path("requests/new/together/", intake.young, name="request_young"),
    path("requests/new/check/", intake.check, name="request_check"),
    path("requests/new/sent/", intake.sent, name="request_sent"),
    path("requests/yours/new/", intake.about, name="request_about"),
    path("requests/new/<slug:slug>/", intake.step, name="request_step"),
    path("requests/yours/", yours.yours, name="yours"),
    path("requests/find/", status.find, name="request_find"),
    path("requests/figures/", figures.shown, name="request_figures"),
    path(CASE, status.status, name="request"),
    path(f"{CASE}confirm/", confirm.by_code, name="request_confirm_code"),
    path(f"{CASE}confirm/<str:token>/", confirm.confirm, name="request_confirm"),
    path(f"{CASE}open/", status.open_messages, name="request_open"),
    path(f"{CASE}open/<str:token>/", status.open_by_link, name="request_open_link"),
    path(f"{CASE}leave/", status.leave, name="request_leave"),
    path(f"{CASE}messages/", messages.messages, name="request_messages"),
    path(f"{CASE}withdraw/", messages.withdraw, name="request_withdraw"),
    path(f"{CASE}stop/", messages.stop_deletion, name="request_stop"),
    path(f"{CASE}stop/<str:token>/", erased.stop, name="request_stop_link"),
    path(f"{CASE}letter/<str:token>/", erased.letter, name="request_letter"),
    path(f"{CASE}second-look/", messages.second_look, name="request_appeal"),
    path(f"{CASE}details/", messages.change, name="request_change"),
    path(f"{CASE}document/", proof.document, name="request_document"),
    path(f"{CASE}copy/", messages.copy, name="request_copy"),
    path("sign-in/", sign_in.ask, name="sign_in"),
    path("sign-in/code/", sign_in.by_code, name="sign_in_code"),
    path("sign-in/<str:token>/", sign_in.by_link, name="sign_in_link"),
    path("sign-out/", sign_in.leave, name="sign_out"),
]
