"""What people will read of a version, gathered for the staff who wrote or approve it."""

from typing import Any

from django.urls import reverse

from . import announcing, diff, markdown
from .models import PolicyText, PolicyVersion


def context(version: PolicyVersion) -> dict[str, Any]:
    before = PolicyVersion.objects.before(version).first()
    return {
        "title": f"What people will read: {version}",
        "version": version,
        "before": before,
        "entries": [_entry(text, before) for text in version.texts.all()],
        "letters": announcing.letters(version, announcing.CHANGE) if _has_letters(version) else [],
        "back": reverse("admin:policies_policyversion_change", args=[version.pk]),
    }


def _entry(text: PolicyText, before: PolicyVersion | None) -> dict[str, Any]:
    former = before.text_in(text.language) if before else None
    comparison = diff.compare(former.body, text.body) if former else None
    return {"text": text, "comparison": comparison, "html": markdown.render(text.body).html}


def _has_letters(version: PolicyVersion) -> bool:
    return version.is_significant and version.effective_on is not None
