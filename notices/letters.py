"""Words to be frozen: drafts, the templates they are rendered from, and the one open place, `{greeting}`.

The placeholder stands right behind the salutation's word, before its comma or colon
("Hello{greeting},", "Hola{greeting}:"), and carries its own joint: "Hello Amina," / "Hello,",
"Hola, Amina:" / "Hola:". So a person without a given name gets a whole sentence, and a letter
is frozen without knowing who has a name."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template import Context, Engine
from django.utils import translation
from django.utils.html import escape

from audit.refusals import Refused
from law.models import Company

GREETING = "{greeting}"
SUBJECT_LIMIT = 120
# Spanish sets a name off by a comma (RAE, «Ortografía», vocatives); a space joins it elsewhere.
JOINTS = {"es": ", "}


class LetterRefused(Refused):
    """A letter that must not be frozen: who reads it would get broken or unsafe words."""


@dataclass(frozen=True)
class LetterDraft:
    """Words about to be frozen, in one language, for one kind of reader (`variant`)."""

    variant: str
    language: str
    subject: str
    body_text: str
    body_html: str

    def normalized(self) -> "LetterDraft":
        """The same words in NFC, so that equal text has an equal fingerprint on every system."""
        subject, text, html = (
            unicodedata.normalize("NFC", part) for part in (self.subject, self.body_text, self.body_html)
        )
        return LetterDraft(self.variant, self.language, subject, text, html)

    @property
    def sha256(self) -> str:
        """Over subject, text and HTML in NFC, joined by NUL, which none of them may contain."""
        words = self.normalized()
        whole = "\0".join((words.subject, words.body_text, words.body_html))
        return hashlib.sha256(whole.encode()).hexdigest()


def check(draft: LetterDraft) -> None:
    """Raises LetterRefused, naming the letter and the first thing wrong with it."""
    for fault in _faults(draft):
        raise LetterRefused(f"The letter “{draft.variant}” in “{draft.language}” {fault}.")


def _faults(draft: LetterDraft) -> Iterator[str]:
    if draft.language not in dict(settings.LANGUAGES):
        yield "is in a language this site does not speak"
    if not draft.subject.strip():
        yield "has no subject"
    if len(draft.subject) > SUBJECT_LIMIT:
        yield f"has a subject longer than {SUBJECT_LIMIT} characters"
    # A line break here would let words become mail headers (header injection).
    if any(mark in draft.subject for mark in "\r\n\0"):
        yield "has a line break in its subject"
    for name, body in (("text", draft.body_text), ("HTML", draft.body_html)):
        if "\0" in body:
            yield f"has a NUL in its {name} part"
        if body.count(GREETING) != 1:
            yield f"must hold {GREETING} exactly once in its {name} part"


def compose(event: str, variant: str, language: str, context: Mapping[str, Any]) -> LetterDraft:
    """Render `templates/notices/<app>/<event>.{subject.txt,body.txt,body.html}` in one language.

    `event` is app.event. A template named `<event>.<variant>.body.txt` wins over the common one.
    Templates also get `variant`, `language`, `direction`, `company`, `site_url` and, in bodies, `subject`,
    which is their heading. Plain-text parts are not HTML-escaped. Raises TemplateDoesNotExist and LetterRefused."""
    with translation.override(language):
        words = {
            **context,
            "variant": variant,
            "language": language,
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
            "company": Company.current(),
            "site_url": settings.SITE_URL,
        }
        words["subject"] = _render(event, variant, "subject.txt", words).strip()
        text = _render(event, variant, "body.txt", words)
        html = _render(event, variant, "body.html", words)
    draft = LetterDraft(variant, language, words["subject"], _paragraphs(text), html.strip() + "\n")
    check(draft)
    return draft


def _paragraphs(text: str) -> str:
    """One blank line between paragraphs, whatever the template's tags left behind."""
    return re.sub(r"\s*\n\s*\n\s*", "\n\n", text).strip() + "\n"


def _render(event: str, variant: str, part: str, words: Mapping[str, Any]) -> str:
    path = "notices/" + event.replace(".", "/", 1)
    template = Engine.get_default().select_template([f"{path}.{variant}.{part}", f"{path}.{part}"])
    return template.render(Context(dict(words), autoescape=part.endswith(".html")))


def greet_text(body: str, name: str, language: str) -> str:
    return body.replace(GREETING, _joined(name, language), 1)


def greet_html(body: str, name: str, language: str) -> str:
    return body.replace(GREETING, escape(_joined(name, language)), 1)


def _joined(name: str, language: str) -> str:
    return JOINTS.get(language, " ") + name if name else ""
