"""The parts of a case's screen, each a small template; what they say comes from the rooms that know it."""

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from audit.actors import Actor, ActorKind
from audit.naming import actor_name
from law.models import Company

from . import clocks, hints, plans
from .models import ErasureOrder, RightsRequest
from .turns import next_move


def part(name: str, **context: Any) -> SafeString:
    # What the templates escape stays escaped; nothing else is added here.
    return mark_safe(render_to_string(f"admin/requests/{name}.html", context))  # noqa: S308


def following(case: RightsRequest) -> SafeString:
    move = next_move(case, Company.current().today())
    return part("next", case=case, move=move, hints=hints.sentences(case))


def dates(case: RightsRequest) -> SafeString:
    return part("dates", case=case, lines=clocks.explain(case) if case.is_open else [])


def asked(case: RightsRequest) -> SafeString:
    return part("asked", case=case, typed=getattr(case, "particulars", None))


def identity(case: RightsRequest) -> SafeString:
    checks = case.identity_checks.select_related("decided_by", "second_by").prefetch_related("documents")
    return part("identity", case=case, checks=checks)


def linked(case: RightsRequest) -> SafeString:
    groups: list[tuple[str, list[RightsRequest | None]]] = [
        ("Comes after", [case.comes_after]),
        ("Before", list(case.followers.all())),
        ("The same as", [case.duplicate_of]),
        ("Asked again in", list(case.duplicates.all())),
        ("A second look at", [case.appeal_of]),
        ("Looked at again in", list(case.appeals.all())),
        ("Found in the question", [case.inquiry]),
        ("Became", list(case.requests_found.all())),
    ]
    return part(
        "linked", groups=[(words, [one for one in ones if one]) for words, ones in groups if any(ones)]
    )


def tasks(case: RightsRequest) -> SafeString:
    rows = case.tasks.select_related("system", "processor", "answered_by").prefetch_related("files")
    return part("tasks", case=case, tasks=rows, today=Company.current().today())


def copies(case: RightsRequest) -> SafeString:
    return part(
        "copies", packages=case.packages.select_related("released_by"), limit=Company.current().download_count
    )


def plan(case: RightsRequest) -> SafeString:
    order = ErasureOrder.objects.filter(request=case).select_related("proposed_by", "approved_by").first()
    return part("plan", order=order, lines=plans.from_json(order.plan) if order else [])


def thread(case: RightsRequest) -> SafeString:
    return part("thread", messages=case.messages.all())


def timeline(case: RightsRequest) -> SafeString:
    events = list(case.events.order_by("at", "pk"))
    names = {pair: _name(*pair) for pair in {(event.actor_kind, event.actor_ref) for event in events}}
    rows = [(event, names[event.actor_kind, event.actor_ref], _words(event.facts)) for event in events]
    return part("timeline", rows=rows)


def _name(kind: str, ref: str) -> str:
    if kind == ActorKind.SYSTEM:
        return "by itself"
    if kind == ActorKind.PERSON:
        return "the requester"
    return actor_name(Actor(ActorKind(kind), ref))


def _words(facts: dict[str, Any]) -> str:
    shown = {name: value for name, value in facts.items() if value not in ("", None, [], False)}
    return ", ".join(f"{name.replace('_', ' ')}: {_value(value)}" for name, value in shown.items())


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def page_of(name: str, pk: int) -> str:
    return reverse(f"admin:requests_{name}_change", args=[pk])
