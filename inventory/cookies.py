"""What can happen to the list of cookies and to a choice.

The promise: «Essential cookies required for core functionality will still be used even if you disable
optional ones» — and optional ones only after a Yes (ePrivacy directive, Art. 5(3); GDPR Art. 7)."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from audit.actions import record
from audit.actors import SYSTEM, Acts
from audit.refusals import Refused
from law.models import Company

from .cookies_catalogue import MOST_COOKIES, Content, changes, content_now, to_ask
from .models import CatalogueVersion, CookieGroup, CookieReceipt

# No letter or digit that is taken for another: people read references out to each other.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class NotReadyToPublish(Refused):
    pass


class UnknownGroup(Refused):
    pass


@transaction.atomic
def publish_catalogue(
    version: CatalogueVersion, *, by: Acts, at: datetime, reason: str = ""
) -> CatalogueVersion:
    """Freeze the list as it stands; from now on people read it and answer it. Raises NotReadyToPublish
    with everything that is missing. Whoever answered a group that gained a purpose is asked again."""
    before, content = current_catalogue(whole=True), content_now()
    _refuse_unready(version, before, content, at)
    version.groups, version.cookies = content.groups, content.cookies
    version.sha256, version.published_at = content.sha256(), at
    version.number = before.number + 1 if before and before.number else 1
    version.save()
    what = changes(content_of(before), content)
    details = {
        "number": version.number,
        "sha256": version.sha256,
        "added": len(what.added),
        "removed": len(what.removed),
        "changed": len(what.changed),
        "asks": what.asks,
    }
    record("inventory.publish_catalogue", version, by=by, at=at, reason=reason, details=details)
    return version


@transaction.atomic
def choose(
    catalogue: CatalogueVersion,
    choices: Mapping[str, bool],
    *,
    gpc: bool,
    at: datetime,
    reference: str = "",
    replaces: CookieReceipt | None = None,
) -> CookieReceipt:
    """Keep what a browser chose on the list it was shown. No answer is a No, and so is everything
    under Global Privacy Control. The same reference with the same answers is one choice, sent twice."""
    optional = [group["code"] for group in catalogue.optional]
    if unknown := set(choices) - set(optional):
        raise UnknownGroup(f"{len(unknown)} of the answers belong to no group of this list.")
    answers = {code: bool(choices.get(code)) and not gpc for code in optional}
    receipt, is_new = CookieReceipt.objects.get_or_create(
        reference=reference or new_reference(),
        defaults={"catalogue": catalogue, "choices": answers, "gpc": gpc, "at": at, "replaces": replaces},
    )
    if not is_new and (receipt.choices, receipt.gpc) != (answers, gpc):
        # The form was opened again with the way back, and answered differently.
        return choose(catalogue, choices, gpc=gpc, at=at, replaces=receipt)
    if is_new:
        details = {"catalogue": catalogue.number, "allowed": [c for c in optional if answers[c]], "gpc": gpc}
        record("inventory.choose", receipt, by=SYSTEM, at=at, details=details)
    return receipt


def new_reference() -> str:
    """About 99 bits: nobody guesses another browser's choices."""
    letters = [secrets.choice(ALPHABET) for _ in range(20)]
    return "-".join("".join(letters[start : start + 5]) for start in range(0, 20, 5))


def current_catalogue(*, whole: bool = False) -> CatalogueVersion | None:
    """The list in force; without its cookies unless it is wanted whole."""
    published = CatalogueVersion.objects.published()
    return (published if whole else published.light()).first()


def content_of(version: CatalogueVersion | None) -> Content:
    return Content(version.groups, version.cookies) if version else Content([], {})


def asked_again(now: Content, at: datetime) -> int:
    """How many browsers would have something new to answer if `now` were published."""
    current = current_catalogue()
    in_force = current.groups if current else []
    lists = [
        version.pk
        for version in CatalogueVersion.objects.published().light()
        if to_ask(version.groups, now.groups) - to_ask(version.groups, in_force)
    ]
    since = at - Company.current().choice_lasts
    return CookieReceipt.objects.current(since).filter(catalogue__in=lists).count()


def _refuse_unready(
    version: CatalogueVersion, before: CatalogueVersion | None, content: Content, at: datetime
) -> None:
    missing = [*_missing(content), *_missing_purposes(content, at)]
    if version.is_published:
        missing = ["This list is published already. Prepare a new one."]
    elif before and not missing and before.sha256 == content.sha256():
        missing = ["Nothing has changed since the list in force."]
    if missing:
        raise NotReadyToPublish(" ".join(missing))


def _missing(content: Content) -> list[str]:
    if not content.groups:
        return ["No sorted group has a cookie yet."]
    if sum(map(len, content.cookies.values())) > MOST_COOKIES:
        return [f"A list of more than {MOST_COOKIES:,} cookies cannot be read by anybody. Remove some."]
    return []


def _missing_purposes(content: Content, at: datetime) -> list[str]:
    codes = [group["code"] for group in content.groups if not group["essential"]]
    today, sentences = Company.current().day_of(at), []
    for group in CookieGroup.objects.filter(code__in=codes).select_related("purpose"):
        if group.purpose is None:
            sentences.append(
                f"“{group.name}” is optional and has no purpose: nobody would know what to say yes to."
            )
        elif not group.purpose.is_live(today):
            sentences.append(f"The purpose of “{group.name}” has ended.")
    return sentences
