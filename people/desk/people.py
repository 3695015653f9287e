from collections.abc import Callable, Iterable
from datetime import datetime
from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin, ReadOnlyAdmin
from audit.buttons import Button, says
from law.models import Company
from people import actions
from people.forms import AddGuardianForm, AdulthoodForm, CorrectAddressForm, PersonForm
from people.models import Authority, Guardianship, Person, Restriction, Role, User

# Stock screens that would show second-factor secrets, or let one person change what a group may do.
# They register on import, some of them after this module: import them now, then take them away.
for stock in ("allauth.account.admin", "allauth.mfa.admin", "django.contrib.auth.admin"):
    import_module(stock)
admin.site.unregister([EmailAddress, Authenticator, Group])


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"
    states = {
        "here": ("here", Q(left_at=None)),
        "left": ("left", Q(left_at__isnull=False)),
        "no-address": ("without an address", Q(left_at=None, email="")),
        "refused": ("address refused", Q(left_at=None, undeliverable_at__isnull=False)),
        "restricted": ("restricted: kept, not used", Q(is_kept_apart=True)),
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
    export_note = "People whose data is restricted are left out: it is kept, and not used (GDPR Art. 18)."
    export_fields = (
        "id", "external_id", "given_name", "family_name", "email", "birth_date", "country", "region",
        "language", "role", "left_at",
    )  # fmt: skip
    readonly_fields = (
        "state", "adult_stated_on", "last_active_on", "left_at", "guardian_rows", "child_rows",
        "restriction_rows",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("external_id", "role", "state", "last_active_on", "left_at")}),
        ("Name and address", {"fields": ("given_name", "family_name", "email", "language")}),
        ("Age and place", {"fields": ("birth_date", "adult_stated_on", "country", "region")}),
        ("Family", {"fields": ("guardian_rows", "child_rows")}),
        ("Limits", {"fields": ("restriction_rows",)}),
    )
    buttons = (
        Button(
            verb="correct-address",
            label="Correct address…",
            action=actions.correct_address,
            permission="people.correct_person",
            form_class=CorrectAddressForm,
            shown=lambda person: not person.is_restricted,
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
            shown=lambda person: (
                not person.is_restricted and person.birth_date is None and person.role != Role.LEARNER
            ),
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        rows: QuerySet[Person] = super().get_queryset(request)
        in_force = Restriction.objects.in_force().filter(person=OuterRef("pk"))
        return rows.annotate(is_kept_apart=Exists(in_force))

    def exportable(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.exclude(is_kept_apart=True)

    def has_change_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        """Restricted data is looked at and not changed (GDPR Art. 18(2))."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or not obj.is_restricted)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        person = context.get("original")
        if person is not None:
            context["restrictions"] = _with_links(person.restrictions.in_force())
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="place")
    def place(self, person: Person) -> str:
        return person.place or "–"

    @admin.display(description="state")
    def state(self, person: Person) -> str:
        if person.left_at:
            return "left"
        if getattr(person, "is_kept_apart", False):
            return "restricted"
        if person.undeliverable_at:
            return "address refused"
        return "here" if person.email else "without an address"

    @admin.display(description="guardians")
    def guardian_rows(self, person: Person) -> SafeString | str:
        return _family(person.guardianships.select_related("guardian"), lambda link: link.guardian)

    @admin.display(description="restrictions")
    def restriction_rows(self, person: Person) -> SafeString | str:
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            ((_day(row.since), _until(row), row.get_ground_display(), row.case)
             for row in person.restrictions.all()),
        )  # fmt: skip
        head = _head("Since", "Until", "Ground", "Request")
        return format_html("<table>{}<tbody>{}</tbody></table>", head, rows) if rows else "none"

    @admin.display(description="looks after")
    def child_rows(self, person: Person) -> SafeString | str:
        return _family(person.wardships.select_related("child"), lambda link: link.child)


def _family(links: Iterable[Guardianship], other: Callable[[Guardianship], Person]) -> SafeString | str:
    rows = format_html_join(
        "",
        '<tr><td><a href="{}">{}</a></td><td>{}</td><td><a href="{}">{}</a></td></tr>',
        (
            (
                page_of(other(link)),
                other(link).external_id,
                link.get_relationship_display(),
                page_of(link),
                link.get_authority_display(),
            )
            for link in links
        ),
    )
    head = _head("Person", "Relationship", "Authority")
    return format_html("<table>{}<tbody>{}</tbody></table>", head, rows) if rows else "nobody"


def _head(*names: str) -> SafeString:
    cells = format_html_join("", "<th scope='col'>{}</th>", ((name,) for name in names))
    return format_html("<thead><tr>{}</tr></thead>", cells)


def _day(at: datetime) -> str:
    """As the calendar of the house has it."""
    return f"{Company.current().day_of(at):%-d %B %Y}"


def _until(restriction: Restriction) -> str:
    return _day(restriction.until) if restriction.until else "in force"


def _with_links(restrictions: Iterable[Restriction]) -> list[Restriction]:
    """Each with the address of its case, for those who may look at cases: the search finds it by reference."""
    found = list(restrictions)
    cases = reverse("admin:requests_rightsrequest_changelist")
    for restriction in found:
        restriction.url = f"{cases}?q={restriction.case}"  # type: ignore[attr-defined]
    return found


def page_of(obj: Person | Guardianship | User) -> str:
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
        return format_html('<a href="{}">{}</a>', page_of(link.child), link.child.external_id)

    @admin.display(description="guardian")
    def guardian_link(self, link: Guardianship) -> SafeString:
        return format_html('<a href="{}">{}</a>', page_of(link.guardian), link.guardian.external_id)
