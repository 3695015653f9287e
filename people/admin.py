from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin, Button, Consequences, ReadOnlyAdmin

from . import actions
from .forms import AddGuardianForm, AdulthoodForm, CorrectAddressForm, NewStaffForm, PersonForm, PowerForm
from .models import AccessGrant, Authority, GrantStatus, Guardianship, Person, Role, User

# Stock screens that would show second-factor secrets, or let one person change what a group may do.
# They register on import, some of them after this module: import them now, then take them away.
for stock in ("allauth.account.admin", "allauth.mfa.admin", "django.contrib.auth.admin"):
    import_module(stock)
admin.site.unregister([EmailAddress, Authenticator, Group])


def says(
    question: str, *happens: str, submit: str, not_: tuple[str, ...] = (), irreversible: tuple[str, ...] = ()
) -> Callable[..., Consequences]:
    """A confirmation page whose sentences do not depend on the object."""
    page = Consequences(
        question=question,
        happens=list(happens),
        not_=list(not_),
        irreversible=list(irreversible),
        submit=submit,
    )
    return lambda obj, request: page


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"
    states = {
        "here": ("here", Q(left_at=None)),
        "left": ("left", Q(left_at__isnull=False)),
        "no-address": ("without an address", Q(left_at=None, email="")),
        "refused": ("address refused", Q(left_at=None, undeliverable_at__isnull=False)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, label) for key, (label, _rows) in self.states.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Person]) -> QuerySet[Person]:
        state = self.states.get(self.value() or "")
        return queryset.filter(state[1]) if state else queryset


