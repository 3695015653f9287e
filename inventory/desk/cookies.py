from typing import Any, cast

from django.conf import settings
from django.contrib import admin
from django.db import models
from django.db.models import F, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin import AuditedAdmin, ReadOnlyAdmin
from audit.buttons import Button, Consequences
from inventory import cookies
from inventory.cookies_catalogue import Changes, changes, content_now
from inventory.models import UNSORTED, CatalogueVersion, Cookie, CookieGroup, CookieReceipt

from .screens import CappedCount, capped

SHOWN_NAMES = 10


@admin.register(CookieGroup)
class CookieGroupAdmin(AuditedAdmin):
    list_display = ("name", "code", "is_essential", "purpose", "order")
    sortable_by = ()
    list_select_related = ("purpose",)
    fields = ("code", "name", "text", "is_essential", "purpose", "categories", "order")

    def get_readonly_fields(self, request: HttpRequest, obj: CookieGroup | None = None) -> tuple[str, ...]:
        # Receipts and the platform know a group by its code.
        fixed = ("code",) if obj else ()
        return (*super().get_readonly_fields(request, obj), *fixed)


@admin.register(Cookie)
class CookieAdmin(AuditedAdmin):
    formfield_overrides = {
        **AuditedAdmin.formfield_overrides,
        models.URLField: {"assume_scheme": "https"},
    }
    list_display = ("name", "provider", "domain", "kept_for", "in_group", "doubts")
    list_filter = ("is_flagged", "lifetime_kind", "group")
    list_select_related = ("group",)
    sortable_by = ()
    search_label = "Beginning of a name (capitals matter), or of a provider"
    search_fields = ("name__startswith", "provider__startswith", "source_id__exact")
    fields = (
        "to_look_at", "group", "name", "is_wildcard", "provider", "controller", "domain", "description", "lifetime",
        "read_as", "portal", "source_id",
    )  # fmt: skip
    readonly_fields = ("to_look_at", "read_as")
    export_fields = (
        "name", "is_wildcard", "provider", "controller", "domain", "description", "lifetime", "lifetime_kind",
        "lifetime_seconds", "portal", "source_id", "group__code", "is_flagged", "flag_reason",
    )  # fmt: skip
    may_delete = True

    @admin.display(description="group")
    def in_group(self, cookie: Cookie) -> str:
        return "– to be sorted" if cookie.group.code == UNSORTED else cookie.group.name

    @admin.display(description="kept for")
    def kept_for(self, cookie: Cookie) -> str:
        return cookie.lifetime or "not said"

    @admin.display(description="to be looked at")
    def doubts(self, cookie: Cookie) -> str:
        return cookie.flag_reason

    @admin.display(description="to be looked at")
    def to_look_at(self, cookie: Cookie) -> str:
        return cookie.flag_reason or "Nothing."

    @admin.display(description="read as")
    def read_as(self, cookie: Cookie) -> str:
        longest = "" if cookie.lifetime_seconds is None else f", {cookie.lifetime_seconds:,} seconds at most"
        return f"{cookie.get_lifetime_kind_display()}{longest}"


def publication(version: CatalogueVersion, request: HttpRequest) -> Consequences:
    """What pressing Publish would do, counted now."""
    content = content_now()
    what = changes(cookies.content_of(cookies.current_catalogue(whole=True)), content)
    asked = cookies.asked_again(content, timezone.now())
    return Consequences(
        question="Publish the list of cookies?",
        happens=[
            "People read this list from now on, and choose on it.",
            *_change_sentences(what),
            _asked_sentence(what, asked),
            *_left_out(),
        ],
        not_=["Nobody gets a mail. An answer to a group whose purpose stays the same goes on."],
        irreversible=["A published list is kept as it is, word for word. To correct it, publish the next."],
        submit=f"Publish and ask {_browsers(asked)} again" if asked else "Publish list",
    )


