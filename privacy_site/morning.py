"""The morning page: what waits for staff, each line a count, a sentence and one way in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.refusals import Refused
from audit.sealing import settled_event
from audit.verification import PATIENCE
from inventory import health
from law.models import (
    Adequacy,
    AgeOfConsent,
    ChecklistItem,
    Company,
    RefusalGround,
    Regime,
    StateLaw,
    TransferMechanism,
)
from notices.models import Campaign, Mail, MailStatus, Notice
from notices.models import Status as NoticeStatus
from people.models import AccessGrant, Authority, Guardianship
from policies import guards, promising
from policies.audience import CHILD
from policies.models import Policy, PolicyVersion, Status
from processors import affected
from requests import waiting

# What is counted, how one and how many are called, and where they are listed.
CASES_NOW = (
    (waiting.late, "rights request is late", "rights requests are late", "view=late"),
    (waiting.due_today, "rights request is due today", "rights requests are due today", "waits=today"),
    (
        waiting.unread,
        "case holds a message that nobody has read",
        "cases hold a message that nobody has read",
        "waits=reading",
    ),
    (
        waiting.stuck_tasks,
        "case waits for a system that is late or parked",
        "cases wait for a system that is late or parked",
        "waits=task",
    ),
)
CASES_FOR_A_SECOND = (
    (
        waiting.erasures_to_approve,
        "erasure to read and approve",
        "erasures to read and approve",
        "waits=erasure",
    ),
    (
        waiting.recoveries_to_second,
        "requester who lost their address: a second look",
        "requesters who lost their address: a second look",
        "waits=recovery",
    ),
)
CASES_SOON = (
    (
        waiting.due_this_week,
        "rights request is due within a week",
        "rights requests are due within a week",
        "waits=week",
    ),
    (
        waiting.nobodys,
        "rights request that nobody has taken",
        "rights requests that nobody has taken",
        "view=open&whose=nobody",
    ),
)
LAW_ROWS = (AgeOfConsent, Adequacy, TransferMechanism, ChecklistItem, Regime, StateLaw, RefusalGround)


@dataclass(frozen=True)
class Line:
    sentence: str
    url: str
    count: int | None = None


@dataclass(frozen=True)
class Section:
    title: str
    empty: str
    lines: list[Line] = field(default_factory=list)


def sections(request: HttpRequest) -> list[Section]:
    """Only lines this person may follow."""
    company = Company.current()
    today = company.today()
    may = request.user.has_perm
    policies = may("policies.view_policyversion")
    notices = may("notices.view_notice")
    now = [
        *(_cases(CASES_NOW) if may("requests.view_rightsrequest") else ()),
        *(_planned_and_stuck(today) if policies else ()),
        *(_reviews(company, today, late=True) if policies else ()),
        *(_not_delivered() if notices else ()),
        *(_machinery() if may("audit.view_event") else ()),
        *(_registers(today) if may("inventory.view_processingactivity") else ()),
    ]
    soon = [
        *(_cases(CASES_SOON) if may("requests.view_rightsrequest") else ()),
        *(_reviews(company, today, late=False) if policies else ()),
        *(_coming(today) if policies else ()),
        *(_untold_guardians() if notices else ()),
        *(_decisions(today) if may("processors.view_transfer") else ()),
        *(_law_to_approve() if may("law.approve_ageofconsent") else ()),
        *(_law_to_check(company) if may("law.approve_regime") else ()),
        *(_claims() if may("people.view_guardianship") else ()),
    ]
    second = [
        *(_waiting_for_approval(request) if policies else ()),
        *(_cases(CASES_FOR_A_SECOND) if may("requests.view_rightsrequest") else ()),
        *(_access_grants() if may("people.view_accessgrant") else ()),
    ]
    return [
        Section("Today", "Nothing is due today.", now),
        Section("Waiting for a second person", "Nobody waits for you.", second),
        Section("This week and later", "Nothing is coming up.", soon),
    ]


def _planned_and_stuck(today: date) -> Iterator[Line]:
    for version in PolicyVersion.objects.due(today).select_related("policy"):
        yield Line(
            f"{version} was to be published on {version.publish_on:%-d %B}: {_obstacle(version, today)}",
            _page(version),
        )
    for version in PolicyVersion.objects.filter(status=Status.APPROVED, publish_on=None).select_related(
        "policy"
    ):
        yield Line(f"{version} is approved and can be published", _page(version))


def _obstacle(version: PolicyVersion, today: date) -> str:
    try:
        guards.is_publishable(version, on=today)
        guards.keeps_its_promises(version, promising.broken(version, on=today))
    except Refused as refusal:
        return str(refusal)
    return "it goes out within a minute."


def _not_delivered() -> Iterator[Line]:
    stuck = {
        NoticeStatus.PARKED: "parked after every try: look at them",
        NoticeStatus.WAITING: "waiting to leave",
    }
    for status, words in stuck.items():
        if count := Notice.objects.in_state(status).count():
            yield Line(
                f"{_of(count, 'notice')} {words}", _list("notices_notice", f"status__exact={status}"), count
            )
    if count := Mail.objects.filter(status=MailStatus.PARKED).count():
        words = f"{_of(count, 'single mail')} parked after every try: look at them"
        yield Line(words, _list("notices_mail", f"status__exact={MailStatus.PARKED}"), count)


def _machinery() -> Iterator[Line]:
    now = timezone.now()
    oldest = Event.objects.unsealed(after=settled_event(now)).first()
    if oldest and oldest.at < now - PATIENCE:
        yield Line("Audit events wait to be sealed: is the beat process running?", _list("audit_event"))


def _registers(today: date) -> Iterator[Line]:
    if count := health.count(today):
        url = reverse("admin:inventory_processingactivity_health")
        yield Line(f"{_of(count, 'fault')} in the registers: what we hold, where and with whom", url, count)


def _reviews(company: Company, today: date, *, late: bool) -> Iterator[Line]:
    words = "was due" if late else "falls due"
    for policy in Policy.objects.all():
        day = policy.review_due_on(company.review_months)
        if day and (day < today) == late and day - timedelta(days=company.review_warning_days) <= today:
            url = reverse("admin:policies_policy_change", args=[policy.pk])
            yield Line(f"The review of {policy} {words} on {day:%-d %B %Y}", url)


def _coming(today: date) -> Iterator[Line]:
    planned = PolicyVersion.objects.filter(status=Status.APPROVED, publish_on__gt=today)
    for version in planned.select_related("policy"):
        yield Line(f"{version} is published by itself on {version.publish_on:%-d %B %Y}", _page(version))
    for version in PolicyVersion.objects.coming(today).select_related("policy"):
        yield Line(f"{version.policy} changes on {version.effective_on:%-d %B %Y}", _page(version))


def _untold_guardians() -> Iterator[Line]:
    campaign = Campaign.objects.first()
    alone = (
        campaign.notices.filter(status=NoticeStatus.POSTED, letter__variant=CHILD).count() if campaign else 0
    )
    if campaign and alone:
        sentence = (
            f"{_of(alone, 'learner')} under age without a verified guardian: told by prominent notice only"
        )
        yield Line(
            sentence,
            _list("notices_notice", f"campaign__id__exact={campaign.pk}&letter__variant={CHILD}"),
            alone,
        )


def _decisions(today: date) -> Iterator[Line]:
    """Adequacy decisions that end soon and that some transfer rests on."""
    for decision in affected.ending(today):
        count = affected.relying_on(decision, today).values("processor").distinct().count()
        yield Line(
            f"{_of(count, 'processor')} will have no basis: {decision.instrument} "
            f"ends on {decision.in_force_until:%-d %B %Y}",
            reverse("admin:processors_transfer_decision", args=[decision.pk]),
            count,
        )


def _law_to_approve() -> Iterator[Line]:
    for model in LAW_ROWS:
        rows = cast(Any, model).objects.filter(is_on=True, approved_at=None)
        if count := rows.count():
            yield Line(
                f"{_of(count, 'law row')} in use, not yet approved by a named person: "
                f"{model._meta.verbose_name_plural}",
                _list(f"law_{model._meta.model_name}", "is_on__exact=1"),
                count,
            )


def _law_to_check(company: Company) -> Iterator[Line]:
    """Laws change without telling us: every row in use is compared with its source again and again."""
    for model in LAW_ROWS:
        count = cast(Any, model).objects.to_check(company.law_checked_since()).count()
        if count:
            yield Line(
                f"{_of(count, 'law row')} in use, to be compared with the source again: "
                f"{model._meta.verbose_name_plural}",
                _list(f"law_{model._meta.model_name}", "check=due"),
                count,
            )


def _claims() -> Iterator[Line]:
    count = Guardianship.objects.filter(authority=Authority.CLAIMED).count()
    if count:
        yield Line(
            f"{_of(count, 'guardianship')} claimed and not yet verified",
            _list("people_guardianship", "authority__exact=claimed"),
            count,
        )


def _waiting_for_approval(request: HttpRequest) -> Iterator[Line]:
    waiting = PolicyVersion.objects.filter(status=Status.REVIEW).select_related("policy")
    for version in waiting.exclude(submitted_by=request.user.pk):
        yield Line(f"{version} waits for a second person to read and approve it", _page(version))


def _access_grants() -> Iterator[Line]:
    for grant in AccessGrant.objects.filter(status="requested").select_related("user", "group"):
        yield Line(
            f"Access as {grant.power} for {grant.user.get_short_name()} waits for approval",
            reverse("admin:people_accessgrant_change", args=[grant.pk]),
        )


def _cases(questions: Sequence[tuple[waiting.Question, str, str, str]]) -> Iterator[Line]:
    now = timezone.now()
    for question, singular, plural, query in questions:
        if count := question(now).count():
            yield Line(singular if count == 1 else plural, _list("requests_rightsrequest", query), count)


def _page(version: PolicyVersion) -> str:
    return reverse("admin:policies_policyversion_change", args=[version.pk])


def _list(name: str, query: str = "") -> str:
    return reverse(f"admin:{name}_changelist") + (f"?{query}" if query else "")


def _of(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
