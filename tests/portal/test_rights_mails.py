"""Each mail about a request, in each language: short, without anything personal, the same in both parts."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.conf import settings

from notices.letters import compose as compose_letter
from notices.letters import greet_html, greet_text

pytestmark = pytest.mark.django_db
LINK = "https://privacy.example/requests/AB3DE-F4GHJ-K5LMN/confirm/abcdefghijklmnopqrstuvwxyz234567/"
CONTEXT = {
    "reference": "AB3DE-F4GHJ-K5LMN",
    "link": LINK,
    "code": "482913",
    "expires_at": datetime(2026, 3, 2, 14, 30, tzinfo=UTC),
    "not_before_at": datetime(2026, 3, 5, 14, 30, tzinfo=UTC),
    "due_on": date(2026, 3, 12),
    "where": "Learning records",
    "duty": "gather",
}
FOR_STAFF = {"requests.summary"}  # in English, as the desk is
EVENTS = sorted(
    {
        f"{path.parent.name}.{path.name.removesuffix('.subject.txt')}"
        for folder in ("requests", "portal")
        for path in (settings.BASE_DIR / "templates" / "notices" / folder).glob("*.subject.txt")
    }
    - FOR_STAFF
)
WITH_CODE = {"requests.confirm", "requests.reminder", "requests.open", "portal.sign_in"}
# Whoever looks over a shoulder must not learn what was asked for; a deletion can be stopped, so that one is named.
UNSAID = re.compile(r"access|portab|rectif|restrict|objection|opt-out|complain|child|school", re.IGNORECASE)


def compose(event: str, language: str) -> Any:
    return compose_letter(event, "", language, CONTEXT)


def words(text: str) -> list[str]:
    return text.split()


def plain(html: str) -> str:
    without_head = re.sub(r"(?s)<head.*?</head>|<div style=\"display:none.*?</div>", " ", html)
    in_a_line = re.sub(r"</?strong[^>]*>", "", without_head)  # parts no word from its full stop
    return " ".join(re.sub(r"<[^>]+>", " ", in_a_line).split())


def test_every_mail_that_code_names_has_its_templates():
    assert {"requests.confirm", "requests.news", "requests.reminder", "requests.address_lost", "requests.open",
            "requests.stop", "requests.erased", "requests.task", "requests.task_reminder",
            "portal.sign_in", "portal.sign_in_unknown"} <= set(EVENTS)  # fmt: skip


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize("event", EVENTS)
def test_a_mail_is_short_and_says_how_to_go_on(event, language):
    draft = compose(event, language)
    text = greet_text(draft.body_text, "", language)
    body = text.split(LINK)[0]
    assert len(draft.subject) <= 60
    assert len(words(body)) <= 120
    assert text.count(LINK) == 1
    assert draft.body_html.count(f'href="{LINK}"') == 2, "one button, then the bare link"
    assert ("482913" in text) == (event in WITH_CODE)


@pytest.mark.parametrize("event", EVENTS)
def test_a_mail_names_neither_right_nor_child(event):
    draft = compose(event, "en")
    assert not UNSAID.search(draft.subject + draft.body_text)


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize("event", EVENTS)
def test_both_parts_say_the_same(event, language):
    draft = compose(event, language)
    text = " ".join(greet_text(draft.body_text, "", language).split())
    html = plain(greet_html(draft.body_html, "", language))
    for sentence in re.split(r"(?<=[.?!:]) ", text.split(LINK)[0]):
        assert sentence.replace("'", "&#x27;")[:60] in html or sentence[:60] in html, sentence


@pytest.mark.parametrize("event", EVENTS)
def test_a_spanish_mail_is_spanish(event):
    assert compose(event, "es").body_text != compose(event, "en").body_text
    assert not re.search(r"\b(the|your|you)\b", compose(event, "es").body_text.replace(LINK, ""))
