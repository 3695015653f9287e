from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin
from audit.buttons import Button, Consequences, says
from audit.desk import page, staff
from inventory.desk.screens import links, page_of
from inventory.guards import in_use
from law.models import Company
from processors import actions, guards, received
from processors.basis import Judge
from processors.models import (
    Contract,
    Processor,
    ProcessorActivity,
    ProcessorPlace,
    ProcessorSystem,
    Status,
    Subprocessor,
)
from processors.public_list import announcing, changes

from .forms import FACTS, ContractForm, LeaveForm, PlaceForm, ProcessorForm, TransferForm
from .twins import MERGE


def activation(processor: Processor, request: HttpRequest) -> Consequences:
    today = Company.current().today()
    return Consequences(
        question=f"May “{processor}” receive data from today?",
        happens=[
            "It counts as in use: its contract, its places and its reviews are watched from now on.",
            "The public list of companies names it from today, as it was announced.",
        ],
        not_=[f"Still missing: {fault}" for fault in guards.what_is_missing(processor, today)],
        submit="Activate processor",
    )


def ending(processor: Processor, request: HttpRequest) -> Consequences:
    return Consequences(
        question=f"Has “{processor}” nothing of ours any more?",
        happens=[
            "It is ended as of today, and so are its transfers.",
            "It leaves the public list: its departure was announced, and the day has come.",
        ],
        not_=["Nothing is deleted here: its reviews and contracts stay on file."],
        irreversible=["An ended processor cannot be taken up again; propose it anew."],
        submit="End processor",
    )


def removal(processor: Processor, request: HttpRequest) -> Consequences:
    question = f"Delete “{processor}”?"
    if refusal := in_use(processor):
        return Consequences(
            question=question, not_=[f"It is not deleted. {refusal}"], submit="Delete processor"
        )
    return Consequences(
        question=question,
        happens=["It disappears from the register. Do this only to what was entered by mistake."],
        irreversible=["It cannot be brought back."],
        submit="Delete processor",
    )


class PlaceInline(admin.StackedInline):  # type: ignore[type-arg]
    model = ProcessorPlace
    form = PlaceForm
    verbose_name = "place"
    verbose_name_plural = "where it processes our data"
    extra = 0


class SubprocessorInline(admin.StackedInline):  # type: ignore[type-arg]
    model = Subprocessor
    fk_name = "processor"
    verbose_name = "sub-processor"
    verbose_name_plural = "sub-processors"
    extra = 0


class ActivityInline(admin.StackedInline):  # type: ignore[type-arg]
    model = ProcessorActivity
    verbose_name = "activity"
    verbose_name_plural = "receives the data of these activities"
    autocomplete_fields = ("activity",)
    extra = 0


class SystemInline(admin.StackedInline):  # type: ignore[type-arg]
    model = ProcessorSystem
    verbose_name = "system"
    verbose_name_plural = "hosts these systems"
    extra = 0