@admin.register(CatalogueVersion)
class CatalogueVersionAdmin(AuditedAdmin):
    list_display = ("__str__", "when", "answers", "note")
    sortable_by = ()
    fields = ("note", "when", "what_changes", "fingerprint", "public_page")
    readonly_fields = ("when", "what_changes", "fingerprint", "public_page")
    buttons = (
        Button(
            verb="publish",
            label="Publish…",
            action=cookies.publish_catalogue,
            permission="inventory.publish_catalogueversion",
            fresh_login=True,
            shown=lambda version: not version.is_published,
            consequences=publication,
            done=lambda version, result: f"Published as list {result.number}.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CatalogueVersion]:
        rows = cast("QuerySet[CatalogueVersion]", super().get_queryset(request))
        choices = CookieReceipt.objects.filter(catalogue=OuterRef("pk"))
        return rows.defer("groups", "cookies").annotate(choices=CappedCount(choices))

    def has_add_permission(self, request: HttpRequest) -> bool:
        is_free = not CatalogueVersion.objects.filter(published_at=None).exists()
        return is_free and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: CatalogueVersion | None = None) -> bool:
        return (obj is None or not obj.is_published) and super().has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: CatalogueVersion | None = None) -> tuple[str, ...]:
        return self.fields if obj else ("note",)

    @admin.display(description="published")
    def when(self, version: CatalogueVersion) -> str:
        return _moment(version.published_at) if version.published_at else "not yet"

    @admin.display(description="choices made on it")
    def answers(self, version: Any) -> str:
        return capped(version.choices)

    @admin.display(description="against the list before it")
    def what_changes(self, version: CatalogueVersion) -> SafeString:
        sentences = _change_sentences(_changes_of(version))
        return format_html("{}", " ".join(sentences))

    @admin.display(description="SHA-256")
    def fingerprint(self, version: CatalogueVersion) -> str:
        return version.sha256 or "not yet"

    @admin.display(description="public page")
    def public_page(self, version: CatalogueVersion) -> SafeString:
        return format_html('<a href="{}">The list in force</a>', f"{settings.SITE_URL}/cookies/")


@admin.register(CookieReceipt)
class CookieReceiptAdmin(ReadOnlyAdmin):
    when_empty = "Nobody has chosen yet. Each choice on the public page leaves a receipt here."
    list_display = ("reference", "on_list", "allowed", "gpc", "when")
    list_filter = ("gpc",)
    linked_filters = ("catalogue",)
    sortable_by = ()
    search_label = "Reference of a receipt"
    search_fields = ("reference__exact",)
    lowered_search = ("reference",)
    fields = ("reference", "on_list", "allowed", "gpc", "when", "former")
    readonly_fields = ("on_list", "allowed", "when", "former")
    export_fields = ("reference", "catalogue__number", "choices", "gpc", "at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CookieReceipt]:
        rows = cast("QuerySet[CookieReceipt]", super().get_queryset(request))
        return rows.annotate(list_number=F("catalogue__number"))

    @admin.display(description="list")
    def on_list(self, receipt: CookieReceipt) -> str:
        return f"Cookie list {receipt.list_number}"  # type: ignore[attr-defined]  # from get_queryset

    @admin.display(description="said Yes to")
    def allowed(self, receipt: CookieReceipt) -> str:
        return ", ".join(code for code, is_yes in receipt.choices.items() if is_yes) or "nothing optional"

    @admin.display(description="chosen")
    def when(self, receipt: CookieReceipt) -> str:
        return _moment(receipt.at)

    @admin.display(description="in place of")
    def former(self, receipt: CookieReceipt) -> SafeString | str:
        if receipt.replaces_id is None:
            return "its first choice"
        url = reverse("admin:inventory_cookiereceipt_change", args=[receipt.replaces_id])
        return format_html('<a href="{}">an earlier choice</a>', url)


def _changes_of(version: CatalogueVersion) -> Changes:
    published = CatalogueVersion.objects.published()
    former = published.filter(number__lt=version.number).first() if version.number else published.first()
    after = cookies.content_of(version) if version.is_published else content_now()
    return changes(cookies.content_of(former), after)


def _change_sentences(what: Changes) -> list[str]:
    if not what:
        return ["Nothing has changed since the list before it."]
    counted = (
        (len(what.added), "new", what.added),
        (len(what.removed), "gone", what.removed),
        (len(what.changed), "described anew", what.changed),
    )
    sentences = [f"{_cookies(n)} {how}: {_names(names)}." for n, how, names in counted if n]
    if what.groups:
        sentences.append(f"Groups new, gone or worded anew: {', '.join(what.groups)}.")
    return sentences


def _asked_sentence(what: Changes, asked: int) -> str:
    if not what.asks:
        return "Nobody is asked again: no group is new or gains a purpose."
    return (
        f"Off until people answer, because it is new or gains a purpose: {', '.join(what.asks)}. "
        f"{_browsers(asked)} that answered before will be asked again."
    )


def _left_out() -> list[str]:
    unsorted = Cookie.objects.filter(group__code=UNSORTED)[:1_001].count()
    flagged = Cookie.objects.filter(is_flagged=True).exclude(group__code=UNSORTED)[:1_001].count()
    return [
        *([f"{_cookies(unsorted)} left out, because nobody has sorted it into a group."] if unsorted else []),
        *([f"{_cookies(flagged)} shown although still to be looked at."] if flagged else []),
    ]


def _names(names: list[str]) -> str:
    more = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _cookies(count: int) -> str:
    return "1 cookie" if count == 1 else "more than 1,000 cookies" if count > 1000 else f"{count:,} cookies"


def _browsers(count: int) -> str:
    return "1 browser" if count == 1 else f"{count:,} browsers"


def _moment(at: Any) -> str:
    return date_format(timezone.localtime(at), "j F Y, H:i")
