"""Uses that people do not want, as their requests left them."""

from django.contrib import admin

from audit.admin import ReadOnlyAdmin
from audit.buttons import Button, says
from inventory import objections
from inventory.models import Objection


@admin.register(Objection)
class ObjectionAdmin(ReadOnlyAdmin):
    when_empty = "Nobody objects. Objections and opt-outs come here from the requests that asked for them."
    log_reads = True
    list_display = ("__str__", "whose", "use", "since", "until", "case")
    list_select_related = ("person", "purpose")
    sortable_by = ()
    search_fields = ("person__external_id__exact", "case__exact")
    search_label = "Platform id, or reference of the request"
    fields = ("whose", "use", "case", "since", "until")
    readonly_fields = ("whose", "use")
    buttons = (
        Button(
            verb="end",
            label="They took it back…",
            action=objections.end,
            permission="inventory.end_objection",
            shown=lambda objection: objection.until is None,
            consequences=says(
                "Did the person take this back themselves?",
                "Their data may be used for this again, where nothing else stands against it.",
                "Systems and companies that were told to stop are told that it is over.",
                "Your reason says how they told us.",
                submit="Note that they took it back",
            ),
        ),
    )

    @admin.display(description="person")
    def whose(self, objection: Objection) -> str:
        return f"Person {objection.person_id}"

    @admin.display(description="use")
    def use(self, objection: Objection) -> str:
        return objection.use
