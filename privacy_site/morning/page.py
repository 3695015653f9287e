"""Which lines stand in which part of the page, and who may follow them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

from django.http import HttpRequest
from django.utils import timezone

from law.models import Company
from people.models import User

from . import cases, published, registers, told
from .lines import Line, Lines, Morning

# What somebody must be allowed to see, and the lines about it.
Part = tuple[str, Callable[[Morning], Lines]]

CASES, POLICIES, NOTICES = "requests.view_rightsrequest", "policies.view_policyversion", "notices.view_notice"
TODAY: tuple[Part, ...] = (
    (CASES, cases.now),
    (POLICIES, published.planned_and_stuck),
    (POLICIES, published.reviews_missed),
    (NOTICES, told.not_delivered),
    ("audit.view_event", registers.machinery),
    ("audit.view_largeexport", registers.exports_to_fetch),
    ("inventory.view_processingactivity", registers.faults),
)
SECOND: tuple[Part, ...] = (
    (POLICIES, published.to_approve),
    (CASES, cases.for_a_second),
    ("people.view_accessgrant", registers.powers_to_approve),
    ("audit.approve_largeexport", registers.exports_to_approve),
)
LATER: tuple[Part, ...] = (
    (CASES, cases.soon),
    (POLICIES, published.reviews_coming),
    (POLICIES, published.coming),
    (NOTICES, told.without_a_guardian),
    ("processors.view_transfer", registers.decisions_ending),
    ("people.view_guardianship", registers.claims),
    # Many lines, none of them urgent: last.
    ("law.approve_ageofconsent", registers.law_to_approve),
    ("law.approve_regime", registers.law_to_check),
)


@dataclass(frozen=True)
class Section:
    title: str
    empty: str
    lines: list[Line] = field(default_factory=list)


def sections(request: HttpRequest) -> list[Section]:
    """Only lines this person may follow."""
    morning = Morning(cast(User, request.user), Company.current(), timezone.now())
    return [
        Section("Today", "Nothing is due today.", list(_lines(morning, TODAY))),
        Section("Waiting for a second person", "Nobody waits for you.", list(_lines(morning, SECOND))),
        Section("This week and later", "Nothing is coming up.", list(_lines(morning, LATER))),
    ]


def _lines(morning: Morning, parts: tuple[Part, ...]) -> Iterator[Line]:
    for permission, lines in parts:
        if morning.reader.has_perm(permission):
            yield from lines(morning)
