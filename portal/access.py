"""What a visitor may read: published texts, and those withdrawn after publication. Drafts do not exist."""

from datetime import date

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404

from law.models import Company
from policies.models import Policy, PolicyText, PolicyVersion, PolicyVersionQuerySet, Status


def public_policies() -> QuerySet[Policy]:
    published = PolicyVersion.objects.published().filter(policy=OuterRef("pk"))
    return Policy.objects.filter(Exists(published))


def main_policy() -> Policy | None:
    return public_policies().filter(is_main=True).first()


def policy_or_404(slug: str | None) -> Policy:
    """The policy of that address; without one, the main policy. Also one whose only version was
    withdrawn: a mail that said so leads here."""
    found = Policy.objects.filter(Exists(_shown().filter(policy=OuterRef("pk"))))
    policy = found.filter(slug=slug).first() if slug else found.filter(is_main=True).first()
    if policy is None:
        raise Http404("There is no such policy.")
    return policy


def versions_of(policy: Policy) -> PolicyVersionQuerySet:
    """Every version the public was ever shown, latest first."""
    return _shown().filter(policy=policy).order_by("-effective_on", "-published_at")


def _shown() -> PolicyVersionQuerySet:
    return PolicyVersion.objects.filter(status__in=[Status.PUBLISHED, Status.WITHDRAWN])


def with_texts(versions: PolicyVersionQuerySet, *, bodies: bool = True) -> PolicyVersionQuerySet:
    """Frozen texts only: a translation still being written is a draft."""
    frozen = PolicyText.objects.filter(frozen_at__isnull=False)
    if not bodies:
        frozen = frozen.defer("body")
    return versions.select_related("policy").prefetch_related(Prefetch("texts", queryset=frozen))


def version_or_404(policy: Policy, day: date) -> PolicyVersion:
    """The version of that day, with its stage. One withdrawn gives way to the one in its place."""
    rows = versions_of(policy).filter(effective_on=day).with_stage(Company.current().today())
    found = list(with_texts(rows))
    if not found:
        raise Http404("No version of this policy has that date.")
    return min(found, key=lambda version: version.status != Status.PUBLISHED)


def text_for(version: PolicyVersion, *languages: str) -> PolicyText | None:
    """The words in the first of these languages there is, else in the original, else in any."""
    wanted = [*languages, version.policy.language]
    found = (version.text_in(language) for language in wanted)
    return next((text for text in found if text), None) or next(iter(version.texts.all()), None)


def texts_to_compare(
    old: PolicyVersion, new: PolicyVersion, language: str
) -> tuple[PolicyText, PolicyText] | None:
    """Both versions in one language: the visitor's, else the original, else any they share."""
    for candidate in (language, new.policy.language, *(text.language for text in new.texts.all())):
        before, after = old.text_in(candidate), new.text_in(candidate)
        if before and after:
            return before, after
    return None
