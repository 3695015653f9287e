"""Single mails, as staff see them: what went to whom, and what is stuck."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template import TemplateDoesNotExist
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from audit.admin import Button, Consequences
from audit.desk import link_to
from audit.naming import object_name, object_names
from notices import mail as actions
from notices.letters import greet_html, greet_text
from notices.mail_sender import preview
from notices.models import Mail, MailStatus
from notices.previews import Previewed


def _before_retrying(mail: Mail, request: HttpRequest) -> Consequences:
    happens = ["It goes back into the queue and is tried within a minute, for up to three days."]
    if mail.purpose:
        happens.append("Its link is made anew when it leaves, and works from then.")
    if mail.is_possible_duplicate:
        happens.append("It may have arrived before. If so, the person gets it twice, with one Message-ID.")
    return Consequences(question="Try this mail again?", happens=happens, submit="Try this mail again")


@admin.register(Mail)
class MailAdmin(Previewed):
    log_reads = True
    list_display = ("number", "news", "about", "status", "posted", "sent")
    list_filter = ("status",)
    linked_filters = ("object_type", "object_ref", "recipient_id")
    sortable_by = ()
    search_label = "Whole address, or mail number"
    search_fields = ("address__exact", "id__exact")
    lowered_search = ("address",)
    fieldsets = (
        (None, {"fields": ("about", "address", "status", "posted", "sent", "due", "attempts", "failure")}),
        ("The mail", {"fields": ("subject", "html_part", "text_part")}),
        ("Its link", {"fields": ("link_for", "link_state")}),
        ("Traces", {"fields": ("recipient_id", "identity", "twice", "crashes", "event")}),
    )
    readonly_fields = (
        "about", "posted", "sent", "due", "subject", "html_part", "text_part", "link_for", "link_state",
        "identity", "twice",
    )  # fmt: skip
    buttons = (
        Button(
            verb="retry",
            label="Try again",
            action=actions.retry,
            permission="notices.retry_mail",
            shown=lambda mail: mail.status == MailStatus.PARKED,
            consequences=_before_retrying,
            done=lambda mail, result: "Back in the queue. It is tried within a minute.",
        ),
    )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown = super().get_changelist_instance(request)
        names = object_names((mail.object_type, mail.object_ref) for mail in shown.result_list)
        for mail in shown.result_list:
            mail.subject_name = names[mail.object_type, mail.object_ref]
        return shown

    @admin.display(description="mail")
    def number(self, mail: Mail) -> str:
        return str(mail)

    @admin.display(description="news")
    def news(self, mail: Mail) -> str:
        return mail.news

    @admin.display(description="about")
    def about(self, mail: Mail) -> SafeString | str:
        kind, ref = mail.object_type, mail.object_ref
        named = str(getattr(mail, "subject_name", "")) or object_name(kind, ref)
        return link_to(kind, ref, named, self.admin_site.name)

    @admin.display(description="posted")
    def posted(self, mail: Mail) -> str:
        return date_format(timezone.localtime(mail.posted_at), "j F Y, H:i")

    @admin.display(description="sent")
    def sent(self, mail: Mail) -> str:
        return date_format(timezone.localtime(mail.sent_at), "j F Y, H:i") if mail.sent_at else "not yet"

    @admin.display(description="next try")
    def due(self, mail: Mail) -> str:
        is_waiting = mail.status == MailStatus.WAITING
        return date_format(timezone.localtime(mail.due_at), "j F Y, H:i") if is_waiting else "none"

    @admin.display(description="subject")
    def subject(self, mail: Mail) -> str:
        try:
            return preview(mail).subject
        except TemplateDoesNotExist:
            return "There is no template for this mail."

    @admin.display(description="works for")
    def link_for(self, mail: Mail) -> str:
        if not mail.page:
            return "nothing: it has no button"
        return f"{mail.purpose} only" if mail.purpose else "opening a public page"

    @admin.display(description="state")
    def link_state(self, mail: Mail) -> str:
        if not mail.purpose:
            return "no secret in it"
        if mail.used_at:
            return f"used on {date_format(timezone.localtime(mail.used_at), 'j F Y, H:i')}"
        if not mail.expires_at:
            return "made when the mail leaves"
        word = "ended" if mail.has_expired(timezone.now()) else "works until"
        return f"{word} {date_format(timezone.localtime(mail.expires_at), 'j F Y, H:i')}"

    @admin.display(description="may have arrived twice")
    def twice(self, mail: Mail) -> str:
        if not mail.is_possible_duplicate:
            return "no"
        return "yes: a sender died, or the line broke, before we knew. Both copies carry this Message-ID."

    @admin.display(description="Message-ID")
    def identity(self, mail: Mail) -> str:
        return mail.message_id

    def parts(self, mail: Mail) -> tuple[str, str]:
        try:
            draft = preview(mail)
        except TemplateDoesNotExist:
            return "", ""
        return (
            greet_text(draft.body_text, mail.greeting, draft.language),
            greet_html(draft.body_html, mail.greeting, draft.language),
        )
