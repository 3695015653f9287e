"""What can happen to a policy and its versions. Each function reads as the list of its consequences.

The promise: «When we make significant modifications, we'll notify you through email or prominent
notices on the platform» — before they take effect (GDPR Art. 13(3); WP260 rev.01)."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from audit.actions import record
from audit.actors import Acts
from law.models import Company
from notices import actions as notices
from people.models import User

from . import announcing, guards, promising
from .models import Policy, PolicyText, PolicyVersion, Significance, Status
from .refusals import NothingToAnswerFor
from .texts import fingerprint

# What people said of a version on its way; sent back to draft, it starts over.
GIVEN_ON_THE_WAY = (
    "approved_by", "approved_at", "early_by", "early_reason", "despite_by", "despite_reason",
    "despite_promises", "publish_on", "planned_by",
)  # fmt: skip


@transaction.atomic
def decide_significance(
    version: PolicyVersion, *, by: User, at: datetime, reason: str, significance: str
) -> PolicyVersion:
    """A named person says, with a rationale, whether the change matters to people."""
    version = _locked(version)
    guards.is_draft(version)
    if significance == Significance.SIGNIFICANT:
        guards.changes_something(version)
    version.significance = significance
    version.significance_by = by
    version.rationale = reason
    _save(version, "significance", "significance_by", "rationale")
    record("policies.decide_significance", version, by=by, at=at, reason=reason, fields=["significance"])
    return version


@transaction.atomic
def submit(version: PolicyVersion, *, by: User, at: datetime, reason: str = "") -> PolicyVersion:
    """Draft → review. From here on the text waits for a second person."""
    version = _locked(version)
    guards.may_become(version, Status.REVIEW)
    guards.is_complete(version)
    version.submitted_by, version.submitted_at = by, at
    _move(version, Status.REVIEW, "submitted_by", "submitted_at")
    record("policies.submit", version, by=by, at=at, reason=reason)
    return version


@transaction.atomic
def send_back(version: PolicyVersion, *, by: User, at: datetime, reason: str) -> PolicyVersion:
    """Review or approved → draft: somebody wants it changed, so every later word starts over."""
    version = _locked(version)
    guards.may_become(version, Status.DRAFT)
    version.approved_by = version.approved_at = version.publish_on = version.planned_by = None
    version.early_by = version.despite_by = None
    version.early_reason = version.despite_reason = ""
    version.despite_promises = []
    _move(version, Status.DRAFT, *GIVEN_ON_THE_WAY)
    record("policies.send_back", version, by=by, at=at, reason=reason)
    return version


@transaction.atomic
def approve(version: PolicyVersion, *, by: User, at: datetime, reason: str = "") -> PolicyVersion:
    """Review → approved, by a second person; the database refuses the first one too."""
    version = _locked(version)
    guards.may_become(version, Status.APPROVED)
    guards.is_second_person(version, by, "approve it")
    version.approved_by, version.approved_at = by, at
    _move(version, Status.APPROVED, "approved_by", "approved_at")
    record("policies.approve", version, by=by, at=at, reason=reason)
    return version


@transaction.atomic
def allow_early(version: PolicyVersion, *, by: User, at: datetime, reason: str) -> PolicyVersion:
    """A second person lets the change take effect before the notice period is over."""
    version = _locked(version)
    guards.waits_for_publication(version)
    guards.is_second_person(version, by, "shorten the notice period")
    version.early_by, version.early_reason = by, reason
    _save(version, "early_by", "early_reason")
    record("policies.allow_early", version, by=by, at=at, reason=reason, fields=["early_by"])
    return version


@transaction.atomic
def answer_for_promises(version: PolicyVersion, *, by: User, at: datetime, reason: str) -> PolicyVersion:
    """A second person writes why a text may be published although it promises what is broken today.

    It counts for these promises only: what breaks later stops the publication again."""
    version = _locked(version)
    guards.waits_for_publication(version)
    guards.may_answer(version, by)
    broken = [
        promise.code for promise, _finding in promising.broken(version, on=Company.current().day_of(at))
    ]
    if not broken:
        raise NothingToAnswerFor("No promise of this text is broken today. There is nothing to answer for.")
    version.despite_by, version.despite_reason, version.despite_promises = by, reason, broken
    _save(version, "despite_by", "despite_reason", "despite_promises")
    details = {"promises": broken}
    record("policies.answer_for_promises", version, by=by, at=at, reason=reason, details=details)
    return version


@transaction.atomic
def plan(version: PolicyVersion, *, by: User, at: datetime, reason: str, publish_on: date) -> PolicyVersion:
    """Publish it by itself on that day, in the company's time zone (`publish_due`)."""
    version = _locked(version)
    guards.may_become(version, Status.PUBLISHED)
    guards.did_not_answer(version, by)
    guards.is_to_come(publish_on, after=Company.current().day_of(at))
    guards.is_publishable(version, on=publish_on)
    version.publish_on, version.planned_by = publish_on, by
    _save(version, "publish_on", "planned_by")
    details = {"publish_on": publish_on.isoformat()}
    record("policies.plan", version, by=by, at=at, reason=reason, fields=["publish_on"], details=details)
    return version


