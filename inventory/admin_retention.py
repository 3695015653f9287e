from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin, Button, Consequences, ReadOnlyAdmin
from audit.desk import page
from audit.refusals import Refused
from law.models import Company, RetentionSuggestion
from people.models import Role, User

from . import adopting, expiry, holds, receipts, sweeps
from .forms_retention import AdoptForm, AnswerForm, LegalHoldForm, RetentionRuleForm, ReviewForm
from .models import (
    CutoffOrder,
    HoldPerson,
    HoldScope,
    HoldStatus,
    LegalHold,
    OrderStatus,
    RetentionRule,
    Sweep,
    SweepItem,
    SweepStatus,
)
from .orders import orders, roles_to_leave_out, to_leave_out
from .schedule import schedule

Says = Callable[[Any, HttpRequest], Consequences]
NAMED = 50


def says(
    question: str, *happens: str, submit: str, not_: tuple[str, ...] = (), irreversible: tuple[str, ...] = ()
) -> Says:
    """A confirmation page whose sentences do not depend on the object."""
    words = Consequences(
        question=question,
        happens=list(happens),
        not_=list(not_),
        irreversible=list(irreversible),
        submit=submit,
    )
    return lambda obj, request: words


def day_of(at: Any) -> str:
    return date_format(timezone.localtime(at), "j F Y, H:i") if at else ""


# --- Rules ---------------------------------------------------------------------------------------


