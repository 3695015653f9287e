"""The screen of a case, part by part, each a small template; what they say comes from the rooms that know it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from audit.actors import ActorKind
from audit.buttons import Button
from audit.context import Reader
from law.models import Company
from people.models import RestrictionGround, User
from people.regions import called
from requests import clocks, desk
from requests.arriving import hints, pasted
from requests.changing import ending, limiting
from requests.copies import copying, withheld
from requests.erasing import plans
from requests.models import Answer, ErasureOrder, RequestEvent, RightsRequest, TaskQuerySet, TaskStage
from requests.turns import NextMove, next_move

from .walking import Ways

# What people typed and wrote. Whoever looks at a case without these sees how it went, and no words.
WORK = "requests.work_rightsrequest"
PARTICULARS, MESSAGES = "requests.view_particulars", "requests.view_message"
SOON = 7  # days
# The parts of the screen that carry their own moves, and the group of buttons each takes.
BESIDE = {"What is to be done": "What is asked", "Messages and letters": "Words", "Who asks": "Who asks"}
Link = tuple[Button, str]


@dataclass(frozen=True)
class Moves:
    """What can be done now: one thing stands first, the rest is grouped by what it is about."""

    following: NextMove
    first: Link | None
    groups: list[tuple[str, list[Link]]]

    def beside(self, part: str) -> list[Link]:
        """What can be done about a part of the screen, to stand right there."""
        return dict(self.groups).get(BESIDE.get(part, ""), [])


def moves(case: RightsRequest, links: Sequence[Link]) -> Moves:
    following = next_move(case, Company.current().today())
    by_verb = {button.verb: (button, url) for button, url in links}
    first = by_verb.pop(following.button, None)
    groups = [
        (title, [by_verb[button.verb] for button in buttons if button.verb in by_verb])
        for title, buttons in desk.GROUPS
    ]
    return Moves(following, first, [(title, found) for title, found in groups if found])


def urgency(case: RightsRequest, today: date) -> tuple[str, str]:
    """Days left in words, and a class for the color; the words say it too."""
    left = case.days_left(today)
    if left is None:
        return "no date", "calm"
    if left < 0:
        return f"late {-left} day{'' if left == -1 else 's'}", "late"
    if left == 0:
        return "today", "late"
    return f"in {left} day{'' if left == 1 else 's'}", "soon" if left <= SOON else "calm"


def part(name: str, **context: Any) -> SafeString:
    # What the templates escape stays escaped; nothing else is added here.
    return mark_safe(render_to_string(f"admin/requests/{name}.html", context))  # noqa: S308


def head(case: RightsRequest, moves: Moves, ways: Ways) -> SafeString:
    """What has to be seen first, without scrolling."""
    words, kind = urgency(case, Company.current().today())
    asked = list(_tasks(case).exclude(stage=TaskStage.CANCELLED))
    waiting = [task for task in asked if task.stage != TaskStage.ANSWERED]
    return part(
        "head",
        case=case,
        moves=moves,
        hints=hints.sentences(case) if case.is_open else [],
        document_until=pasted.until(case),
        urgency=words,
        kind=kind,
        unread=case.messages.filter(sender_kind=ActorKind.PERSON, read_at=None).exists(),
        ways=ways,
        place=called(case.place),
        asked=len(asked),
        answered=len(asked) - len(waiting),
        waiting=waiting,
        now=timezone.now(),
        lines=clocks.explain(case) if case.is_open else [],
    )


def parts(case: RightsRequest, reader: Reader) -> list[tuple[str, SafeString]]:
    shown = [
        ("What is asked", asked(case, reader)),
        ("What is to be done", points(case, reader)),
        ("Who asks", identity(case)),
        ("Systems and companies", tasks(case)),
        ("What goes and what stays", plan(case)),
        ("The copy", copies(case, reader)),
        ("Messages and letters", thread(case, reader)),
        ("Linked cases", linked(case)),
        ("What happened", timeline(case)),
    ]
    return [(title, words) for title, words in shown if words.strip()]


def asked(case: RightsRequest, reader: Reader) -> SafeString:
    may_read = reader.has_perm(PARTICULARS)
    typed = getattr(case, "particulars", None) if may_read else None
    return part("asked", case=case, typed=typed, may_read=may_read)


def points(case: RightsRequest, reader: Reader) -> SafeString:
    """What a colleague decided, or has to: corrections, the ground of a restriction, uses to stop."""
    ground = limiting.ground_of(case)
    return part(
        "points",
        points=case.corrections.select_related("decided_by"),
        may_read=reader.has_perm(PARTICULARS),
        ground=RestrictionGround(ground).label if ground else "",
        restriction=limiting.restriction_of(case),
        lifted_from=ending.lifted_from(case),
        uses=limiting.uses_of(case, Company.current().day_of(case.received_at))
        if case.right in limiting.USES
        else None,
    )


def identity(case: RightsRequest) -> SafeString:
    checks = case.identity_checks.select_related("decided_by", "second_by").prefetch_related("documents")
    return part("identity", case=case, checks=checks)


def linked(case: RightsRequest) -> SafeString:
    groups: list[tuple[str, list[RightsRequest | None]]] = [
        ("After", [case.comes_after]),
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
    rows = _tasks(case).prefetch_related("files")
    return part("tasks", case=case, tasks=rows, now=timezone.now())


def _tasks(case: RightsRequest) -> TaskQuerySet:
    return case.tasks.select_related("system", "processor")


def copies(case: RightsRequest, reader: Reader) -> SafeString:
    return part(
        "copies",
        case=case,
        may_open=reader.has_perm(WORK),
        packages=case.packages.select_related("released_by"),
        limit=Company.current().download_count,
        pieces=[(piece, withheld.inside(piece)) for piece in copying.parts(case)],
    )


def plan(case: RightsRequest) -> SafeString:
    order = ErasureOrder.objects.filter(request=case).select_related("proposed_by", "approved_by").first()
    return part("plan", order=order, lines=plans.from_json(order.plan) if order else [])


def thread(case: RightsRequest, reader: Reader) -> SafeString:
    if not reader.has_perm(MESSAGES):
        return part("thread_hidden", count=case.messages.count())
    return part("thread", messages=case.messages.all())


def timeline(case: RightsRequest) -> SafeString:
    events = list(case.events.order_by("at", "pk"))
    names, tasks = _names(events), {task.pk: str(task.whose) for task in _tasks(case)}
    rows = [(event, _who(event, names), _words(_named(event.facts, tasks, names))) for event in events]
    return part("timeline", rows=rows)


def _named(facts: dict[str, Any], tasks: dict[int, str], staff: dict[str, str]) -> dict[str, Any]:
    """A number of a row says nothing to anybody: names instead, and no number of a message."""
    shown = {name: value for name, value in facts.items() if name != "message"}
    if "task" in shown:
        answer = shown.pop("answer", "")
        where = {"where": tasks.get(shown.pop("task"), "")}
        shown = {**where, "answer": Answer(answer).label if answer in Answer else answer, **shown}
    if "owner" in shown:
        shown["owner"] = staff.get(str(shown["owner"]), "a colleague")
    return shown


def _names(events: Sequence[RequestEvent]) -> dict[str, str]:
    """Of colleagues, all asked for at once."""
    refs = {event.actor_ref for event in events if event.actor_kind == ActorKind.STAFF}
    refs |= {str(event.facts["owner"]) for event in events if event.facts.get("owner")}
    staff = User.objects.filter(pk__in=[ref for ref in refs if ref.isdecimal()])
    return {str(user.pk): user.get_short_name() for user in staff}


def _who(event: RequestEvent, names: dict[str, str]) -> str:
    if event.actor_kind == ActorKind.SYSTEM:
        return "by itself"
    if event.actor_kind == ActorKind.PERSON:
        return "the requester"
    if event.actor_kind == ActorKind.STAFF:
        return names.get(event.actor_ref, "a colleague")
    return str(event.get_actor_kind_display())


def _words(facts: dict[str, Any]) -> str:
    shown = {name: value for name, value in facts.items() if value not in ("", None, [], False)}
    return ", ".join(f"{name.replace('_', ' ')}: {_value(value)}" for name, value in shown.items())


def _value(value: Any) -> str:
    if value is True:
        return "yes"
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return words.replace("_", " ")
