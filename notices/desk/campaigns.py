from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.admin import Button, Consequences, ReadOnlyAdmin
from audit.desk import link_to, page
from audit.naming import object_name, object_names
from law.models import Company
from notices import actions
from notices.letters import greet_html, greet_text
from notices.models import Campaign, Letter, Notice, Status
from notices.previews import Previewed

from .mails import MailAdmin

__all__ = ["CampaignAdmin", "LetterAdmin", "MailAdmin", "NoticeAdmin"]


def moment(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "j F Y, H:i") if at else "not yet"


def _title(campaign: Campaign) -> str:
    """“Privacy policy of 5 January 2027: significant change”."""
    return f"{_subject(campaign)}: {campaign.news}"


def _subject(campaign: Campaign) -> str:
    named = str(getattr(campaign, "subject_name", ""))
    return named or object_name(campaign.object_type, campaign.object_ref)


def _name_all(campaigns: list[Campaign]) -> None:
    """What the campaigns of a page are about, asked for once."""
    names = object_names((campaign.object_type, campaign.object_ref) for campaign in campaigns)
    for campaign in campaigns:
        campaign.subject_name = names[campaign.object_type, campaign.object_ref]  # type: ignore[attr-defined]


def _campaign_link(campaign: Campaign, site: str) -> SafeString | str:
    return link_to(Campaign._meta.label_lower, str(campaign.pk), _title(campaign), site)


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _before_cancelling(campaign: Campaign, request: HttpRequest) -> Consequences:
    counts = campaign.counts()
    waiting, told = (
        counts[Status.WAITING] + counts[Status.PARKED],
        counts[Status.SENT] + counts[Status.POSTED],
    )
    return Consequences(
        question="Cancel what is still waiting?",
        happens=[f"{_people(waiting)} will not get this mail."],
        not_=[
            f"{_people(told)} already told stay told. If it was a mistake, tell them so in a new campaign.",
            "A mail being handed over at this moment may still go out. It is then counted as sent.",
        ],
        irreversible=["The same campaign cannot be resumed."],
        count=waiting,
        must_type_count=waiting >= Company.current().large_audience,
        submit=f"Cancel {waiting:,} waiting mails" if waiting != 1 else "Cancel 1 waiting mail",
    )


def _before_retrying_all(campaign: Campaign, request: HttpRequest) -> Consequences:
    parked = campaign.counts()[Status.PARKED]
    return Consequences(
        question="Try the parked notices again?",
        happens=[f"{_people(parked)} will be tried again within a minute, for up to three days."],
        not_=["Nobody who was already reached is written to again."],
        submit=f"Try {parked:,} again",
    )


