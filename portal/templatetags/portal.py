from datetime import date, datetime
from functools import lru_cache

from django import template
from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _

from law.models import Company
from policies.diff import Kind, Passage, Run
from policies.models import Policy
from portal import access
from portal.dates import day_of, spoken
from portal.links import link_to

register = template.Library()

SAID = '<span class="visually-hidden" lang="{}">{} </span>'
register.simple_tag(link_to, name="page")


@register.simple_tag(takes_context=True)
def day(context: template.Context, when: date | datetime) -> SafeString:
    """“2 March 2026” with the machine's form beside it: the company's day, as on its letters."""
    where = day_of(when, context.get("company"))  # a page of many days asks for its company once
    return format_html('<time datetime="{}">{}</time>', where.isoformat(), spoken(where))


@register.simple_tag
def mail_link(address: str) -> SafeString:
    return format_html('<a href="mailto:{}">{}</a>', address, address)


@register.filter
def set_off(code: str) -> SafeString:
    """Six numbers to be read from one device and typed on another: large, and on one line."""
    return format_html(
        '<strong style="white-space:nowrap;font-size:22px;letter-spacing:1px;">{}</strong>', code
    )


@register.filter
def spoken_day(when: date | datetime) -> str:
    """The same as plain words, for titles."""
    return spoken(when)


@register.filter
def spoken_moment(when: datetime | None) -> str:
    """“2 March 2026, 14:30 UTC”: a mail is read in any zone, so it names one."""
    if when is None:
        return ""
    local = timezone.localtime(when, Company.current().zone)
    return f"{spoken(local)}, {local:%H:%M} {local.tzname()}"


@register.simple_tag
def policies_to_read() -> QuerySet[Policy]:
    return access.public_policies()


@register.simple_tag(takes_context=True)
def main_pages(context: template.Context) -> list[dict[str, str | bool]]:
    """Where a visitor may go from any page; the room they are in is marked."""
    request = context.get("request")  # the page of a failure has none
    here = request.path if request else ""
    rooms = (
        (reverse("portal:policy"), ("/versions/", "/policies/"), _("Policy")),
        (reverse("portal:data"), (), _("What we collect")),
        (reverse("portal:processors"), (reverse("portal:processors"),), _("Companies")),
        (reverse("portal:cookies"), (reverse("portal:cookies"),), _("Cookies")),
        (reverse("portal:requests"), (reverse("portal:requests"), "/sign-in/"), _("Your data")),
    )
    return [
        {
            "url": url,
            "title": title,
            "is_here": here == url or here.startswith(within),
            "current": "page" if here == url else "true",
        }
        for url, within, title in rooms
    ]


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """Code and own name of each language, for the choice at the foot of a page."""
    return list(settings.LANGUAGES)


@register.filter
def language_name(code: str) -> str:
    """In the visitor's language: “Spanish”, “espagnol”. Django's lists have capitals, for menus;
    within a sentence Spanish and French have none."""
    name = str(get_language_info(code)["name_translated"])
    return name.lower() if get_language() in ("es", "fr") else name


@register.simple_tag
def passage_words(passage: Passage) -> SafeString:
    """The passage with its changes marked, said aloud too: screen readers skip <ins> and <del>."""
    if passage.kind == Kind.UNCHANGED:
        return mark_safe(escape(passage.block.text))  # noqa: S308 (escaped)
    said = _said(get_language() or "")
    return mark_safe("".join(_marked(run, said) for run in passage.runs))  # noqa: S308 (escaped)


@lru_cache
def _said(language: str) -> dict[Kind, tuple[str, SafeString]]:
    return {
        Kind.ADDED: ("ins", format_html(SAID, language, _("added:"))),
        Kind.REMOVED: ("del", format_html(SAID, language, _("removed:"))),
    }


def _marked(run: Run, said: dict[Kind, tuple[str, SafeString]]) -> str:
    words = escape(run.text.strip())
    space = " " if run.text.startswith(" ") else ""
    if run.kind not in said:
        return f"{space}{words}"
    tag, aloud = said[run.kind]
    return f"{space}<{tag}>{aloud}{words}</{tag}>"
