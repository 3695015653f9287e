"""A small desk over real models, so that the base class is tested and not some room's use of it."""

from datetime import datetime

from django import forms
from django.contrib.admin import AdminSite
from django.urls import include, path

from audit.actions import record
from audit.admin import AuditedAdmin, EventAdmin, ReadOnlyAdmin
from audit.buttons import Button, Consequences
from audit.models import Event
from audit.refusals import Refused
from audit.text import CleanLineField
from people.models import Person, User


class StillNeeded(Refused):
    pass


class Note(forms.Form):
    note = CleanLineField(label="Note")


def close(person: Person, *, by, at: datetime, reason: str, note: str = "") -> str:
    """Writes first and refuses afterwards, so that a test can see the writing undone."""
    person.left_at = at
    person.save(update_fields=["left_at"])
    record("people.close", person, by=by, at=at, reason=reason, details={"note": note})
    if "invoice" in reason:
        raise StillNeeded("There is an open invoice. Settle it first.")
    return "closed"


def consequences(person: Person, request) -> Consequences:
    return Consequences(
        question="Close this account?",
        happens=["The person can no longer sign in."],
        not_=["Nobody is told."],
        irreversible=["The account cannot be opened again."],
        samples=["Lesson 1", "Lesson 2", "Lesson 3", "Lesson 4"],
        submit="Close account",
    )


def many(person: Person, request) -> Consequences:
    return Consequences(
        question="Tell everybody?", count=9412, must_type_count=True, submit="Tell 9,412 people"
    )


def is_open(person: Person) -> bool:
    return person.left_at is None


class PersonDesk(AuditedAdmin):
    log_reads = True
    fields = ("given_name", "family_name", "email", "country", "role")
    list_filter = ("role",)
    linked_filters = ("country",)
    list_display = ("external_id", "role")
    search_fields = ("email__exact", "external_id__startswith")
    lowered_search = ("email",)
    export_fields = ("external_id", "given_name", "email")
    buttons = (
        Button(
            verb="close",
            label="Close account",
            action=close,
            permission="people.change_person",
            consequences=consequences,
            form_class=Note,
            shown=is_open,
            done=lambda person, result: f"The account of {person} is {result}.",
        ),
        Button(
            verb="tell",
            label="Tell everybody",
            action=close,
            permission="people.change_person",
            consequences=many,
            shown=is_open,
            danger=True,
        ),
        Button(
            verb="guarded",
            label="Close with care",
            action=close,
            permission="people.change_person",
            consequences=consequences,
            fresh_login=True,
        ),
    )


class UserDesk(ReadOnlyAdmin):
    fields = ("email", "name")


site = AdminSite(name="admin")
site.enable_nav_sidebar = False
site.register(Person, PersonDesk)
site.register(User, UserDesk)
site.register(Event, EventAdmin)

urlpatterns = [
    path("admin/", site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("portal.urls")),
]