def _before_retrying(notice: Notice, request: HttpRequest) -> Consequences:
    happens = ["It goes back into the queue and is tried within a minute, for up to three days."]
    if notice.is_possible_duplicate:
        happens.append("It may have arrived before. If so, the person gets it twice, with one Message-ID.")
    return Consequences(question="Try this notice again?", happens=happens, submit="Try this notice again")


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    list_display = ("name", "opened", "standing")
    sortable_by = ()
    linked_filters = ("object_type", "object_ref")
    search_label = "Event, such as policies.significant_change"
    search_fields = ("event__startswith",)
    fields = ("about", "opened", "progress", "watch", "letters", "event")
    readonly_fields = ("about", "opened", "progress", "letters", "watch")
    buttons = (
        Button(
            verb="cancel-waiting",
            label="Cancel what is still waiting",
            action=actions.cancel_waiting,
            permission="notices.cancel_campaign",
            shown=lambda campaign: campaign.notices.unsent().exists(),
            consequences=_before_cancelling,
            danger=True,
            done=lambda campaign, stopped: f"Cancelled: {stopped:,} will not go out.",
        ),
        Button(
            verb="retry-parked",
            label="Try parked notices again",
            action=actions.retry_parked,
            permission="notices.retry_notice",
            shown=lambda campaign: campaign.notices.filter(status=Status.PARKED).exists(),
            consequences=_before_retrying_all,
            done=lambda campaign, resumed: f"Back in the queue: {resumed:,}. Watch them on this page.",
        ),
    )

    class Media:
        css = {"all": ["notices/preview.css"]}

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Campaign]":
        return Campaign.objects.with_standing()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.watch_view)
        return [path("<path:object_id>/watch/", view, name="notices_campaign_watch"), *super().get_urls()]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown = super().get_changelist_instance(request)
        _name_all(list(shown.result_list))
        return shown

    def heading(self, campaign: Campaign) -> str:
        title = _title(campaign)
        return title[:1].upper() + title[1:]

    @admin.display(description="campaign")
    def name(self, campaign: Campaign) -> str:
        return _title(campaign)

    @admin.display(description="about")
    def about(self, campaign: Campaign) -> SafeString | str:
        kind, ref = campaign.object_type, campaign.object_ref
        return link_to(kind, ref, _subject(campaign), self.admin_site.name)

    @admin.display(description="opened")
    def opened(self, campaign: Campaign) -> str:
        return moment(campaign.opened_at)

    @admin.display(description="standing")
    def standing(self, campaign: Any) -> str:
        if campaign.has_parked:
            return "needs a look: some are parked"
        return "sending" if campaign.has_waiting else "finished"

    @admin.display(description="notices")
    def progress(self, campaign: Campaign) -> SafeString:
        return SafeString(
            render_to_string(
                "admin/notices/campaign/_standing.html", {"rows": self._rows(campaign.counts(), campaign)}
            )
        )

    @admin.display(description="letters")
    def letters(self, campaign: Campaign) -> SafeString:
        """The frozen words, one link for each kind of reader and language."""
        return format_html_join(
            SafeString("<br>"),
            '<a href="{}">{}, {}</a>: {}',
            (
                (
                    self._url("notices_letter_change", letter.pk),
                    letter.variant.capitalize(),
                    letter.get_language_display(),
                    letter.subject,
                )
                for letter in campaign.letters.order_by("variant", "language")
            ),
        )

    @admin.display(description="on its way")
    def watch(self, campaign: Campaign) -> SafeString:
        return format_html(
            '<a href="{}">Watch this campaign</a>', self._url("notices_campaign_watch", campaign.pk)
        )

    def _url(self, name: str, pk: int) -> str:
        return reverse(f"admin:{name}", args=[quote(pk)], current_app=self.admin_site.name)

    def _rows(self, counts: dict[str, int], campaign: Campaign) -> list[dict[str, Any]]:
        """The counts as staff read them, each a link to the notices it counts."""
        listing = reverse("admin:notices_notice_changelist", current_app=self.admin_site.name)
        mine = f"{listing}?campaign__id__exact={campaign.pk}"
        return [
            {
                "label": Status(status).label,
                "count": count,
                "shown": f"{count:,}",
                "url": f"{mine}&status__exact={status}",
            }
            for status, count in counts.items()
        ]

    def watch_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        campaign = self.get_object(request, unquote(object_id))
        if campaign is None:
            raise Http404
        if not self.has_view_permission(request, campaign):
            raise PermissionDenied
        counts = campaign.counts()
        total = sum(counts.values())
        settled = total - counts[Status.WAITING]
        context = {
            "title": f"Watch: {_title(campaign)}",
            "original": campaign,
            "rows": self._rows(counts, campaign),
            "total": total,
            "settled": settled,
            "parked": counts[Status.PARKED],
            "sentence": f"{settled:,} of {total:,} notices are done, {total - settled:,} are waiting.",
            "as_of": date_format(timezone.localtime(), "j F Y, H:i:s"),
            "refresh": request.path,
            "back": self._url("notices_campaign_change", campaign.pk),
        }
        return page(self, request, "admin/notices/campaign/watch.html", context)


