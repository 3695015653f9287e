"""What hangs on a processor: its reviews, contracts and transfers."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.actions import record
from audit.admin import AuditedAdmin
from audit.buttons import Button, Consequences, says
from audit.desk import page, staff
from inventory.desk.screens import page_of
from law.models import Adequacy, Company
from processors import actions, affected, clauses, papers, questions
from processors.basis import Judge
from processors.clauses import Lists
from processors.models import Contract, ContractClause, Review, Transfer

from .forms import AnswersForm, ClausesForm, ContractForm, TransferForm, VerdictForm
from .forms_papers import AssessmentForm


class PaperAdmin(AuditedAdmin):
    """What hangs on one processor: made with a button there, read and kept up to date here."""

    sortable_by = ()
    list_select_related = ("processor",)
    linked_filters = ("processor",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="processor")
    def of(self, row: Any) -> SafeString:
        return format_html('<a href="{}">{}</a>', page_of(row.processor), row.processor)


@admin.register(Review)
class ReviewAdmin(PaperAdmin):
    when_empty = "No company was reviewed yet. Start a review on the company’s page."
    list_display = ("__str__", "processor", "verdict", "next_on")
    list_filter = ("verdict",)
    fields = ("of", "verdict", "conditions", "next_on", "evidence", "evidence_on", "answered", "people")
    readonly_fields = fields
    buttons = (
        Button(
            verb="answer",
            label="Fill in the questionnaire…",
            action=actions.answer,
            permission="processors.review_processor",
            form_class=AnswersForm,
            initial=lambda review: {"review": review},
            shown=lambda review: review.decided_at is None,
            needs_reason=False,
            consequences=says(
                "What did they answer, and what did you see?",
                "Save as often as you like; a second person decides when everything is answered.",
                submit="Save answers",
            ),
        ),
        Button(
            verb="decide",
            label="Decide…",
            action=actions.decide_review,
            permission="processors.approve_review",
            form_class=VerdictForm,
            shown=lambda review: review.decided_at is None,
            consequences=says(
                "Is this company fit to hold our learners’ data?",
                "The review is frozen with your name; nobody can change it afterwards.",
                "The next one falls due as the risk tier says.",
                "Found unfit, a company under review goes back to proposed; one in use stays in use, and the "
                "health page and the promise that partners are vetted say so.",
                submit="Decide review",
            ),
        ),
    )

    def has_change_permission(self, request: HttpRequest, obj: Review | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    @admin.display(description="answers")
    def answered(self, review: Review) -> SafeString:
        rows = [
            (question.question, review.answers.get(question.code, "not answered yet"))
            for question in questions.questions_for(review.processor)
        ]
        return definition_list(rows)

    @admin.display(description="who")
    def people(self, review: Review) -> str:
        decided = f", decided by {review.decided_by.get_short_name()}" if review.decided_by else ""
        return f"prepared by {review.proposed_by.get_short_name()}{decided}"


@admin.register(Contract)
class ContractAdmin(PaperAdmin):
    form = ContractForm
    when_empty = "No contract is on file. Record one on the company’s page."
    list_display = ("__str__", "processor", "in_force_on", "ends_on", "subprocessor_days")
    list_filter = ("kind",)
    readonly_fields = ("of", "download", "checklist")
    fieldsets = (
        (None, {"fields": ("of", "kind", "reference", "signed_on", "in_force_on", "ends_on", "renewal_notice_days")}),
        ("What it allows", {"fields": ("purposes", "categories")}),
        (
            "What it promises",
            {"fields": ("subprocessor_rule", "subprocessor_days", "breach_hours", "deletion_at_end", "checklist")},
        ),
        ("The paper", {"fields": ("download", "file")}),
    )  # fmt: skip
    buttons = (
        Button(
            verb="clauses",
            label="Go through the clauses…",
            action=actions.check_clauses,
            permission="processors.change_contract",
            form_class=ClausesForm,
            initial=lambda contract: {"contract": contract},
            consequences=says(
                "Does the contract hold what the law wants in it?",
                "Each answer stays with the contract, with your name in the audit record.",
                not_=("What you leave open stays open.",),
                submit="Save checklist",
            ),
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view)
        return [path("<int:contract_id>/file/", view, name="processors_contract_file"), *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Contract | None = None) -> Any:
        *rest, (title, _fields) = super().get_fieldsets(request, obj)
        may_change = self.has_change_permission(request, obj)
        return [*rest, (title, {"fields": ("download", "file") if may_change else ("download",)})]

    def save_model(self, request: HttpRequest, obj: Contract, form: Any, change: bool) -> None:
        former = Contract.objects.filter(pk=obj.pk).values_list("file", flat=True).first()
        super().save_model(request, obj, form, change)
        if former and former != obj.file.name:
            papers.replace_file(obj, former=former, by=staff(request), at=timezone.now())

    def file_view(self, request: HttpRequest, contract_id: int) -> FileResponse:
        """Never opened in the browser: a paper from outside may hold anything."""
        if not request.user.has_perm("processors.export_contract"):
            raise PermissionDenied
        contract = Contract.objects.filter(pk=contract_id).exclude(file="").first()
        if contract is None or not contract.file.storage.exists(str(contract.file.name)):
            raise Http404
        record("processors.download", contract, by=staff(request), at=timezone.now())
        response = FileResponse(
            contract.file.open("rb"),
            as_attachment=True,
            filename=contract.file_name or "contract",
            content_type="application/octet-stream",
        )
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response

    @admin.display(description="on file")
    def download(self, contract: Contract) -> SafeString | str:
        if not contract.file:
            return "none"
        url = reverse("admin:processors_contract_file", args=[contract.pk])
        return format_html('<a href="{}">Download {}</a>', url, contract.file_name)

    @admin.display(description="clauses")
    def checklist(self, contract: Contract) -> SafeString:
        known = {clause.item_id: clause for clause in contract.clauses.all()}
        rows = [
            (str(item), found(known[item.pk])) if item.pk in known else (str(item), "not looked for yet")
            for item in Lists.of(Company.current().today()).contract(contract)
        ]
        return definition_list(rows)


def assessing(transfer: Transfer, request: HttpRequest) -> Consequences:
    listed = Lists.of(Company.current().today()).assessment
    return Consequences(
        question="Does this safeguard hold in the country the data goes to?",
        blocked="" if listed else papers.NOTHING_TO_ANSWER,
        happens=["The assessment counts from today, under your name, once every item is answered."],
        not_=["What you leave open stays open."],
        submit="Save assessment",
    )


def assessed(still_open: Any) -> str:
    if not still_open:
        return "Every item is answered: the assessment counts from today."
    return f"Saved. It does not count yet: {len(still_open)} left open."


@admin.register(Transfer)
class TransferAdmin(PaperAdmin):
    form = TransferForm
    when_empty = "No transfer is on file. Record one on the page of the company that works abroad."
    list_display = ("__str__", "processor", "mechanism", "tia_review_on", "dpf_checked_on", "ended_on")
    list_filter = ("exporter_regime", "mechanism")
    readonly_fields = ("of", "today", "assessment", "tia_by", "tia_reopened_on")
    fieldsets = (
        (None, {"fields": ("of", "today", "exporter_regime", "destination", "mechanism", "scc_module", "contract")}),
        ("Impact assessment", {"fields": ("tia_on", "tia_review_on", "tia_by", "tia_reopens", "tia_reopened_on", "assessment")}),
        ("Looked at", {"fields": ("dpf_checked_on", "scope_checked_on")}),
        ("The end", {"fields": ("ended_on",)}),
    )  # fmt: skip
    buttons = (
        Button(
            verb="assess",
            label="Go through the assessment…",
            action=papers.assess,
            permission="processors.change_transfer",
            form_class=AssessmentForm,
            initial=lambda transfer: {"transfer": transfer},
            shown=lambda transfer: transfer.ended_on is None and clauses.is_assessed(transfer),
            consequences=assessing,
            done=lambda transfer, still_open: assessed(still_open),
        ),
        Button(
            verb="reopen",
            label="Reopen the assessment…",
            action=papers.reopen_assessment,
            permission="processors.change_transfer",
            shown=lambda transfer: transfer.tia_on is not None and not transfer.is_reopened,
            consequences=says(
                "Has something happened that may change the answers?",
                "The transfer counts as not covered by it until somebody has gone through the assessment again.",
                "Write what happened as the reason.",
                submit="Reopen assessment",
            ),
        ),
        Button(
            verb="recheck",
            label="Listing checked today",
            action=actions.recheck_dpf,
            permission="processors.change_transfer",
            shown=lambda transfer: transfer.dpf_checked_on is not None,
            consequences=says(
                "Have you seen it on the list today, for the kind of data we send?",
                "Today is noted as the day the listing was checked.",
                submit="Listing checked",
            ),
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        one, every = (self.admin_site.admin_view(view) for view in (self.decision_view, self.decisions_view))
        return [
            path("decisions/", every, name="processors_transfer_decisions"),
            path("decisions/<int:decision_id>/", one, name="processors_transfer_decision"),
            *super().get_urls(),
        ]

    def decisions_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        today = Company.current().today()
        context = {
            "title": "Adequacy decisions we rely on",
            "decisions": affected.in_use(today),
            "today": today,
        }
        return page(self, request, "admin/processors/transfer/decisions.html", context)

    def decision_view(self, request: HttpRequest, decision_id: int) -> HttpResponse:
        """Whom the end of one decision touches."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        decision = Adequacy.objects.filter(pk=decision_id).first()
        if decision is None:
            raise Http404
        today = Company.current().today()
        context = {
            "title": f"If {decision.instrument} ends",
            "reach": affected.reach(decision, today),
            "today": today,
        }
        return page(self, request, "admin/processors/transfer/decision.html", context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is not None and "contract" in form.base_fields:
            form.base_fields["contract"].queryset = Contract.objects.filter(processor=obj.processor)
        return form

    @admin.display(description="items")
    def assessment(self, transfer: Transfer) -> SafeString | str:
        known = {answer.item_id: answer for answer in transfer.answers.select_related("item")}
        items = {answer.item_id: answer.item for answer in known.values()}
        items |= {item.pk: item for item in Lists.of(Company.current().today()).assessment}
        rows = [
            (str(item), f"{known[pk].get_outcome_display()}. {known[pk].finding}".strip())
            if pk in known
            else (str(item), "not answered yet")
            for pk, item in sorted(items.items(), key=lambda pair: pair[1].code)
        ]
        return definition_list(rows) if rows else papers.NOTHING_TO_ANSWER

    @admin.display(description="today")
    def today(self, transfer: Transfer) -> str:
        outcome = Judge.of(Company.current().today()).outcome(transfer)
        return outcome.why


def found(clause: ContractClause) -> str:
    """“met, Annex 2”."""
    return ", ".join(filter(None, (clause.get_standing_display(), clause.where)))


def definition_list(rows: list[tuple[str, str]]) -> SafeString:
    return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))
