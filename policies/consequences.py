"""What the confirmation pages say before a button is pressed: to how many, when, and what stays."""

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import SimpleLazyObject

from audit.buttons import Consequences
from audit.refusals import Refused
from law.models import Company
from notices.models import Campaign
from people.models import User

from . import announcing, guards, promising
from .audience import ADULT, CHILD, GUARDIAN, Group
from .models import Policy, PolicyVersion
from .promising import Pairs
from .refusals import PromiseBroken

WORDS_FOR = {
    ADULT: "in a mail to the person concerned",
    GUARDIAN: "in a mail to a guardian",
    CHILD: "as prominent notice for a learner without a verified guardian",
}
STOPPED_BY_A_PROMISE = (
    "A broken promise stops it. Mend what is named below, or a second person writes why it may go out all the same "
    "(“Answer for a broken promise…”). Nothing is published and nobody is told."
)
SURPRISE = 0.4  # a count this far from last time's asks for a second look


def publication(version: PolicyVersion, request: HttpRequest) -> Consequences:
    groups = announcing.audience_groups(version.policy, timezone.now()) if version.is_significant else []
    counts = [(group, *group.counts()) for group in groups]
    total = sum(mailed + posted for _group, mailed, posted in counts)
    tells = f" and tell {_people(total)}" if version.is_significant else ""
    found = _promises(version)
    stop = SimpleLazyObject(lambda: _what_stops(version, request, found))
    named = f"{version.policy}, in force from {_day(version)}"
    return Consequences(
        question=SimpleLazyObject(  # type: ignore[arg-type]  # read as text, and only where it is shown
            lambda: f"{named}: it cannot be published now" if stop else f"Publish {named}{tells}?"
        ),
        warnings=_warnings(version, request, found),
        blocked=stop,  # type: ignore[arg-type]
        happens=[
            "The text is frozen with its fingerprint. Nobody can change it afterwards, not in the database either.",
            *_succession(version),
            *[_group_sentence(*count) for count in counts if count[1] + count[2]],
            *([] if version.is_significant else ["Nobody gets a mail: the change is editorial."]),
        ],
        not_=["Nobody’s continued use is taken as a yes. Optional uses still need their own permission."],
        irreversible=_no_way_back(version),
        samples=_samples(version),
        count=total if version.is_significant else None,
        must_type_count=version.is_significant and is_surprising(total, version.policy),
        submit=f"Publish{tells}",
    )


def planning(version: PolicyVersion, request: HttpRequest) -> Consequences:
    """What a publication says, today's count to be typed too: on the day itself nobody is asked."""
    now = publication(version, request)
    return replace(
        now,
        question=f"Publish {version.policy}, in force from {_day(version)}, by itself on a later day?",
        blocked="",  # what stops it today may be mended by then, and is looked at again
        happens=[
            "On the day you choose, what follows happens by itself. "
            "Who is concerned is counted again on that day; these are the numbers of today.",
            "The promises in the text are looked at again too: if one is broken by then and nobody has answered "
            "for it, it is not published, and the morning page says so.",
            *now.happens,
        ],
        submit="Plan publication",
    )


def answer(version: PolicyVersion, request: HttpRequest) -> Consequences:
    return Consequences(
        question="May this text be published although it promises what is broken today?",
        warnings=_warnings(version, request, _promises(version)),
        happens=[
            "Your reason is recorded with your name and stays with the version.",
            "It counts for the promises that are broken today. If another one breaks, somebody is asked again.",
        ],
        not_=["Nothing is published by this: somebody else does that.", "The promise is not mended by it."],
        submit="Answer for it",
    )


def _promises(version: PolicyVersion) -> Pairs:
    """Looked at when the page is shown, once; pressing the button looks for itself."""
    today = Company.current().today()
    return SimpleLazyObject(lambda: promising.standings(version, on=today))  # type: ignore[return-value]


def _warnings(version: PolicyVersion, request: HttpRequest, found: Pairs) -> Iterable[str]:
    return SimpleLazyObject(lambda: promising.warnings(version, request.user, found))


