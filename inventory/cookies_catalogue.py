"""The list of cookies as it is frozen, and what changed between two of them. No clock."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .models import Cookie, CookieGroup

Group = dict[str, Any]
Cookies = dict[str, list[dict[str, Any]]]
MOST_COOKIES = 10_000  # what a page can show and a person could ever read
FIELDS = ("name", "is_wildcard", "provider", "controller", "domain", "description", "lifetime", "portal")
IDENTITY = ("name", "provider", "domain")


@dataclass(frozen=True)
class Content:
    """Groups with their purposes, and the cookies of each by the group's code."""

    groups: list[Group]
    cookies: Cookies

    def sha256(self) -> str:
        text = json.dumps([self.groups, self.cookies], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def keyed(self) -> dict[tuple[str, ...], Mapping[str, Any]]:
        return {
            tuple(cookie[name] for name in IDENTITY): {**cookie, "group": code}
            for code, cookies in self.cookies.items()
            for cookie in cookies
        }


def content_now() -> Content:
    """What publishing would freeze: groups that hold cookies, in order, without what nobody has sorted."""
    cookies: Cookies = defaultdict(list)
    rows = Cookie.objects.filter(group__in=CookieGroup.objects.sorted_out())
    for code, *values in rows.values_list("group__code", *FIELDS)[: MOST_COOKIES + 1]:
        cookies[code].append(dict(zip(FIELDS, values, strict=True)))
    groups = CookieGroup.objects.sorted_out().select_related("purpose")
    kept = [_group(group, len(cookies[group.code])) for group in groups if group.code in cookies]
    return Content(kept, dict(cookies))


def _group(group: CookieGroup, count: int) -> Group:
    return {
        "code": group.code,
        "name": group.name,
        "text": group.text,
        "essential": group.is_essential,
        "count": count,
        "purposes": [
            {"code": purpose.code, "name": purpose.name, "text": purpose.text}
            for purpose in filter(None, [group.purpose])
        ],
    }


@dataclass(frozen=True)
class Changes:
    """What one list has that another had not. Names of cookies and codes of groups."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)  # new, gone, or worded anew
    asks: list[str] = field(default_factory=list)  # groups that are off until they are answered

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.groups)


def changes(before: Content, after: Content) -> Changes:
    old, new = before.keyed(), after.keyed()
    was, is_ = ({group["code"]: group | {"count": 0} for group in it.groups} for it in (before, after))
    return Changes(
        added=[key[0] for key in new if key not in old],
        removed=[key[0] for key in old if key not in new],
        changed=[key[0] for key in new if key in old and new[key] != old[key]],
        groups=[code for code in {**was, **is_} if was.get(code) != is_.get(code)],
        asks=sorted(to_ask(before.groups, after.groups)),
    )


def to_ask(answered: Iterable[Group], now: Iterable[Group]) -> set[str]:
    """Codes of the optional groups that the answers to an earlier list do not settle."""
    was, is_ = list(answered), list(now)
    known = {group["code"] for group in was if not group["essential"]}
    new = {group["code"] for group in is_ if not group["essential"]} - known
    return new | gained(was, is_)


def gained(answered: Iterable[Group], now: Iterable[Group]) -> set[str]:
    """Codes of the groups whose answer no longer covers what they are for: consent is given for
    specific purposes (GDPR Art. 6(1)(a)), so a new purpose is asked, and a new cookie for an old one is not."""
    before = {group["code"]: _purposes(group) for group in answered if not group["essential"]}
    return {
        group["code"]
        for group in now
        if not group["essential"] and group["code"] in before and _purposes(group) - before[group["code"]]
    }


def _purposes(group: Group) -> set[str]:
    return {purpose["code"] for purpose in group["purposes"]}
