"""The desk of the categories of data, and how a list of them comes in."""

from base64 import b64decode, b64encode
from io import BytesIO
from typing import Any

from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin
from audit.desk import page, staff
from inventory.categories_import import ChangedMeanwhile, Given, read
from inventory.models import DataCategory, DataElement, ProcessingActivity
from people import csv_files

from .forms import DataCategoryForm, ListForm
from .registers import RegisterAdmin, activities_through, removal
from .screens import count_link, links

SALT = "inventory.categories.import"
MAX_AGE = 3600  # seconds between the look and the writing


class ElementInline(admin.StackedInline):  # type: ignore[type-arg]
    model = DataElement
    fields = ("name", "order")
    formfield_overrides = AuditedAdmin.formfield_overrides  # the public reads it
    verbose_name_plural = "elements, as the public page lists them"
    extra = 0


@admin.register(DataCategory)
class DataCategoryAdmin(RegisterAdmin):
    form = DataCategoryForm
    list_display = ("name", "origin", "sensitivity", "is_never_held", "used_by")
    list_filter = ("origin", "sensitivity", "is_never_held")
    readonly_fields = ("used_in",)
    inlines = (ElementInline,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "code",
                    "name",
                    "names",
                    "examples",
                    "origin",
                    "sensitivity",
                    "whose",
                    "is_never_held",
                )
            },
        ),
        ("In use", {"fields": ("used_in",)}),
    )
    buttons = (removal("data category"),)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="inventory_datacategory_import"), *super().get_urls()]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Look first, then write: what was looked at comes back signed, so it is what is written."""
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise PermissionDenied
        context: dict[str, Any] = {"title": "Bring in a list of data", "form": ListForm()}
        try:
            if "signed" in request.POST:
                return self._write(request)
            if request.method == "POST":
                context |= self._look(request)
        except (csv_files.FileRefused, ChangedMeanwhile) as refusal:
            context["refusal"] = str(refusal) or "Somebody changed the register at the same time. Look again."
        return page(self, request, "admin/inventory/datacategory/import.html", context)

    def _look(self, request: HttpRequest) -> dict[str, Any]:
        form = ListForm(request.POST, request.FILES)
        if not form.is_valid():
            return {"form": form}
        given = form.given()
        content = form.cleaned_data["file"].read()
        plan = read(BytesIO(content), given)
        said = [b64encode(content).decode(), given.origin, list(given.whose)]
        return {
            "form": ListForm(initial=form.cleaned_data),
            "plan": plan,
            "counts": plan.counts(),
            "signed": signing.dumps(said, salt=SALT, compress=True),
        }

    def _write(self, request: HttpRequest) -> HttpResponse:
        try:
            content, origin, whose = signing.loads(request.POST["signed"], salt=SALT, max_age=MAX_AGE)
        except signing.BadSignature:
            raise csv_files.FileRefused("That look is too old. Choose the file again.") from None
        plan = read(BytesIO(b64decode(content)), Given(origin, tuple(whose)))
        plan.apply(by=staff(request), at=timezone.now())
        counts = plan.counts()
        said = f"Categories added: {counts.categories_new}. Elements added: {counts.elements_new}."
        messages.success(request, said if counts.writes else "Everything of the list stands here already.")
        return HttpResponseRedirect(reverse("admin:inventory_datacategory_changelist"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataCategory]:
        rows: QuerySet[DataCategory] = super().get_queryset(request)
        return rows.annotate(uses=activities_through("categories", "datacategory_id"))

    @admin.display(description="used by activities")
    def used_by(self, category: Any) -> SafeString | str:
        return count_link(category.uses, ProcessingActivity, f"categories__id__exact={category.pk}")

    @admin.display(description="activities")
    def used_in(self, category: DataCategory) -> SafeString | str:
        return links(category.activities.all())
