from datetime import UTC, datetime

import factory

from notices.letters import LetterDraft
from notices.models import Campaign, Letter, Notice

LONG_AGO = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def draft(language: str = "en", variant: str = "adult", **changed: str) -> LetterDraft:
    words = {
        "subject": "Our privacy policy changes on 2 March 2026",
        "body_text": "Hello{greeting},\n\nFrom 2 March 2026 we keep lesson logs for a shorter time.\n",
        "body_html": "<p>Hello{greeting},</p><p>From 2 March 2026 we keep lesson logs for a shorter time.</p>",
    }
    return LetterDraft(variant=variant, language=language, **{**words, **changed})


class CampaignFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Campaign

    event = "policies.version_published"
    object_type = "policies.policyversion"
    object_ref = factory.Sequence(str)
    opened_at = LONG_AGO


class LetterFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Letter

    campaign = factory.SubFactory(CampaignFactory)
    language = "en"
    variant = "adult"
    subject = draft().subject
    body_text = draft().body_text
    body_html = draft().body_html
    sha256 = draft().sha256


class NoticeFactory(factory.django.DjangoModelFactory):
    """A notice waiting to be sent to Amina."""

    class Meta:
        model = Notice

    letter = factory.SubFactory(LetterFactory)
    campaign = factory.SelfAttribute("letter.campaign")
    recipient_id = factory.Sequence(lambda number: number + 1)
    address = factory.LazyAttribute(lambda notice: f"amina{notice.recipient_id}@family.example")
    greeting = "Amina"
    due_at = LONG_AGO
