"""Telling people: one campaign for each change, one notice for each person."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from law import readings
from law.models import Company
from notices import actions as notices
from notices.actions import LetterDraft
from notices.letters import compose
from notices.models import Campaign
from people.models import Person, User

from . import audience
from .models import Policy, PolicyText, PolicyVersion

CHANGE = "policies.significant_change"
WITHDRAWAL = "policies.change_withdrawn"


def announce_change(version: PolicyVersion, *, at: datetime) -> dict[str, int]:
    """Open the campaign and write one notice for each person concerned; returns the counts by group.

    A second run finds the campaign and inserts nothing."""
    campaign, _created = notices.open_campaign(CHANGE, version, letters=letters(version, CHANGE), at=at)
    written = list(campaign.letters.all())
    return {
        group.variant: notices.record(
            campaign, audience.recipients(group, written, version.policy.language), at=at
        )
        for group in audience_groups(version.policy, at)
    }


def announce_withdrawal(version: PolicyVersion, *, by: User, at: datetime) -> dict[str, int]:
    """Stop what is still waiting, and tell those who were told that the change will not come."""
    campaign = Campaign.objects.about(version).filter(event=CHANGE).first()
    if campaign is None:
        return {"stopped": 0, "told": 0}
    stopped = _stop(campaign, by=by, at=at, reason=version.withdrawal_reason)
    news, _created = notices.open_campaign(WITHDRAWAL, version, letters=letters(version, WITHDRAWAL), at=at)
    written = list(news.letters.all())
    rows = [audience.recipients(group, written, version.policy.language) for group in _told_by(campaign)]
    return {"stopped": stopped, "told": sum(notices.record(news, row, at=at) for row in rows)}


def _stop(campaign: Campaign, *, by: User, at: datetime, reason: str) -> int:
    try:
        return notices.cancel_waiting(campaign, by=by, at=at, reason=reason)
    except notices.NothingWaiting:
        return 0


def _told_by(campaign: Campaign) -> list[audience.Group]:
    """Whom a campaign reached, in its groups, at the addresses they have now; not who left since."""
    reached = campaign.notices.reached()
    return [
        audience.Group(
            variant,
            variant,
            Person.objects.active().filter(
                pk__in=reached.filter(letter__variant=variant).values("recipient_id")
            ),
            by_mail=variant != audience.CHILD,
        )
        for variant in audience.VARIANTS
    ]


def audience_groups(policy: Policy, at: datetime) -> list[audience.Group]:
    company = Company.current()
    today = at.astimezone(company.zone).date()
    return audience.groups(policy, ages=readings.ages(today, company), on=today)


def letters(version: PolicyVersion, event: str) -> list[LetterDraft]:
    """The words for each kind of reader, in each language the version is written in."""
    return [
        compose(event, variant=variant, language=text.language, context=_context(event, text))
        for text in version.texts.select_related("version__policy")
        for variant in audience.VARIANTS
    ]


def _context(event: str, text: PolicyText) -> dict[str, Any]:
    version = text.version
    return {
        "policy": version.policy,
        "title": text.title or version.policy.title,
        "effective_on": version.effective_on,
        "points": text.points,
        "link": changes_link(version) if event == CHANGE else policy_link(version.policy),
    }


# By name, also where the policy lives on the front page: another may stand there when the mail is read.


def policy_link(policy: Policy) -> str:
    return _absolute("portal:policy", policy.slug)


def changes_link(version: PolicyVersion) -> str:
    return _absolute("portal:changes", version.policy.slug, version.effective_on)


def _absolute(page: str, *args: Any) -> str:
    # From SITE_URL alone: a forged Host header must never reach a mail.
    return f"{settings.SITE_URL}{reverse(page, args=args)}"