@admin.register(Letter)
class LetterAdmin(Previewed):
    """Reached from its campaign: the words as frozen, the greeting still open."""

    fields = ("of_campaign", "variant", "language", "subject", "html_part", "text_part", "fingerprint")
    readonly_fields = ("of_campaign", "html_part", "text_part", "fingerprint")

    @admin.display(description="campaign")
    def of_campaign(self, letter: Letter) -> SafeString | str:
        return _campaign_link(letter.campaign, self.admin_site.name)

    @admin.display(description="fingerprint (SHA-256)")
    def fingerprint(self, letter: Letter) -> str:
        return letter.sha256

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def parts(self, letter: Letter) -> tuple[str, str]:
        return letter.body_text, letter.body_html


@admin.register(Notice)
class NoticeAdmin(Previewed):
    log_reads = True
    list_display = ("number", "event", "status", "attempts", "due", "sent")
    list_filter = ("status", "is_possible_duplicate")
    linked_filters = ("campaign", "recipient_id", "letter__variant")
    list_select_related = ("campaign",)
    sortable_by = ()
    search_label = "Whole address, or notice number"
    search_fields = ("address__exact", "id__exact")
    lowered_search = ("address",)
    fieldsets = (
        (None, {"fields": ("of_campaign", "address", "status", "sent", "due", "attempts", "failure")}),
        ("The mail", {"fields": ("subject", "html_part", "text_part")}),
        (
            "Traces",
            {"fields": ("recipient_id", "of_letter", "identity", "twice", "crashes")},
        ),
    )
    readonly_fields = (
        "of_campaign",
        "of_letter",
        "sent",
        "due",
        "subject",
        "html_part",
        "text_part",
        "identity",
        "twice",
    )
    buttons = (
        Button(
            verb="retry",
            label="Try again",
            action=actions.retry,
            permission="notices.retry_notice",
            shown=lambda notice: notice.status == Status.PARKED,
            consequences=_before_retrying,
            done=lambda notice, result: "Back in the queue. It is tried within a minute.",
        ),
    )

    @admin.display(description="notice")
    def number(self, notice: Notice) -> str:
        return str(notice)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown = super().get_changelist_instance(request)
        _name_all([notice.campaign for notice in shown.result_list])
        return shown

    @admin.display(description="campaign")
    def event(self, notice: Notice) -> str:
        return _title(notice.campaign)

    @admin.display(description="campaign")
    def of_campaign(self, notice: Notice) -> SafeString | str:
        return _campaign_link(notice.campaign, self.admin_site.name)

    @admin.display(description="letter")
    def of_letter(self, notice: Notice) -> SafeString | str:
        letter = notice.letter
        return link_to(letter._meta.label_lower, str(letter.pk), str(letter), self.admin_site.name)

    @admin.display(description="may have arrived twice")
    def twice(self, notice: Notice) -> str:
        if not notice.is_possible_duplicate:
            return "no"
        return "yes: a sender died, or the line broke, before we knew. Both copies carry this Message-ID."

    @admin.display(description="next try")
    def due(self, notice: Notice) -> str:
        return moment(notice.due_at) if notice.status == Status.WAITING else "none"

    @admin.display(description="sent")
    def sent(self, notice: Notice) -> str:
        if notice.sent_at or notice.status in (Status.WAITING, Status.PARKED):
            return moment(notice.sent_at)
        return "not by mail"

    @admin.display(description="subject")
    def subject(self, notice: Notice) -> str:
        return notice.letter.subject

    @admin.display(description="Message-ID")
    def identity(self, notice: Notice) -> str:
        return notice.message_id

    def parts(self, notice: Notice) -> tuple[str, str]:
        letter = notice.letter
        return (
            greet_text(letter.body_text, notice.greeting, letter.language),
            greet_html(letter.body_html, notice.greeting, letter.language),
        )
