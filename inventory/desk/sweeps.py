from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin
from audit.buttons import Button, Consequences, says
from audit.desk import page
from audit.refusals import Refused
from inventory.letting_go import receipts, sweeps
from inventory.letting_go.orders import orders
from inventory.letting_go.retention import starts
from inventory.letting_go.schedule import schedule
from inventory.models import CutoffOrder, Sweep, SweepItem, SweepStatus
from law.models import Company
from people.models import Role, User

from .screens import day_of


def _confirmation(sweep: Sweep, request: HttpRequest) -> Consequences:
    items = list(sweep.items.all())
    count = sum(item.going for item in items)
    given = list(orders(schedule(sweep.as_of), sweep.as_of))
    alone = sweep.needs_second and _user(request).pk == sweep.proposed_by_id
    return Consequences(
        question=f"Let {_rows(count)} go{_and_orders(len(given))}?",
        blocked=str(sweeps.SecondPersonMissing()) if alone else "",
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
                f"{_name(item)}: {item.held_count:,} on hold or restricted, so not these."
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
    whose = f" of {Role(item.role).label}s" if item.role else ""
    try:
        name = str(apps.get_model(item.holding)._meta.verbose_name_plural)
    except LookupError:  # an old sweep, of what this software has stopped keeping
        name = item.holding
    return f"{name.capitalize()}{whose}"


@admin.register(Sweep)
class SweepAdmin(AuditedAdmin):
    when_empty = "No sweep was proposed yet. Count what has run out, read the numbers, then confirm."
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
                _name(item), item.then, starts(item.cutoffs), f"{item.proposed_count:,}", f"{item.held_count:,}",
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
            "<div class='scroll' role='region' tabindex='0' aria-label='Numbers'><table><thead><tr>"
            "<th scope='col'>Rows</th><th scope='col'>Then</th><th scope='col'>What goes</th>"
            "<th scope='col'>Expired</th><th scope='col'>On hold</th><th scope='col'>Without a clock</th>"
            "<th scope='col'>Done</th><th scope='col'>For example, number</th><th scope='col'>Why</th></tr>"
            "</thead><tbody>{}</tbody></table></div>",
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


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 (the desk lets nobody else in)
    return request.user
