from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from audit.admin import AuditedAdmin
from audit.buttons import Button, Consequences, says
from inventory.letting_go import holds
from inventory.models import HoldPerson, HoldScope, HoldStatus, LegalHold
from law.models import Company
from people.models import Role

from .forms_retention import LegalHoldForm, ReviewForm
from .screens import day_of


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
    when_empty = "Nothing is held. Add a hold when a claim or a duty forbids that data goes."
    list_display = ("__str__", "title", "status", "scope", "answers_for_it", "next_review")
    list_filter = ("status", "scope")
    list_select_related = ("owner",)
    sortable_by = ()
    readonly_fields = ("status", "placed", "released", "covers", "answers_for_it")
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[LegalHold]:
        rows: QuerySet[LegalHold] = super().get_queryset(request)
        overdue = Q(status=HoldStatus.IN_FORCE, review_on__lt=Company.current().today())
        return rows.annotate(is_overdue=overdue)

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
        first = (None, {"fields": ("title", "reason", "answers_for_it", "status", "placed", "released")})
        _first, _covers, last = self.fieldsets
        return (first, ("What it covers", {"fields": what}), last)

    @admin.display(description="next review", ordering="review_on")
    def next_review(self, hold: Any) -> str:
        return f"{hold.review_on:%-d %B %Y}" + (" – overdue" if hold.is_overdue else "")

    @admin.display(description="owner")
    def answers_for_it(self, hold: LegalHold) -> str:
        return hold.owner.get_short_name()

    @admin.display(description="placed")
    def placed(self, hold: LegalHold) -> str:
        return day_of(hold.placed_at) or "not yet"

    @admin.display(description="released")
    def released(self, hold: LegalHold) -> str:
        return day_of(hold.released_at) or "not yet"

    @admin.display(description="covers")
    def covers(self, hold: LegalHold) -> str:
        return _covered(hold)