@admin.register(Person)
class PersonAdmin(AuditedAdmin):
    form = PersonForm
    log_reads = True
    list_display = ("external_id", "role", "place", "language", "state")
    list_filter = ("role", StateFilter)
    search_fields = ("external_id__exact", "email__exact", "email__startswith")
    lowered_search = ("email",)
    search_label = "Platform id or e-mail"
    export_fields = (
        "id", "external_id", "given_name", "family_name", "email", "birth_date", "country", "region",
        "language", "role", "left_at",
    )  # fmt: skip
    readonly_fields = (
        "state", "adult_stated_on", "last_active_on", "left_at", "guardian_rows", "child_rows",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("external_id", "role", "state", "last_active_on", "left_at")}),
        ("Name and address", {"fields": ("given_name", "family_name", "email", "language")}),
        ("Age and place", {"fields": ("birth_date", "adult_stated_on", "country", "region")}),
        ("Family", {"fields": ("guardian_rows", "child_rows")}),
    )
    buttons = (
        Button(
            verb="correct-address",
            label="Correct address…",
            action=actions.correct_address,
            permission="people.correct_person",
            form_class=CorrectAddressForm,
            consequences=says(
                "Which address is right?",
                "Notices go to the new address from now on.",
                "The old one is forgotten, here and in the record.",
                not_=("Notices that have left are not sent again.",),
                submit="Correct address",
            ),
            done=lambda obj, result: "Corrected. The old address is forgotten.",
        ),
        Button(
            verb="add-guardian",
            label="Add guardian…",
            action=lambda child, **given: actions.add_guardian(
                child, given.pop("guardian"), source="staff", **given
            ),
            permission="people.add_guardianship",
            form_class=AddGuardianForm,
            shown=lambda person: person.left_at is None,
            consequences=says(
                "Who looks after this child?",
                "The guardian is noted as claimed.",
                not_=("They are told nothing and decide nothing before somebody verifies them.",),
                submit="Add guardian",
            ),
            done=lambda obj, result: "Added as claimed. Verify the guardianship once you have checked it.",
        ),
        Button(
            verb="state-adulthood",
            label="Note statement of adulthood…",
            action=actions.state_adulthood,
            permission="people.correct_person",
            form_class=AdulthoodForm,
            shown=lambda person: person.birth_date is None and person.role != Role.LEARNER,
            consequences=says(
                "Did this person state that they are an adult?",
                "They count as an adult from now on, although no date of birth is known.",
                submit="Note statement",
            ),
            done=lambda obj, result: "Noted. This person counts as an adult.",
        ),
        Button(
            verb="close",
            label="Close account…",
            action=actions.close,
            permission="people.close_person",
            danger=True,
            shown=lambda person: person.left_at is None,
            consequences=says(
                "Has this person left?",
                "They are told of nothing any more.",
                not_=("Their data is not erased by this.",),
                submit="Close account",
            ),
            done=lambda obj, result: "Closed. This person is told of nothing any more.",
        ),
        Button(
            verb="reopen",
            label="Reopen account…",
            action=actions.reopen,
            permission="people.close_person",
            shown=lambda person: person.left_at is not None,
            consequences=says(
                "Is this person back?", "They are told of changes again.", submit="Reopen account"
            ),
            done=lambda obj, result: "Reopened. This person is told of changes again.",
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Person | None = None) -> tuple[str, ...]:
        # An address changes by its button: the reason is kept, and a refusal by the mail server forgotten.
        fixed = ("external_id", "email") if obj else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    @admin.display(description="place")
    def place(self, person: Person) -> str:
        return person.place or "–"

    @admin.display(description="state")
    def state(self, person: Person) -> str:
        if person.left_at:
            return "left"
        if person.undeliverable_at:
            return "address refused"
        return "here" if person.email else "without an address"

    @admin.display(description="guardians")
    def guardian_rows(self, person: Person) -> SafeString | str:
        return _family(person.guardianships.select_related("guardian"), lambda link: link.guardian)

    @admin.display(description="looks after")
    def child_rows(self, person: Person) -> SafeString | str:
        return _family(person.wardships.select_related("child"), lambda link: link.child)


def _family(links: Iterable[Guardianship], other: Callable[[Guardianship], Person]) -> SafeString | str:
    rows = format_html_join(
        "",
        '<tr><td><a href="{}">{}</a></td><td>{}</td><td><a href="{}">{}</a></td></tr>',
        (
            (
                _page(other(link)),
                other(link).external_id,
                link.get_relationship_display(),
                _page(link),
                link.get_authority_display(),
            )
            for link in links
        ),
    )
    head = "<thead><tr><th scope='col'>Person</th><th scope='col'>Relationship</th><th scope='col'>Authority</th></tr></thead>"
    return format_html("<table>{}<tbody>{}</tbody></table>", SafeString(head), rows) if rows else "nobody"


def _page(obj: Person | Guardianship | User) -> str:
    return reverse(f"admin:people_{obj._meta.model_name}_change", args=[obj.pk])


def _can_become(authority: Authority) -> Callable[[Guardianship], bool]:
    return lambda link: authority in Guardianship.transitions[link.authority]


@admin.register(Guardianship)
class GuardianshipAdmin(ReadOnlyAdmin):
    log_reads = True
    list_display = ("__str__", "child_link", "guardian_link", "relationship", "authority", "decided_at")
    list_display_links = ("__str__",)
    list_filter = ("authority",)
    list_select_related = ("child", "guardian")
    search_fields = ("child__external_id__exact", "guardian__external_id__exact")
    search_label = "Platform id"
    fields = ("child_link", "guardian_link", "relationship", "authority", "source", "decided_at")
    readonly_fields = ("child_link", "guardian_link")
    buttons = (
        Button(
            verb="verify",
            label="Verify…",
            action=actions.verify,
            permission="people.verify_guardianship",
            shown=_can_become(Authority.VERIFIED),
            consequences=says(
                "Have you checked that this person may decide for the child?",
                "From now on the guardian is told in place of the child, and may decide for them.",
                "Your reason says how you checked, without names or numbers of documents.",
                submit="Verify guardian",
            ),
            done=lambda obj, result: "Verified. The guardian is told and may decide for the child.",
        ),
        Button(
            verb="dispute",
            label="Mark as disputed…",
            action=actions.dispute,
            permission="people.verify_guardianship",
            danger=True,
            shown=_can_become(Authority.DISPUTED),
            consequences=says(
                "Does somebody contest this guardianship?",
                "The guardian is told nothing and decides nothing until it is settled.",
                not_=("An import does not undo this.",),
                submit="Mark as disputed",
            ),
            done=lambda obj, result: "Marked as disputed. The guardian is told nothing until it is settled.",
        ),
        Button(
            verb="end",
            label="End…",
            action=actions.end,
            permission="people.verify_guardianship",
            danger=True,
            shown=_can_become(Authority.ENDED),
            consequences=says(
                "Is this guardianship over?",
                "The guardian is told nothing and decides nothing for this child any more.",
                irreversible=("An ended guardianship cannot be taken up again.",),
                submit="End guardianship",
            ),
            done=lambda obj, result: "Ended. The guardian decides nothing for this child any more.",
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Guardianship], search_term: str
    ) -> tuple[QuerySet[Guardianship], bool]:
        """Each person first, then their links: an OR across both joins would read every row."""
        for word in search_term.replace("\0", "").split():
            person = Person.objects.filter(external_id=word).first()
            if person is None:
                return queryset.none(), False
            queryset = queryset.filter(Q(child=person) | Q(guardian=person))
        return queryset, False

    @admin.display(description="child")
    def child_link(self, link: Guardianship) -> SafeString:
        return format_html('<a href="{}">{}</a>', _page(link.child), link.child.external_id)

    @admin.display(description="guardian")
    def guardian_link(self, link: Guardianship) -> SafeString:
        return format_html('<a href="{}">{}</a>', _page(link.guardian), link.guardian.external_id)


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

    @admin.display(description="second factor", boolean=True)
    def has_second_factor(self, user: User) -> bool:
        return Authenticator.objects.filter(user=user).exists()


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
        return format_html('<a href="{}">{}</a>', _page(grant.user), grant.user.get_short_name())

    @admin.display(description="power")
    def power_name(self, grant: AccessGrant) -> str:
        return grant.power

    @admin.display(description="asked for by")
    def asked_by(self, grant: AccessGrant) -> str:
        return grant.requested_by.get_short_name()

    @admin.display(description="approved by")
    def given_by(self, grant: AccessGrant) -> str:
        return grant.approved_by.get_short_name() if grant.approved_by else "nobody yet"
