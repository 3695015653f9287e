"""What a text promises, held against what the house does (design, truth 10)."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit import promises
from audit.desk import link_to
from audit.promises import Finding, Promise, State

from .models import PolicyVersion

LINKED = 5  # of the records a promise breaks on; the ledger has more
Pairs = list[tuple[Promise, Finding]]


def standings(version: PolicyVersion, *, on: date) -> Pairs:
    """The promises that the binding text carries, the worst first; each check runs once."""
    if version.original is None:
        return []
    return promises.examine(on, among=promises.carried_by(version.original.body))


def broken(version: PolicyVersion, *, on: date) -> Pairs:
    return among_broken(standings(version, on=on))


def among_broken(found: Pairs) -> Pairs:
    return [pair for pair in found if pair[1].state is State.BROKEN]


def unanswered(version: PolicyVersion, found: Pairs) -> Pairs:
    """Broken promises for which no second person has given a reason."""
    return [pair for pair in found if pair[0].code not in version.despite_promises]


def warnings(
    version: PolicyVersion, reader: "AbstractBaseUser | AnonymousUser", found: Pairs
) -> list[SafeString]:
    """For a confirmation page: what is broken or at risk, with links for whoever may follow them."""
    return [
        _warning(version, reader, promise, finding)
        for promise, finding in found
        if finding.state is not State.KEPT
    ]


def _warning(version: PolicyVersion, reader: Any, promise: Promise, finding: Finding) -> SafeString:
    said = format_html(
        "The text promises “{}”. {}: {}",
        promise.says.removesuffix("."),
        _standing(version, promise, finding),
        finding.sentence,
    )
    links = format_html_join(", ", "{}", ((link,) for link in _links(reader, finding)))
    return format_html("{} See {}.", said, links) if links else said


def _standing(version: PolicyVersion, promise: Promise, finding: Finding) -> str:
    if finding.state is State.AT_RISK:
        return "That is at risk"
    if promise.code in version.despite_promises and version.despite_by:
        return f"That is broken, and {version.despite_by.get_short_name()} has written why it may go out all the same"
    return "That is broken, and stops the publication"


def _links(reader: Any, finding: Finding) -> Iterator[SafeString | str]:
    for row in finding.rows[:LINKED]:
        if reader.has_perm(f"{row._meta.app_label}.view_{row._meta.model_name}"):
            yield _link(row)


def _link(row: Model) -> SafeString | str:
    return link_to(row._meta.label_lower, str(row.pk), str(row))