@transaction.atomic
def publish(version: PolicyVersion, *, by: User, at: datetime, reason: str = "") -> PolicyVersion:
    """Approved → published: the text is frozen, its predecessor's last day is set by the effective
    date, and everyone a significant change concerns is told once. All of it, or nothing. A promise in
    it that is broken needs a second person's reason, on record with it.

    Raises `Refused` with a sentence for staff. Two people publishing at once: one wins, the other
    is told who did (the policy's row is the lock)."""
    version = _locked(version)
    guards.may_become(version, Status.PUBLISHED)
    guards.is_publishable(version, on=Company.current().day_of(at))
    guards.did_not_answer(version, by)
    broken = promising.broken(version, on=Company.current().day_of(at))
    guards.keeps_its_promises(version, broken)
    hashes = _freeze_texts(version, at)
    version.published_by, version.published_at = by, at
    _move(version, Status.PUBLISHED, "published_by", "published_at")
    _reviewed(version.policy, on=Company.current().day_of(at))
    told = announcing.announce_change(version, at=at) if version.is_significant else {}
    details = {"sha256": hashes, "told": told, **_in_spite_of(version, broken)}
    record("policies.publish", version, by=by, at=at, reason=reason, details=details)
    notices.ring()
    return version


@transaction.atomic
def withdraw(version: PolicyVersion, *, by: User, at: datetime, reason: str) -> PolicyVersion:
    """Published → withdrawn, before it takes effect. Whoever was told hears that it will not come."""
    version = _locked(version)
    guards.may_become(version, Status.WITHDRAWN)
    guards.has_not_begun(version, on=Company.current().day_of(at))
    version.withdrawn_by, version.withdrawn_at, version.withdrawal_reason = by, at, reason
    _move(version, Status.WITHDRAWN, "withdrawn_by", "withdrawn_at", "withdrawal_reason")
    told = announcing.announce_withdrawal(version, by=by, at=at)
    record("policies.withdraw", version, by=by, at=at, reason=reason, details=told)
    notices.ring()
    return version


@transaction.atomic
def redraft(version: PolicyVersion, *, by: Acts, at: datetime, reason: str = "") -> PolicyVersion:
    """A new draft that starts from this version's words."""
    draft = PolicyVersion.objects.create(policy=version.policy)
    PolicyText.objects.bulk_create(
        PolicyText(version=draft, language=text.language, title=text.title, body=text.body)
        for text in version.texts.all()
    )
    record("policies.redraft", draft, by=by, at=at, reason=reason, details={"from": version.pk})
    return draft


@transaction.atomic
def bring_in(
    policy: Policy, body: str, *, effective_on: date, note: str, by: Acts, at: datetime
) -> PolicyVersion:
    """History from before this software: published as it stood, telling nobody.

    `body` is clean Markdown (`markdown.clean_markdown`). Raises `NoVisibleChange`, `DateTaken`."""
    version = PolicyVersion(policy=_lock(policy), effective_on=effective_on, note=note, is_history=True)
    guards.day_is_free(version)
    guards.differs_from_the_one_before(version, body)
    version.published_at = at
    _move(version, Status.PUBLISHED)
    text = PolicyText(
        version=version, language=policy.language, body=body, sha256=fingerprint(body), frozen_at=at
    )
    text.save()
    _reviewed(policy, on=max(effective_on, policy.reviewed_on or effective_on))
    details = {"sha256": {text.language: text.sha256}, "effective_on": effective_on.isoformat()}
    record("policies.bring_in", version, by=by, at=at, details=details)
    return version


@transaction.atomic
def review(policy: Policy, *, by: User, at: datetime, reason: str) -> Policy:
    """Somebody read the policy as a whole and found that it still holds (Cal. Civ. Code 1798.130(a)(5))."""
    policy = _lock(policy)
    _reviewed(policy, on=Company.current().day_of(at))
    record("policies.review", policy, by=by, at=at, reason=reason, fields=["reviewed_on"])
    return policy


def _in_spite_of(version: PolicyVersion, broken: promising.Pairs) -> dict[str, Any]:
    if not broken:
        return {}
    codes = [promise.code for promise, _finding in broken]
    return {"broken": codes, "answered_by": version.despite_by_id, "answer": version.despite_reason}


def _lock(policy: Policy) -> Policy:
    """Whatever moves a version of this policy waits here, so no two of them race."""
    return Policy.objects.select_for_update().get(pk=policy.pk)


def _locked(version: PolicyVersion) -> PolicyVersion:
    """The version's row before the policy's, as a button holds them: another order would deadlock."""
    held = PolicyVersion.objects.select_for_update().get(pk=version.pk)
    held.policy = _lock(held.policy)
    return held


def _move(version: PolicyVersion, status: Status, *fields: str) -> None:
    version.status = status
    if version.pk:
        _save(version, "status", *fields)
    else:
        version.save()


def _save(version: PolicyVersion, *fields: str) -> None:
    version.save(update_fields=fields)


def _freeze_texts(version: PolicyVersion, at: datetime) -> dict[str, str]:
    for text in version.texts.all():
        text.sha256, text.frozen_at = fingerprint(text.body), at
        text.save(update_fields=["sha256", "frozen_at"])
    return {text.language: text.sha256 for text in version.texts.all()}


def _reviewed(policy: Policy, *, on: date) -> None:
    Policy.objects.filter(pk=policy.pk).update(reviewed_on=on)
