from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin, Button, Consequences
from audit.desk import page
from audit.exports import csv_lines
from inventory import actions, guards, health, record
from inventory.models import Capacity, Measure, ProcessingActivity, Purpose, PurposeBasis, System
from law.models import Company

from .forms import (
    BasisFormSet,
    EndForm,
    MeasureForm,
    ProcessingActivityForm,
    PurposeBasisForm,
    PurposeForm,
    SystemForm,
)
from .screens import CappedCount, count_link, links, page_of

Says = Callable[[Any, HttpRequest], Consequences]
RECORD_PAGE = 50  # entries on a printable page; the file has them all
RECORD_CEILING = 10_000_000  # the record is about what is done, not about people


def ending(noun: str, ask: str, *happens: str, action: Callable[..., object]) -> Button:
    def consequences(thing: Any, request: HttpRequest) -> Consequences:
        return Consequences(
            question=f"{ask} “{thing}”?",
            happens=list(happens),
            not_=["Nothing is deleted: it stays on file, and it can be taken up again."],
            submit=f"End {noun}",
        )

    return Button(
        verb="end",
        label="End…",
        action=action,
        permission=_permission("end", noun),
        form_class=EndForm,
        initial=lambda thing: {"on": Company.current().today()},
        shown=lambda thing: thing.ended_on is None,
        consequences=consequences,
    )


def taking_up(noun: str) -> Button:
    def consequences(thing: Any, request: HttpRequest) -> Consequences:
        return Consequences(
            question=f"Take up “{thing}” again?",
            happens=["It counts as in use from now on, as if it had never ended."],
            submit=f"Take up {noun}",
        )

    return Button(
        verb="take-up",
        label="Take up again…",
        action=actions.take_up,
        permission=_permission("end", noun),
        shown=lambda thing: thing.ended_on is not None,
        consequences=consequences,
    )


def removal(noun: str) -> Button:
    def consequences(thing: Any, request: HttpRequest) -> Consequences:
        refusal = guards.in_use(thing)
        question, submit = f"Delete “{thing}”?", f"Delete {noun}"
        if refusal:
            return Consequences(question=question, not_=[f"It is not deleted. {refusal}"], submit=submit)
        return Consequences(
            question=question,
            happens=["It disappears from the register. Do this only to what was entered by mistake."],
            irreversible=["It cannot be brought back."],
            submit=submit,
        )

    return Button(
        verb="remove",
        label="Delete…",
        action=actions.remove,
        permission=_permission("delete", noun),
        danger=True,
        consequences=consequences,
        done=lambda thing, _result: f"“{thing}” is deleted.",
    )


def _permission(verb: str, noun: str) -> str:
    return f"inventory.{verb}_{noun.replace(' ', '')}"


