"""Letters: drafted from a template, edited by a colleague, frozen when sent.

Templates are plain text with names in braces (`placeholders.NAMES`). Nothing in them is ever run: what
staff or requesters write stays text on every road."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format

from audit.actors import Acts
from law.applying import pattern
from law.models import Company
from requests import clocks, placeholders
from requests.copies import withheld
from requests.models import COPIES, LetterKind, LetterTemplate, Message, RequesterKind, Right, RightsRequest
from requests.refusals import LetterMissing, LetterUnfinished

from . import mails, messages

SHIPPED = Path(__file__).parent / "data"
HELLO = {
    "en": ("Hello {},", "Hello,"),
    "es": ("Hola, {}:", "Hola:"),
    "fr": ("Bonjour {},", "Bonjour,"),
    "de": ("Guten Tag {},", "Guten Tag,"),
}
# French says «concernant»: after it no name has to be shortened to d’.
WHOSE = {
    "en": ("your data", "the data of {}"),
    "es": ("sus datos", "los datos de {}"),
    "fr": ("vos données", "les données concernant {}"),
    "de": ("Ihre Daten", "die Daten von {}"),
}
# Laws whose complaint route we can name; for the others the words stay general.
ROUTES = ("eu_gdpr", "uk_gdpr", "us_ca_ccpa", "us_state_model")
AFTER_AN_APPEAL = {"us_state_model": "us_state_model_appealed"}
# What a case of this right usually ends with.
KIND_OF_ANSWER = {
    Right.ACCESS: LetterKind.COPY,
    Right.PORTABILITY: LetterKind.COPY,
    Right.RECTIFICATION: LetterKind.CORRECTED,
    Right.ERASURE: LetterKind.ERASED,
    Right.RESTRICTION: LetterKind.RESTRICTED,
    Right.OBJECTION: LetterKind.STOPPED,
    Right.OPT_OUT: LetterKind.STOPPED,
    Right.COMPLAINT: LetterKind.ANSWER,
    Right.INQUIRY: LetterKind.ANSWER,
}


def kind_of_answer(request: RightsRequest) -> LetterKind:
    return LetterKind.APPEAL if request.appeal_of_id else KIND_OF_ANSWER[Right(request.right)]


# --- Templates -------------------------------------------------------------------------------


def shipped() -> Iterator[tuple[str, str, str]]:
    """Kind, language and words of every letter that comes with the software."""
    for kind in LetterKind.values:
        for language, _name in settings.LANGUAGES:
            yield kind, language, _read("letters", kind, language)


def load_shipped(**_signal: Any) -> None:
    """After a migrate: every letter there is. What staff made of theirs is never overwritten."""
    LetterTemplate.objects.bulk_create(
        [LetterTemplate(kind=kind, language=language, body=body) for kind, language, body in shipped()],
        ignore_conflicts=True,
    )


@cache
def _read(folder: str, name: str, language: str) -> str:
    return (SHIPPED / folder / f"{name}.{language}.txt").read_text(encoding="utf-8").strip()


# --- Drafts ----------------------------------------------------------------------------------


def draft(request: RightsRequest, kind: LetterKind | str, **known: str) -> str:
    """The template in the requester's language, filled in. What is not known stays as […], for a
    colleague to write: `send` refuses a letter that still holds it."""
    template = LetterTemplate.objects.filter(kind=kind, language=request.language).first()
    body = template.body if template else _read("letters", LetterKind(kind).value, request.language)
    return placeholders.fill(body, {**values(request), **known})


def values(request: RightsRequest) -> dict[str, str]:
    company, whom = Company.current(), mails.whom(request)
    with_name, without = HELLO[request.language]
    return {
        "hello": with_name.format(whom.greeting) if whom and whom.greeting else without,
        "reference": request.reference,
        "whose": _whose(request),
        "company": company.name,
        "service": company.service,
        "contact": company.contact_email,
        "received_on": say_day(company.day_of(request.received_at), request.language),
        "due_on": say_day(request.legal_due_on or request.strict_due_on, request.language),
        "message_days": str(company.message_days),
        "routes": routes(request),
    }


def _whose(request: RightsRequest) -> str:
    """A guardian of two reads whose data it is. An agent’s case is answered to the person themselves."""
    yours, of_somebody = WHOSE[request.language]
    subject, for_another = request.subject, (RequesterKind.GUARDIAN, RequesterKind.SCHOOL)
    if subject is None or request.requester_kind not in for_another or not subject.given_name:
        return yours
    return of_somebody.format(subject.given_name)


def say_day(day: date | None, language: str) -> str:
    """“2 March 2026”, as that language writes it; empty for no day."""
    if day is None:
        return ""
    with translation.override(language):
        return date_format(day, "j F Y" if language == "en" else "DATE_FORMAT")


def routes(request: RightsRequest) -> str:
    """Where to complain and how to appeal, for each law of the case (GDPR Art. 12(4); Va. Code 59.1-577(C))."""
    codes = [pattern(row.code) for row in clocks.binding(request) if not row.is_guess]
    known = sorted({code for code in codes if code in ROUTES}) or ["other"]
    if request.appeal_of_id:  # who has had the second look is not sent to ask for one
        known = [AFTER_AN_APPEAL.get(code, code) for code in known]
    return "\n".join(_read("routes", code, request.language) for code in known)


def of_copy(request: RightsRequest) -> dict[str, str]:
    """Until when a copy released now can be fetched, and what is missing in it; nothing for other rights."""
    if request.right not in COPIES:
        return {}
    last, missing = Company.current().last_day_of_copy(timezone.now()), withheld.words(request)
    return {
        "available_until": say_day(last, request.language),
        "withheld": f"{missing}\n\n{routes(request)}" if withheld.is_any(request) else missing,
    }


# --- Sending ---------------------------------------------------------------------------------


def send(request: RightsRequest, kind: LetterKind | str, text: str, *, by: Acts, at: datetime) -> Message:
    """The words go to the thread and stay as they are; a mail says that there is news.

    Raises LetterMissing, LetterUnfinished."""
    if not text.strip():
        raise LetterMissing("The letter is empty.")
    if placeholders.BLANK in text:
        raise LetterUnfinished(f"The letter still holds {placeholders.BLANK}: write what belongs there.")
    return messages.say(request, text.strip(), by=by, at=at, letter=LetterKind(kind))
