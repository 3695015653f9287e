"""The screens of staff accounts and of their powers."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin, ReadOnlyAdmin
from audit.buttons import Button, Consequences, says
from people import actions
from people.forms import NewStaffForm, PowerForm
from people.models import AccessGrant, GrantStatus, User

from .people import page_of


@admin.register(User)
class UserAdmin(AuditedAdmin):
    form = NewStaffForm
    list_display = ("email", "name", "powers", "is_active", "last_login")
    list_filter = ("is_active",)
    search_fields = ("email__exact", "email__startswith")
    lowered_search = ("email",)
    search_label = "E-mail address"
    ordering = ("email",)
    fields = ("email", "name", "powers", "has_second_factor", "is_active", "last_login")
    readonly_fields = ("powers", "has_second_factor", "is_active", "last_login")
    buttons = (
        Button(
            verb="invite",
            label="Send password link…",
            action=actions.invite,
            permission="people.invite_user",
            needs_reason=False,
            shown=lambda user: user.is_active,
            consequences=says(
                "Send this colleague a link to choose a password?",
                "The link goes to the address of the account. It works once, for an hour.",
                submit="Send link",
            ),
            done=lambda user, result: "The link is on its way.",
        ),
        Button(
            verb="request-access",
            label="Ask for a power…",
            action=actions.request_access,
            permission="people.add_accessgrant",
            form_class=PowerForm,
            shown=lambda user: user.is_active,
            consequences=says(
                "Which power does this colleague need?",
                "A superuser who is neither you nor this colleague decides.",
                not_=("Nothing changes before that decision.",),
                submit="Ask for power",
            ),
            done=lambda user, result: "Asked. A superuser decides under People › Access grants.",
        ),
        Button(
            verb="deactivate",
            label="Switch account off…",
            action=actions.deactivate,
            permission="people.deactivate_user",
            danger=True,
            fresh_login=True,
            shown=lambda user: user.is_active,
            consequences=says(
                "Switch this account off?",
                "Every open session ends at its next request.",
                "All powers of the account are taken back; switching it on again does not return them.",
                not_=("What the colleague did stays on record, with their name.",),
                submit="Switch account off",
            ),
            done=lambda obj, result: "Switched off. Every open session of the account has ended.",
        ),
        Button(
            verb="reactivate",
            label="Switch account on…",
            action=actions.reactivate,
            permission="people.deactivate_user",
            shown=lambda user: not user.is_active,
            consequences=says(
                "Switch this account on again?",
                "The colleague can sign in. They have no powers until these are asked for and approved.",
                submit="Switch account on",
            ),
            done=lambda obj, result: "Switched on. The account has no powers until these are approved.",
        ),
        Button(
            verb="reset-second-factor",
            label="Reset second factor…",
            action=actions.reset_second_factor,
            permission="people.reset_user",
            danger=True,
            fresh_login=True,
            shown=lambda user: user.is_active and Authenticator.objects.filter(user=user).exists(),
            consequences=says(
                "Has this colleague lost their second factor, and do you know that it is they who ask?",
                "Every second factor of the account is forgotten, recovery codes too; open sessions end.",
                "The colleague is told by mail, and sets up a new one after the next sign-in with their password.",
                not_=("You cannot do this for your own account: ask somebody else.",),
                submit="Reset second factor",
            ),
            done=lambda user, result: "Reset. The colleague is told by mail.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        # Whoever could change an address could take the account over by a password link.
        fixed = ("email",) if obj else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def heading(self, obj: User) -> str:
        return obj.get_short_name()

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return self.fields if obj else ("email", "name")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # by buttons only

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    @admin.display(description="powers")
    def powers(self, user: User) -> str:
        names = [group.name for group in user.groups.all()]
        return ", ".join([*(["superuser"] if user.is_superuser else []), *names]) or "none"

    @admin.display(description="second factor")
    def has_second_factor(self, user: User) -> str:
        return "yes" if Authenticator.objects.filter(user=user).exists() else "not set up"


@admin.register(AccessGrant)
class AccessGrantAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "user_name", "power_name", "status", "asked_by", "requested_at", "given_by")
    list_filter = ("status",)
    list_select_related = ("user", "group", "requested_by", "approved_by")
    fields = ("user_name", "power_name", "status", "asked_by", "requested_at", "given_by", "decided_at")
    readonly_fields = ("user_name", "power_name", "asked_by", "given_by")
    buttons = (
        Button(
            verb="approve",
            label="Approve…",
            action=actions.approve_access,
            permission="people.approve_accessgrant",
            fresh_login=True,
            shown=lambda grant: grant.status == GrantStatus.REQUESTED,
            consequences=lambda grant, request: Consequences(
                question=f"Give {grant.user.get_short_name()} the power {grant.power}?",
                happens=["The power is theirs at once."],
                submit="Give power",
            ),
            done=lambda obj, result: "Given. The power is theirs at once.",
        ),
        Button(
            verb="refuse",
            label="Refuse…",
            action=actions.refuse_access,
            permission="people.approve_accessgrant",
            shown=lambda grant: grant.status == GrantStatus.REQUESTED,
            consequences=says(
                "Refuse this power?", "Nothing changes for the colleague.", submit="Refuse power"
            ),
            done=lambda obj, result: "Refused. Nothing changes for the colleague.",
        ),
        Button(
            verb="revoke",
            label="Take back…",
            action=actions.revoke_access,
            permission="people.approve_accessgrant",
            danger=True,
            fresh_login=True,
            shown=lambda grant: grant.status == GrantStatus.APPROVED,
            consequences=says(
                "Take this power back?",
                "It is gone at the colleague’s next request.",
                submit="Take power back",
            ),
            done=lambda obj, result: "Taken back.",
        ),
    )

    @admin.display(description="colleague")
    def user_name(self, grant: AccessGrant) -> SafeString:
        return format_html('<a href="{}">{}</a>', page_of(grant.user), grant.user.get_short_name())

    @admin.display(description="power")
    def power_name(self, grant: AccessGrant) -> str:
        return grant.power

    @admin.display(description="asked for by")
    def asked_by(self, grant: AccessGrant) -> str:
        return grant.requested_by.get_short_name()

    @admin.display(description="approved by")
    def given_by(self, grant: AccessGrant) -> str:
        return grant.approved_by.get_short_name() if grant.approved_by else "nobody yet"
