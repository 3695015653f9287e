"""Policies: what was to be published, what is to be reviewed, what comes."""

from datetime import date, timedelta

from django.urls import reverse

from audit.refusals import Refused
from policies import guards, promising
from policies.models import Policy, PolicyVersion, Status

from .lines import Line, Lines, Morning


def planned_and_stuck(morning: Morning) -> Lines:
    for version in PolicyVersion.objects.due(morning.today).select_related("policy"):
        obstacle = _obstacle(version, morning.today)
        yield Line(
            f"{version} was to be published on {version.publish_on:%-d %B}: {obstacle}", _page(version)
        )
    unplanned = PolicyVersion.objects.filter(status=Status.APPROVED, publish_on=None)
    for version in unplanned.select_related("policy"):
        yield Line(f"{version} is approved and can be published", _page(version))


def _obstacle(version: PolicyVersion, today: date) -> str:
    try:
        guards.is_publishable(version, on=today)
        guards.keeps_its_promises(version, promising.broken(version, on=today))
    except Refused as refusal:
        return str(refusal)
    return "it goes out within a minute."


def reviews_missed(morning: Morning) -> Lines:
    return _reviews(morning, late=True)


def reviews_coming(morning: Morning) -> Lines:
    return _reviews(morning, late=False)


def _reviews(morning: Morning, *, late: bool) -> Lines:
    company, today = morning.company, morning.today
    words = "was due" if late else "falls due"
    for policy in Policy.objects.all():
        day = policy.review_due_on(company.review_months)
        if day and (day < today) == late and day - timedelta(days=company.review_warning_days) <= today:
            url = reverse("admin:policies_policy_change", args=[policy.pk])
            yield Line(f"The review of {policy} {words} on {day:%-d %B %Y}", url)


def coming(morning: Morning) -> Lines:
    planned = PolicyVersion.objects.filter(status=Status.APPROVED, publish_on__gt=morning.today)
    for version in planned.select_related("policy"):
        yield Line(f"{version} is published by itself on {version.publish_on:%-d %B %Y}", _page(version))
    for version in PolicyVersion.objects.coming(morning.today).select_related("policy"):
        yield Line(f"{version.policy} changes on {version.effective_on:%-d %B %Y}", _page(version))


def to_approve(morning: Morning) -> Lines:
    """By somebody else than its author."""
    waiting = PolicyVersion.objects.filter(status=Status.REVIEW).exclude(submitted_by=morning.reader.pk)
    for version in waiting.select_related("policy"):
        yield Line(f"{version} waits for a second person to read and approve it", _page(version))


def _page(version: PolicyVersion) -> str:
    return reverse("admin:policies_policyversion_change", args=[version.pk])