@admin.register(Processor)
class ProcessorAdmin(AuditedAdmin):
    class Media:
        js = ("admin_desk/labels.js",)

    form = ProcessorForm
    inlines = (PlaceInline, ActivityInline, SystemInline, SubprocessorInline)
    list_display = ("name", "kind", "role", "status", "seat_country", "risk_tier", "started_on")
    list_filter = ("status", "kind", "role", "risk_tier")
    search_fields = ("name__startswith",)
    search_label = "How the name begins"
    readonly_fields = ("next_step", "status", "facts", "papers", "people", "started_on", "ended_on")
    fieldsets = (
        (None, {"fields": ("next_step", "status", "facts", "papers")}),
        ("Who they are", {"fields": FACTS}),
        ("Since when", {"fields": (("started_on", "ended_on"), "people")}),
    )
    buttons = (
        Button(
            verb="start-review",
            label="Start a review",
            action=actions.start_review,
            permission="processors.review_processor",
            shown=lambda processor: processor.status != Status.ENDED,
            consequences=says(
                "Vet this company now?",
                "A questionnaire opens. Whoever fills it in, a second person decides.",
                not_=("A processor in use goes on being used meanwhile.",),
                submit="Start review",
            ),
            done=lambda processor, review: f"{review} is open: fill in the questionnaire on its page.",
        ),
        Button(
            verb="approve",
            label="Approve",
            action=actions.approve,
            permission="processors.approve_processor",
            shown=lambda processor: processor.status == Status.REVIEW,
            consequences=says(
                "May we use this company?",
                "Your name stands under it. You cannot approve what you proposed.",
                not_=("It receives nothing yet: activating is a step of its own.",),
                submit="Approve processor",
            ),
        ),
        Button(
            verb="activate",
            label="Activate…",
            action=actions.activate,
            permission="processors.approve_processor",
            shown=lambda processor: processor.status in (Status.APPROVED, Status.LEAVING),
            consequences=activation,
        ),
        Button(
            verb="record-contract",
            label="Record a contract…",
            action=actions.record_contract,
            permission="processors.add_contract",
            form_class=ContractForm,
            shown=lambda processor: processor.status != Status.ENDED,
            consequences=says(
                "What has been signed?",
                "It counts from the day it is in force. What it does not name, they may not receive.",
                "The file is kept outside the web server’s reach and is only ever downloaded, never opened here.",
                submit="Record contract",
            ),
        ),
        Button(
            verb="record-transfer",
            label="Record a transfer…",
            action=actions.record_transfer,
            permission="processors.add_transfer",
            form_class=TransferForm,
            initial=lambda processor: {"processor": processor},
            shown=lambda processor: processor.status != Status.ENDED,
            consequences=says(
                "On what basis does data go there?",
                "From now on this country is judged by it, day by day, under that law.",
                submit="Record transfer",
            ),
        ),
        Button(
            verb="leave",
            label="Leave…",
            action=actions.leave,
            permission="processors.approve_processor",
            shown=lambda processor: processor.status == Status.ACTIVE,
            form_class=LeaveForm,
            initial=lambda processor: {"planned_on": announcing.earliest(timezone.now())},
            consequences=says(
                "Stop using this company?",
                "Its departure is gathered for the public list: announce it under Sub-processor changes.",
                "It counts as leaving until nothing of ours is there any more.",
                not_=("It stays on the public list and is watched until it has ended.",),
                submit="Leave processor",
            ),
        ),
        Button(
            verb="gather",
            label="Gather what differs",
            action=changes.gather_now,
            permission="processors.publish_subprocessorchange",
            shown=lambda processor: changes.is_drifting(processor, Company.current().today()),
            consequences=says(
                "Write down what the public list does not say yet?",
                "What differs waits under Sub-processor changes, to be announced or recorded as a correction.",
                not_=("The public list stays as it is until then.",),
                submit="Gather",
            ),
            done=lambda processor, rows: "Gathered. Go on under Sub-processor changes.",
        ),
        Button(
            verb="end",
            label="End…",
            action=actions.end,
            permission="processors.approve_processor",
            danger=True,
            shown=lambda processor: Status.ENDED in Processor.transitions[processor.status],
            consequences=ending,
        ),
        MERGE,
        Button(
            verb="remove",
            label="Delete…",
            action=actions.remove,
            permission="processors.delete_processor",
            danger=True,
            shown=lambda processor: processor.status == Status.PROPOSED,
            consequences=removal,
            done=lambda processor, result: f"“{processor}” is deleted.",
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.facts_view)
        return [
            path("<int:processor_id>/facts/", view, name="processors_processor_facts"),
            *super().get_urls(),
        ]

    def facts_view(self, request: HttpRequest, processor_id: int) -> HttpResponse:
        """Everything the register derives about one processor, on one page."""
        processor = self.get_object(request, str(processor_id))
        if processor is None:
            raise Http404
        if not self.has_view_or_change_permission(request, processor):
            raise PermissionDenied
        return page(self, request, "admin/processors/processor/facts.html", facts(processor))

    def get_fieldsets(self, request: HttpRequest, obj: Processor | None = None) -> Any:
        if obj is None:
            return ((None, {"fields": FACTS}),)
        return super().get_fieldsets(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Processor | None = None) -> bool:
        return (obj is None or obj.status != Status.ENDED) and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Processor, form: Any, change: bool) -> None:
        if not change:
            actions.propose(obj, by=staff(request), at=timezone.now())
            return
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        changes.gather(form.instance, at=timezone.now())

    @admin.display(description="next")
    def next_step(self, processor: Processor) -> SafeString | str:
        if into := processor.merged_into:
            return format_html('Nothing. It is merged into <a href="{}">{}</a>.', page_of(into), into)
        return NEXT[Status(processor.status)]

    @admin.display(description="what follows from it")
    def facts(self, processor: Processor) -> SafeString:
        url = reverse("admin:processors_processor_facts", args=[processor.pk])
        return format_html('<a href="{}">What it receives, on what basis, and what is missing</a>', url)

    @admin.display(description="on file")
    def papers(self, processor: Processor) -> SafeString:
        kinds = (
            processor.reviews.all(), processor.contracts.all(), processor.transfers.all(), processor.merged.all(),
        )  # fmt: skip
        words = "Reviews: {}. Contracts: {}. Transfers: {}. Merged into it: {}."
        return format_html(words, *(links(rows) for rows in kinds))

    @admin.display(description="who")
    def people(self, processor: Processor) -> str:
        deeds = (("proposed", processor.proposed_by), ("approved", processor.approved_by))
        return ", ".join(f"{what} by {who.get_short_name()}" for what, who in deeds if who) or "brought in"


def facts(processor: Processor) -> dict[str, Any]:
    today = Company.current().today()
    return {
        "title": f"What follows for {processor}",
        "processor": processor,
        "back": page_of(processor),
        "missing": list(guards.what_is_missing(processor, today)),
        "routes": list(Judge.of(today).routes(processor)),
        "received": received.received(processor, today),
        "beyond": received.beyond_contract(processor, today),
        "activities": received.activities(processor, today),
        "contracts": Contract.objects.in_force(today).filter(processor=processor),
    }


NEXT = {
    Status.PROPOSED: "Say what it would receive and where, then start a review.",
    Status.REVIEW: "Fill in the questionnaire; a second person decides it and approves the company.",
    Status.APPROVED: "Announce it under Sub-processor changes, record the contract and a transfer for each "
    "country, then activate it on the announced day.",
    Status.ACTIVE: "Nothing, until the morning page says so.",
    Status.LEAVING: "Announce its departure, move its activities away and have it delete its copies, then end it.",
    Status.ENDED: "Nothing. It stays on file.",
}


from . import changes as admin_changes  # noqa: E402, F401 (register the public list and the papers)