@admin.register(RetentionRule)
class RetentionRuleAdmin(AuditedAdmin):
    form = RetentionRuleForm
    list_display = ("what", "purpose", "whose", "kept", "then", "is_protected_by_law")
    list_filter = ("then", "start_event", "role", "is_protected_by_law")
    linked_filters = ("category",)
    list_select_related = ("category", "purpose")
    sortable_by = ()
    may_delete = True
    readonly_fields = ("taken_together",)
    fieldsets = (
        (None, {"fields": ("category", "purpose", "role")}),
        ("How long", {"fields": ("start_event", "number", "unit", "then")}),
        ("Why", {"fields": ("legal_anchor", "is_protected_by_law", "note")}),
        ("With the other rules", {"fields": ("taken_together",)}),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.schedule_view)
        return [path("schedule/", view, name="inventory_retentionrule_schedule"), *super().get_urls()]

    def schedule_view(self, request: HttpRequest) -> HttpResponse:
        """How long everything is kept and why, with all purposes taken together."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        today = Company.current().today()
        lines = schedule(today)
        context = {
            "title": "How long we keep what, and why",
            "lines": lines,
            "obstacles": expiry.obstacles(lines),
            "today": today,
        }
        return page(self, request, "admin/inventory/schedule.html", context)

    @admin.display(description="category", ordering="category__name")
    def what(self, rule: RetentionRule) -> str:
        return rule.category.name

    @admin.display(description="whose")
    def whose(self, rule: RetentionRule) -> str:
        return rule.get_role_display() or "everybody else"

    @admin.display(description="kept")
    def kept(self, rule: RetentionRule) -> str:
        if rule.number is None:
            return "without an end"
        return f"{rule.period} after {rule.get_start_event_display()}"

    @admin.display(description="what all rules of this category say")
    def taken_together(self, rule: RetentionRule) -> SafeString | str:
        if not rule.category_id:
            return "Save the rule to see."
        lines = schedule(Company.current().today(), category=rule.category)
        return format_html_join("", "<p>{}</p>", ((line.words,) for line in lines))


@admin.register(RetentionSuggestion)
class RetentionSuggestionAdmin(ReadOnlyAdmin):
    list_display = ("kind", "suggested_period", "start_event", "then", "nature", "is_verified")
    list_filter = ("nature", "is_verified", "then")
    fields = (
        "kind", "suggested_period", "start_event", "then", "nature", "legal_anchor", "source", "checked",
        "is_verified", "note",
    )  # fmt: skip
    readonly_fields = ("kind",)
    buttons = (
        Button(
            verb="adopt",
            label="Adopt as a rule…",
            action=adopting.adopt,
            permission="inventory.add_retentionrule",
            form_class=AdoptForm,
            initial=AdoptForm.initial_of,
            consequences=says(
                "For which category and purpose, and how long?",
                "A rule of the company is made, with your number. It counts from the next sweep on.",
                not_=("The suggestion binds nobody: answer for the number with your reason.",),
                submit="Adopt rule",
            ),
        ),
    )

    @admin.display(description="kind of data", ordering="data_class")
    def kind(self, suggestion: RetentionSuggestion) -> str:
        return str(suggestion)


# --- Holds ---------------------------------------------------------------------------------------


def _placing(hold: LegalHold, request: HttpRequest) -> Consequences:
    return Consequences(
        question=f"Place a hold on {_covered(hold)}?",
        happens=[
            "From now on no sweep takes what it covers, whatever the rules say. A sweep under way obeys from "
            "its next window on.",
            f"{hold.owner.get_short_name()} is named to everybody whom the hold stops, and looks at it again "
            f"by {hold.review_on:%-d %B %Y}.",
        ],
        not_=["What is gone already does not come back."],
        submit="Place hold",
    )


def _covered(hold: LegalHold) -> str:
    categories = ", ".join(hold.categories.values_list("name", flat=True)) or "every category"
    if hold.scope == HoldScope.EVERYONE:
        return f"everyone, {categories}"
    if hold.scope == HoldScope.ROLE:
        return f"all {Role(hold.role).label}s, {categories}"
    count = hold.people.count()
    return f"{count:,} {'person' if count == 1 else 'people'}, {categories}"


@admin.register(LegalHold)
class LegalHoldAdmin(AuditedAdmin):
    form = LegalHoldForm
    list_display = ("__str__", "title", "status", "scope", "owner", "next_review")
    list_filter = ("status", "scope")
    list_select_related = ("owner",)
    sortable_by = ()
    readonly_fields = ("status", "placed", "released", "covers")
    fieldsets = (
        (None, {"fields": ("title", "reason", "owner", "status", "placed", "released")}),
        ("What it covers", {"fields": ("scope", "role", "platform_ids", "categories", "covers")}),
        ("Until when", {"fields": ("review_on",)}),
    )
    buttons = (
        Button(
            verb="place",
            label="Place…",
            action=holds.place,
            permission="inventory.place_legalhold",
            shown=lambda hold: hold.status == HoldStatus.DRAFT,
            consequences=_placing,
        ),
        Button(
            verb="review",
            label="Record a review…",
            action=holds.review,
            permission="inventory.place_legalhold",
            form_class=ReviewForm,
            shown=lambda hold: hold.status == HoldStatus.IN_FORCE,
            consequences=says(
                "Is this hold still needed?",
                "It stays in force, and the next review falls on the day you give.",
                not_=("If it is not needed any more, release it instead.",),
                submit="Record review",
            ),
        ),
        Button(
            verb="release",
            label="Release…",
            action=holds.release,
            permission="inventory.release_legalhold",
            danger=True,
            shown=lambda hold: hold.status == HoldStatus.IN_FORCE,
            consequences=says(
                "Is the case over?",
                "The clocks count again. What has run out meanwhile goes with the next sweep.",
                not_=("Nothing is erased by this.",),
                irreversible=("A released hold does not come back. Place a new one instead.",),
                submit="Release hold",
            ),
        ),
    )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        named = form.cleaned_data["platform_ids"] if form.instance.scope == HoldScope.PEOPLE else []
        HoldPerson.objects.filter(hold=form.instance).exclude(person_id__in=named).delete()
        rows = (HoldPerson(hold=form.instance, person_id=person) for person in named)
        HoldPerson.objects.bulk_create(rows, ignore_conflicts=True)

    def has_change_permission(self, request: HttpRequest, obj: LegalHold | None = None) -> bool:
        """What is in force is reviewed or released, never rewritten."""
        return (obj is None or obj.status == HoldStatus.DRAFT) and super().has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: LegalHold | None = None) -> Any:
        if obj is None:
            names = ("title", "reason", "owner", "scope", "role", "platform_ids", "categories", "review_on")
            return ((None, {"fields": names}),)
        if self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        what = ("scope", "role", "categories", "covers")
        first, _covers, last = self.fieldsets
        return (first, ("What it covers", {"fields": what}), last)

    @admin.display(description="next review", ordering="review_on")
    def next_review(self, hold: LegalHold) -> str:
        overdue = hold.status == HoldStatus.IN_FORCE and hold.review_on < Company.current().today()
        return f"{hold.review_on:%-d %B %Y}" + (" – overdue" if overdue else "")

    @admin.display(description="placed")
    def placed(self, hold: LegalHold) -> str:
        return day_of(hold.placed_at) or "not yet"

    @admin.display(description="released")
    def released(self, hold: LegalHold) -> str:
        return day_of(hold.released_at) or "not yet"

    @admin.display(description="covers")
    def covers(self, hold: LegalHold) -> str:
        return _covered(hold)


# --- Sweeps --------------------------------------------------------------------------------------


def _confirmation(sweep: Sweep, request: HttpRequest) -> Consequences:
    items = list(sweep.items.all())
    count = sum(item.going for item in items)
    given = list(orders(schedule(sweep.as_of), sweep.as_of))
    return Consequences(
        question=f"Let {_rows(count)} go{_and_orders(len(given))}?",
        happens=[
            *(
                f"{_name(item)}: {item.going:,} to {item.then}. {item.explanation}"
                for item in items
                if item.going
            ),
            *_order_sentences(order for _line, order in given),
        ],
        not_=[
            *(
                f"{_name(item)}: {item.held_count:,} on hold, so not these."
                for item in items
                if item.held_count
            ),
            *(
                f"{_name(item)}: {item.unknown_count:,} of whom nobody has reported when their clock started."
                for item in items
                if item.unknown_count
            ),
            "Whoever is on hold, or has come back, when their turn comes stays as well.",
        ],
        irreversible=["What is gone does not come back. Stopping the sweep keeps only what is left by then."],
        count=count,
        must_type_count=count >= Company.current().large_audience,
        submit=f"Let {_rows(count)} go",
    )


def _confirmation_with_evidence(sweep: Sweep, request: HttpRequest) -> Consequences:
    said = _confirmation(sweep, request)
    names = ", ".join(_name(item) for item in sweep.items.all() if item.is_evidence and item.going)
    return replace(
        said,
        happens=[
            *said.happens,
            f"{names}: the database keeps them otherwise. Your word is recorded as that of a second person, "
            "and lets go exactly the rows this sweep lists.",
        ],
        not_=[
            *said.not_,
            "Seals, approvals and the lists of what went stay for good, so the audit record can still be verified.",
        ],
    )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _and_orders(count: int) -> str:
    return f" and give {count} order{'' if count == 1 else 's'} to other systems" if count else ""


def _order_sentences(given: Iterable[CutoffOrder]) -> Iterator[str]:
    """One for each system: its owner reads the orders, staff here want to know who gets any."""
    by_system: dict[str, list[str]] = {}
    for order in given:
        by_system.setdefault(order.system.name, []).append(order.category.name)
    for system, names in sorted(by_system.items()):
        yield f"“{system}” gets {len(names)} order{'' if len(names) == 1 else 's'}: {', '.join(dict.fromkeys(names))}."


def _name(item: SweepItem) -> str:
    model = apps.get_model(item.holding)
    whose = f" of {Role(item.role).label}s" if item.role else ""
    return f"{str(model._meta.verbose_name_plural).capitalize()}{whose}"


@admin.register(Sweep)
class SweepAdmin(AuditedAdmin):
    list_display = ("__str__", "status", "as_of", "proposed_by", "confirmed_by", "progress")
    list_filter = ("status",)
    list_select_related = ("proposed_by", "confirmed_by")
    sortable_by = ()
    fieldsets = (
        (None, {"fields": ("status", "as_of", "progress", "numbers", "left_out")}),
        ("Other systems", {"fields": ("orders_given",)}),
        ("Who did what", {"fields": ("proposed", "confirmed", "ended")}),
        ("Receipt", {"fields": ("receipt_words", "receipt_sha256")}),
    )
    readonly_fields = (
        "status", "as_of", "progress", "numbers", "left_out", "orders_given", "proposed", "confirmed", "ended",
        "receipt_words", "receipt_sha256",
    )  # fmt: skip
    buttons = (
        Button(
            verb="confirm",
            label="Confirm…",
            action=sweeps.confirm,
            permission="inventory.approve_sweep",
            danger=True,
            fresh_login=True,
            shown=lambda sweep: sweep.status == SweepStatus.PROPOSED and not sweep.takes_evidence,
            consequences=_confirmation,
            done=lambda sweep, result: "Confirmed. Open this page again to watch how far it has come.",
        ),
        Button(
            verb="confirm-with-evidence",
            label="Confirm, with evidence…",
            action=sweeps.confirm_with_evidence,
            permission="inventory.approve_evidence_sweep",
            danger=True,
            fresh_login=True,
            shown=lambda sweep: sweep.status == SweepStatus.PROPOSED and sweep.takes_evidence,
            consequences=_confirmation_with_evidence,
            done=lambda sweep, result: "Confirmed. Open this page again to watch how far it has come.",
        ),
        Button(
            verb="cancel",
            label="Cancel…",
            action=sweeps.cancel,
            permission="inventory.propose_sweep",
            shown=lambda sweep: sweep.status == SweepStatus.PROPOSED,
            consequences=says(
                "Cancel this proposal?",
                "Nothing of it goes. A new one can be made at any time.",
                submit="Cancel proposal",
            ),
        ),
        Button(
            verb="stop",
            label="Stop…",
            action=sweeps.cancel,
            permission="inventory.approve_sweep",
            shown=lambda sweep: sweep.status in (SweepStatus.CONFIRMED, SweepStatus.RUNNING),
            consequences=says(
                "Stop this sweep?",
                "It stops after the window under way. The receipt says how far it came.",
                not_=("What is gone does not come back. Orders to other systems stay open.",),
                submit="Stop sweep",
            ),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sweep]:
        rows: QuerySet[Sweep] = super().get_queryset(request)
        return rows.prefetch_related("items")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("inventory.propose_sweep")

    def has_change_permission(self, request: HttpRequest, obj: Sweep | None = None) -> bool:
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Proposing: what would be counted, and one button. Nothing is erased here."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        refusal = ""
        if request.method == "POST":
            try:
                sweep = sweeps.propose(by=_user(request), at=timezone.now())
                return HttpResponseRedirect(reverse("admin:inventory_sweep_change", args=[sweep.pk]))
            except Refused as refused:
                refusal = str(refused)
        lines = schedule(Company.current().today())
        context = {"title": "Propose a retention sweep", "lines": lines, "refusal": refusal}
        return page(self, request, "admin/inventory/propose.html", context, 409 if refusal else 200)

    @admin.display(description="progress")
    def progress(self, sweep: Sweep) -> str:
        items = list(sweep.items.all())
        done = sum(item.done_count for item in items)
        return f"{done:,} of {_rows(sum(item.going for item in items))}"

    @admin.display(description="numbers")
    def numbers(self, sweep: Sweep) -> SafeString | str:
        rows = (
            (
                _name(item), item.then, _days(item.cutoffs), f"{item.proposed_count:,}", f"{item.held_count:,}",
                f"{item.unknown_count:,}", f"{item.done_count:,}",
                ", ".join(str(number) for number in item.samples) or "none", item.explanation,
            )
            for item in sweep.items.all()
        )  # fmt: skip
        body = format_html_join(
            "",
            "<tr><th scope='row'>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
            "<td>{}</td><td>{}</td></tr>",
            rows,
        )
        if not body:
            return "Nothing of our own has a rule that can be carried out."
        return format_html(
            "<table><thead><tr><th scope='col'>Rows</th><th scope='col'>Then</th><th scope='col'>Clock started"
            " by</th><th scope='col'>Expired</th><th scope='col'>On hold</th><th scope='col'>Without a clock</th>"
            "<th scope='col'>Done</th><th scope='col'>For example, number</th><th scope='col'>Why</th></tr>"
            "</thead><tbody>{}</tbody></table>",
            body,
        )

    @admin.display(description="left out")
    def left_out(self, sweep: Sweep) -> SafeString | str:
        return format_html_join("", "<p>{}</p>", ((note,) for note in sweep.notes)) or "nothing"

    @admin.display(description="orders")
    def orders_given(self, sweep: Sweep) -> SafeString | str:
        rows = sweep.orders.select_related("system", "category")
        lines = (
            (
                reverse("admin:inventory_cutofforder_change", args=[order.pk]), order.system.name,
                order.category.name, order.get_status_display(),
            )
            for order in rows
        )  # fmt: skip
        if sweep.status == SweepStatus.PROPOSED:
            return "given when the sweep is confirmed"
        return format_html_join("", '<p><a href="{}">{}: {}</a>, {}</p>', lines) or "none"

    @admin.display(description="proposed")
    def proposed(self, sweep: Sweep) -> str:
        return f"{day_of(sweep.proposed_at)} by {sweep.proposed_by.get_short_name()}"

    @admin.display(description="confirmed")
    def confirmed(self, sweep: Sweep) -> str:
        if sweep.confirmed_by is None:
            return "not yet"
        return f"{day_of(sweep.confirmed_at)} by {sweep.confirmed_by.get_short_name()}"

    @admin.display(description="ended")
    def ended(self, sweep: Sweep) -> str:
        return day_of(sweep.ended_at) or "not yet"

    @admin.display(description="receipt")
    def receipt_words(self, sweep: Sweep) -> str:
        if not sweep.receipt:
            return "written at the end"
        return "matches its fingerprint" if receipts.is_genuine(sweep) else "DOES NOT match its fingerprint"


def _days(cutoffs: dict[str, str]) -> str:
    return ", ".join(
        f"{day_of_iso(day)} ({event.replace('_', ' ')})" for event, day in sorted(cutoffs.items())
    )


def day_of_iso(day: str) -> str:
    return f"{date.fromisoformat(day):%-d %B %Y}"


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 (the desk lets nobody else in)
    return request.user


# --- Orders --------------------------------------------------------------------------------------


@admin.register(CutoffOrder)
class CutoffOrderAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "system", "category", "whose", "before", "count_expected", "due", "status")
    list_filter = ("status", "answer", "then")
    list_select_related = ("system", "category")
    sortable_by = ()
    fieldsets = (
        ("The order", {"fields": ("sweep", "system", "category", "whose", "then", "clocks", "explanation",
                                  "count_expected", "stays", "due_on")}),
        ("The answer", {"fields": ("status", "answer", "count_done", "evidence", "answered")}),
    )  # fmt: skip
    readonly_fields = ("whose", "clocks", "stays", "answered")
    export_fields = (
        "id", "sweep", "system", "category", "role", "then", "before", "count_expected", "due_on", "status",
        "answer", "count_done", "answered_at",
    )  # fmt: skip
    buttons = (
        Button(
            verb="answer",
            label="Answer…",
            action=sweeps.answer,
            permission="inventory.answer_cutofforder",
            form_class=AnswerForm,
            needs_reason=False,
            shown=lambda order: order.status == OrderStatus.OPEN,
            consequences=says(
                "What became of this order?",
                "Your answer and its evidence are kept with your name.",
                irreversible=("An answer cannot be changed.",),
                submit="Record answer",
            ),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CutoffOrder]:
        rows: QuerySet[CutoffOrder] = super().get_queryset(request)
        return rows.select_related("system", "category", "sweep", "answered_by")

    @admin.display(description="whose")
    def whose(self, order: CutoffOrder) -> str:
        return order.get_role_display() or "everybody else"

    @admin.display(description="answer due", ordering="due_on")
    def due(self, order: CutoffOrder) -> str:
        late = order.status == OrderStatus.OPEN and order.due_on < Company.current().today()
        return f"{order.due_on:%-d %B %Y}" + (" – overdue" if late else "")

    @admin.display(description="clock started by")
    def clocks(self, order: CutoffOrder) -> str:
        return _days(order.cutoffs)

    @admin.display(description="leave out")
    def stays(self, order: CutoffOrder) -> str:
        """Platform ids are references; whoever answers has to know whom not to touch."""
        named, roles = to_leave_out(order), roles_to_leave_out(order)
        shown = ", ".join(named[:NAMED]) + (f" and {len(named) - NAMED:,} more" if len(named) > NAMED else "")
        parts = [f"all {role}s (on hold)" for role in roles] + ([f"on hold: {shown}"] if named else [])
        return "; ".join(parts) or "nobody"

    @admin.display(description="answered")
    def answered(self, order: CutoffOrder) -> str:
        if order.answered_by is None:
            return "not yet"
        return f"{day_of(order.answered_at)} by {order.answered_by.get_short_name()}"