class RegisterAdmin(AuditedAdmin):
    """A code is given once: addresses, files and other systems hold on to it."""

    sortable_by = ()

    class Media:
        css = {"all": ("admin_desk/registers.css",)}
        js = ("admin_desk/labels.js",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fixed = ("code",) if obj and hasattr(obj, "code") else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new row has no history to show."""
        parts = super().get_fieldsets(request, obj)
        if obj is not None:
            return parts
        asked = list(self.form._meta.fields or ())
        kept = [(title, more, [name for name in more["fields"] if name in asked]) for title, more in parts]
        return [(title, {**more, "fields": names}) for title, more, names in kept if names]


def activities_through(name: str, key: str) -> CappedCount:
    through = getattr(ProcessingActivity, name).through
    return CappedCount(through._default_manager.filter(**{key: OuterRef("pk")}))


class BasisInline(admin.StackedInline):  # type: ignore[type-arg]
    model = PurposeBasis
    form = PurposeBasisForm
    formset = BasisFormSet
    verbose_name = "lawful basis"
    verbose_name_plural = "lawful bases, one for each law"

    def get_extra(self, request: HttpRequest, obj: Purpose | None = None, **kwargs: Any) -> int:
        return 0 if obj else 1


@admin.register(Purpose)
class PurposeAdmin(RegisterAdmin):
    form = PurposeForm
    inlines = (BasisInline,)
    list_display = ("name", "kind", "is_optional", "needs_consent", "ended_on", "used_by")
    list_filter = ("kind", "is_optional", "needs_consent")
    readonly_fields = ("ended_on", "used_in")
    fieldsets = (
        (None, {"fields": ("code", "name", "kind", "ended_on")}),
        ("What people read", {"fields": ("names", "text", "child_text")}),
        ("Who may refuse", {"fields": ("is_optional", "needs_consent", "minimum_assurance")}),
        ("In use", {"fields": ("used_in",)}),
    )
    buttons = (
        ending(
            "purpose", "Is nothing done any more for",
            "From that day on no activity may serve it, and nobody is asked about it.",
            "It is refused while an activity still goes on for it.",
            action=actions.end_purpose,
        ),
        taking_up("purpose"),
        removal("purpose"),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Purpose]:
        rows: QuerySet[Purpose] = super().get_queryset(request)
        activities = ProcessingActivity.objects.filter(purpose_id=OuterRef("pk"))
        return rows.annotate(uses=CappedCount(activities))

    @admin.display(description="activities")
    def used_by(self, purpose: Any) -> SafeString | str:
        return count_link(purpose.uses, ProcessingActivity, f"purpose__id__exact={purpose.pk}")

    @admin.display(description="activities")
    def used_in(self, purpose: Purpose) -> SafeString | str:
        return links(purpose.activities.all())


@admin.register(System)
class SystemAdmin(RegisterAdmin):
    form = SystemForm
    list_display = ("name", "country", "fulfilment", "answers", "ended_on", "used_by")
    list_filter = ("fulfilment",)
    list_select_related = ("owner",)
    readonly_fields = ("ended_on", "used_in", "safeguards")
    fieldsets = (
        (None, {"fields": ("code", "name", "description", "country", "fulfilment", "ended_on")}),
        ("Who answers for it", {"fields": ("owner", "owner_email")}),
        ("In use", {"fields": ("used_in", "safeguards")}),
    )
    buttons = (
        ending(
            "system", "Does no data lie any more in",
            "From that day on no activity may name it.",
            "It is refused while data of an activity still lies there.",
            action=actions.end_system,
        ),
        taking_up("system"),
        removal("system"),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[System]:
        rows: QuerySet[System] = super().get_queryset(request)
        return rows.annotate(uses=activities_through("systems", "system_id"))

    @admin.display(description="answers for it")
    def answers(self, system: System) -> str:
        return system.owner.get_short_name() if system.owner else system.owner_email or "nobody"

    @admin.display(description="activities")
    def used_by(self, system: Any) -> SafeString | str:
        return count_link(system.uses, ProcessingActivity, f"systems__id__exact={system.pk}")

    @admin.display(description="activities")
    def used_in(self, system: System) -> SafeString | str:
        return links(system.activities.all())

    @admin.display(description="safeguards")
    def safeguards(self, system: System) -> SafeString | str:
        return links(system.measures.all())


@admin.register(ProcessingActivity)
class ProcessingActivityAdmin(RegisterAdmin):
    form = ProcessingActivityForm
    list_display = ("name", "capacity", "purpose", "basis", "ended_on")
    list_filter = ("capacity", "basis", "automation")
    list_select_related = ("purpose",)
    linked_filters = ("purpose", "categories", "systems")
    search_fields = ("code__exact", "name__startswith")
    search_label = "Code, or how the name begins"
    export_fields = tuple(record.COLUMNS)
    readonly_fields = ("ended_on", "safeguards")
    fieldsets = (
        (None, {"fields": ("code", "name", "description", "ended_on")}),
        ("Why", {"fields": ("capacity", "purpose", "basis")}),
        ("What and whose", {"fields": ("whose", "categories")}),
        ("Where", {"fields": ("systems", "safeguards")}),
        (
            "Does a machine decide (GDPR Art. 22)",
            {"fields": ("automation", "logic", "consequences", "protection")},
        ),
        (
            "The same in other languages",
            {"fields": ("logic_in", "consequences_in", "protection_in"), "classes": ("collapse",)},
        ),
    )  # fmt: skip
    buttons = (
        ending(
            "processing activity", "Is this over:",
            "From that day on it is no longer in the live record of processing.",
            action=actions.end_activity,
        ),
        taking_up("processing activity"),
        removal("processing activity"),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("health/", wrap(self.health_view), name="inventory_processingactivity_health"),
            path("record/<slug:kind>/", wrap(self.record_view), name="inventory_processingactivity_record"),
            *super().get_urls(),
        ]

    def get_export_ceiling(self) -> int:
        return RECORD_CEILING

    def get_export_lines(self, rows: QuerySet[ProcessingActivity]) -> Iterator[str]:
        return csv_lines(record.COLUMNS, record.rows(rows))

    def health_view(self, request: HttpRequest) -> HttpResponse:
        """Everything that is wrong in the registers, of this app and of those above it."""
        self._must_see(request)
        today = Company.current().today()
        examined = health.examine(today)
        health.remember(examined, today)  # what was put right is gone from the morning page too
        diagnoses = [
            (found, [(group.words, self._linked(request, group.faults)) for group in found.groups])
            for found in examined
        ]
        context = {
            "title": "Health of the registers",
            "diagnoses": diagnoses,
            "checks": health.checks,
        }
        return page(self, request, "admin/inventory/health.html", context)

    def record_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """The record of processing on paper (GDPR Art. 30(4): shown to the authority on request)."""
        self._must_see(request)
        if kind not in Capacity.values:
            raise Http404
        today = Company.current().today()
        activities = record.of_kind(kind, today)
        if last := request.GET.get("after"):
            activities = record.after(activities, _activity(last))
        entries = list(record.entries(activities[: RECORD_PAGE + 1]))
        context = {
            "title": f"Record of processing {Capacity(kind).label}",
            "is_controller": kind == Capacity.CONTROLLER,
            "entries": entries[:RECORD_PAGE],
            "is_continued": bool(last),
            "last": entries[RECORD_PAGE - 1].activity.pk if len(entries) > RECORD_PAGE else None,
            "today": today,
        }
        return page(self, request, "admin/inventory/record.html", context)

    def _must_see(self, request: HttpRequest) -> None:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied

    def _linked(self, request: HttpRequest, faults: list[health.Fault]) -> list[tuple[health.Fault, str]]:
        return [(fault, self._fault_url(request, fault)) for fault in faults]

    def _fault_url(self, request: HttpRequest, fault: health.Fault) -> str:
        opts = fault.about._meta
        may = request.user.has_perm(f"{opts.app_label}.view_{opts.model_name}")
        return page_of(fault.about) if may else ""

    @admin.display(description="safeguards")
    def safeguards(self, activity: ProcessingActivity) -> SafeString | str:
        return links(activity.measures.all())


@admin.register(Measure)
class MeasureAdmin(RegisterAdmin):
    form = MeasureForm
    list_display = ("name", "kind", "evidence_on", "review")
    list_filter = ("kind",)
    autocomplete_fields = ("activities",)
    buttons = (removal("measure"),)

    def get_fieldsets(self, request: HttpRequest, obj: Measure | None = None) -> Any:
        return (
            (None, {"fields": ("name", "kind", "description", "owner")}),
            ("Does it work", {"fields": ("evidence", "evidence_on", "next_review_on")}),
            ("What it protects", {"fields": ("systems", "activities")}),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Measure]:
        rows: QuerySet[Measure] = super().get_queryset(request)
        return rows.annotate(is_overdue=Q(next_review_on__lt=Company.current().today()))

    @admin.display(description="next review")
    def review(self, measure: Any) -> str:
        if measure.next_review_on is None:
            return "not planned"
        return f"{measure.next_review_on:%-d %B %Y}" + (" – overdue" if measure.is_overdue else "")


def _activity(number: str) -> ProcessingActivity:
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Http404
    return get_object_or_404(ProcessingActivity, pk=int(number))