def _what_stops(version: PolicyVersion, request: HttpRequest, found: Pairs) -> str:
    """What `actions.publish` would refuse it for today; empty when nothing is in the way."""
    try:
        guards.is_publishable(version, on=Company.current().today())
        guards.did_not_answer(version, cast(User, request.user))
        guards.keeps_its_promises(version, promising.among_broken(found))
    except PromiseBroken:
        return STOPPED_BY_A_PROMISE
    except Refused as refusal:
        return str(refusal)
    return ""


def withdrawal(version: PolicyVersion, request: HttpRequest) -> Consequences:
    campaign = Campaign.objects.about(version).filter(event=announcing.CHANGE).first()
    counts = campaign.counts() if campaign else {}
    told = sum(counts.get(state, 0) for state in ("sent", "posted", "bounced"))
    return Consequences(
        question=f"Withdraw {version.policy} of {_day(version)} before it takes effect?",
        happens=[
            "The version in force now stays in force.",
            *_stopped(counts.get("waiting", 0) + counts.get("parked", 0)),
            *_told_otherwise(told),
        ],
        not_=["The text stays on record, marked as withdrawn."],
        irreversible=["A withdrawn version does not come back. Start a new draft from it instead."],
        count=told,
        must_type_count=is_large(told),
        submit="Withdraw version",
    )


def _stopped(waiting: int) -> list[str]:
    if not waiting:
        return []
    return [
        "1 notice still waiting is not sent."
        if waiting == 1
        else f"{waiting:,} notices still waiting are not sent."
    ]


def _told_otherwise(told: int) -> list[str]:
    if not told:
        return ["Nobody was told of it, so nobody hears that it does not come."]
    return [f"{_people(told)} already told {'hears' if told == 1 else 'hear'} that the change will not come."]


def is_large(count: int) -> bool:
    return count >= Company.current().large_audience


def is_surprising(count: int, policy: Policy) -> bool:
    """Large, nobody at all, or 40% away from the last time this policy changed significantly."""
    before = last_count(policy)
    return is_large(count) or count == 0 or (before is not None and abs(count - before) >= SURPRISE * before)


def last_count(policy: Policy) -> int | None:
    versions = [str(pk) for pk in policy.versions.values_list("pk", flat=True)]
    label = PolicyVersion._meta.label_lower
    campaign = Campaign.objects.filter(
        event=announcing.CHANGE, object_type=label, object_ref__in=versions
    ).first()
    return campaign.notices.count() if campaign else None


def _succession(version: PolicyVersion) -> list[str]:
    before = PolicyVersion.objects.before(version).first()
    if before is None:
        return [f"It is the first version and binds us from {_day(version)}."]
    return [f"It takes the place of the version of {_day(before)} on {_day(version)}."]


def _group_sentence(group: Group, mailed: int, posted: int) -> str:
    ways = [f"{mailed:,} by mail"] if mailed else []
    ways += (
        [f"{posted:,} by prominent notice, for want of a usable address"] if posted and group.by_mail else []
    )
    ways += [f"{posted:,} by prominent notice only"] if posted and not group.by_mail else []
    return f"{group.label}: {' and '.join(ways)}."


def _no_way_back(version: PolicyVersion) -> list[str]:
    if not version.is_significant:
        return ["A published version cannot be edited. It can be withdrawn until it takes effect."]
    return [
        "A mail that has left cannot be called back. Until the version takes effect you can withdraw it; "
        "those who were told then hear of that too."
    ]


def _samples(version: PolicyVersion) -> list[str]:
    if not version.is_significant:
        return []
    drafts = announcing.letters(version, announcing.CHANGE)
    return [f"“{draft.subject}” {WORDS_FOR[draft.variant]}" for draft in drafts[:3]]


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def _day(version: PolicyVersion) -> str:
    return date_format(version.effective_on, "j F Y") if version.effective_on else "a day to be set"
