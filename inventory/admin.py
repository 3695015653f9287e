from django.contrib import admin

from audit.admin import AuditedAdmin

from .models import DataCategory, Measure, ProcessingActivity, Purpose, PurposeBasis, System


class BasisInline(admin.StackedInline):  # type: ignore[type-arg]
    model = PurposeBasis
    extra = 0


@admin.register(DataCategory)
class DataCategoryAdmin(AuditedAdmin):
    list_display = ("name", "origin", "sensitivity", "is_never_held")


@admin.register(Purpose)
class PurposeAdmin(AuditedAdmin):
    list_display = ("name", "kind", "is_optional", "needs_consent", "ended_on")
    inlines = (BasisInline,)


@admin.register(System)
class SystemAdmin(AuditedAdmin):
    list_display = ("name", "country", "fulfilment", "ended_on")


@admin.register(ProcessingActivity)
class ProcessingActivityAdmin(AuditedAdmin):
    list_display = ("name", "capacity", "purpose", "basis", "ended_on")


@admin.register(Measure)
class MeasureAdmin(AuditedAdmin):
    list_display = ("name", "kind", "next_review_on")


# The screens of the other registers hook in below, one line each.
