import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client

from law.models import Company
from policies.models import Policy, PolicyVersion
from tests.policies.factories import PolicyFactory, PolicyTextFactory, PolicyVersionFactory

pytestmark = pytest.mark.django_db

TODAY = datetime(2026, 6, 1, 12, tzinfo=UTC)
OLD = "# Privacy policy\n\nWe keep it one year.\n\n## Cookies\n\nThree of them.\n\n## Help\n\nAsk us.\n"
NEW = "# Privacy policy\n\nWe keep it two years.\n\n## Cookies\n\nThree of them.\n\n## Help\n\nAsk us.\n"


@pytest.fixture(autouse=True)
def _june():
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture
def policy() -> Policy:
    return PolicyFactory.create(main=True)


@pytest.fixture
def company() -> Company:
    return Company.objects.create(
        pk=1,
        name="Aloraoraex",
        service="Aloraoraex",
        contact_email="help@example.org",
        contact_hours="Monday to Friday",
        postal_address="12 Elm Street",
    )


def published(policy: Policy, day: date, text: str = NEW, **fields) -> PolicyVersion:
    return PolicyVersionFactory.create(policy=policy, published=True, effective_on=day, text=text, **fields)


def page(client: Client, path: str, **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def words(html: str) -> str:
    """What the page says, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def test_the_front_page_is_the_policy_in_force(client, policy):
    published(policy, date(2026, 1, 1), OLD)
    published(policy, date(2026, 3, 2))
    html = page(client, "/")
    assert "In force since 2 March 2026." in words(html)
    assert '<time datetime="2026-03-02">2 March 2026</time>' in html
    assert "We keep it two years." in html
    assert '<a href="#cookies">Cookies</a>' in html
    assert 'href="/versions/2026-01-01/"' in html


def test_a_coming_change_is_announced_with_its_points(client, policy):
    published(policy, date(2026, 1, 1), OLD)
    published(policy, date(2026, 7, 15), text__summary="Two years, not one.\nA new partner.")
    html = page(client, "/")
    assert "This policy changes on 15 July 2026." in words(html)
    assert "<li>Two years, not one.</li>" in html
    assert 'href="/versions/2026-07-15/changes/"' in html
    assert "We keep it one year." in html


def test_before_any_policy_the_page_says_what_will_be_here(client):
    for path in ("/", "/versions/"):
        assert "No policy has been published yet" in page(client, path)


def test_a_policy_that_has_yet_to_begin_says_when(client, policy):
    published(policy, date(2026, 7, 1))
    html = page(client, "/")
    assert "No version is in force yet." in html
    assert 'href="/versions/2026-07-01/changes/"' in html


@pytest.mark.parametrize("trait", ["", "review", "approved"])
def test_a_draft_does_not_exist(client, policy, trait):
    published(policy, date(2026, 1, 1), OLD)
    fields = {trait: True} if trait else {}
    PolicyVersionFactory.create(policy=policy, effective_on=date(2026, 5, 1), text="SECRET PLANS", **fields)
    for path in ("/", "/versions/", "/versions/feed/"):
        html = page(client, path)
        assert "SECRET" not in html
        assert "2026-05-01" not in html
    for path in ("", "changes/", "en.md"):
        assert client.get(f"/versions/2026-05-01/{path}").status_code == 404


def test_a_translation_still_being_written_is_a_draft_too(client, policy):
    version = published(policy, date(2026, 1, 1), OLD)
    PolicyTextFactory.create(version=version, language="es", body="SECRETO", frozen_at=None)
    assert "SECRETO" not in page(client, "/", accept_language="es")
    assert client.get("/versions/2026-01-01/es.md").status_code == 404


def test_a_policy_with_drafts_only_does_not_exist(client, policy):
    PolicyVersionFactory.create(policy=PolicyFactory.create(cookies=True))
    assert client.get("/policies/cookies/").status_code == 404
    assert "Cookie policy" not in page(client, "/")


@pytest.mark.parametrize(
    "path",
    [
        "/versions/2026-02-30/",
        "/versions/2026-1-1/",
        "/versions/20260101/",
        "/versions/2025-12-31/",
        "/policies/x/",
    ],
)
def test_what_is_not_there_is_not_found(client, policy, path):
    published(policy, date(2026, 1, 1))
    response = client.get(path)
    assert response.status_code == 404
    assert "We cannot find this page" in response.content.decode()


def test_the_list_shows_every_version_with_its_stage(client, policy):
    published(policy, date(2026, 1, 1), OLD, note="The first one")
    published(policy, date(2026, 3, 2))
    published(policy, date(2026, 7, 1))
    PolicyVersionFactory.create(policy=policy, withdrawn=True, effective_on=date(2026, 6, 20))
    said = words(page(client, "/versions/"))
    assert re.search(
        "1 July 2026 Coming .* 20 June 2026 Withdrawn before it took effect .* "
        "2 March 2026 In force .* 1 January 2026 Earlier version The first one",
        said,
    )


def test_a_version_shows_its_fingerprint_and_the_exact_text_for_checking(client, policy):
    version = published(policy, date(2026, 1, 1), OLD)
    assert version.original.sha256 in page(client, "/versions/2026-01-01/")
    response = client.get("/versions/2026-01-01/en.md")
    assert response.content == OLD.encode()
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_withdrawn_version_says_that_it_never_takes_effect(client, policy):
    published(policy, date(2026, 1, 1), OLD)
    PolicyVersionFactory.create(policy=policy, withdrawn=True, effective_on=date(2026, 6, 20))
    for path in ("/versions/2026-06-20/", "/versions/2026-06-20/changes/"):
        said = words(page(client, path))
        assert "withdrawn on 8 January 2026. It never takes effect." in said
        assert "What you can do" not in said


def test_the_mail_of_a_withdrawal_leads_somewhere_even_when_nothing_else_was_published(client):
    PolicyVersionFactory.create(policy__slug="cookies", withdrawn=True)
    said = client.get("/policies/cookies/").content.decode()
    assert "No version is in force yet." in said
    assert client.get("/policies/cookies/versions/").status_code == 200


def test_a_version_published_in_a_withdrawn_ones_place_is_the_one_shown(client, policy):
    PolicyVersionFactory.create(policy=policy, withdrawn=True, effective_on=date(2026, 1, 1), text="gone")
    published(policy, date(2026, 1, 1), "here")
    assert "<p>here</p>" in page(client, "/versions/2026-01-01/")


def test_the_changes_are_told_word_by_word_and_aloud(client, policy, company):
    published(policy, date(2026, 1, 1), OLD)
    published(policy, date(2026, 7, 15), text__summary="Two years, not one.")
    html = page(client, "/versions/2026-07-15/changes/")
    said = words(html)
    assert "1 thing changes on 15 July 2026" in said
    assert "1 of 6 passages is new, gone or different." in said
    assert '<del><span class="visually-hidden" lang="en">removed: </span>one year</del>' in html
    assert '<ins><span class="visually-hidden" lang="en">added: </span>two years</ins>' in html
    assert "<summary>4 passages did not change</summary>" in html
    assert "What you can do" in said
    assert 'href="mailto:help@example.org"' in html


def test_an_editorial_change_says_that_nothing_changes_for_people(client, policy):
    published(policy, date(2026, 1, 1), OLD)
    published(policy, date(2026, 5, 1), NEW, editorial=True)
    assert "Only the wording changed. Nothing changes for you." in page(
        client, "/versions/2026-05-01/changes/"
    )


def test_another_version_can_be_chosen_to_compare_with(client, policy):
    published(policy, date(2026, 1, 1), "First words here.")
    published(policy, date(2026, 2, 1), "Second words here.")
    published(policy, date(2026, 3, 1), "Third words here.")
    html = page(client, "/versions/2026-03-01/changes/?from=2026-01-01")
    assert "What changed from 1 January 2026 to 1 March 2026" in words(html)
    assert "First</del>" in html
    for wrong in ("2026-03-01", "2025-01-01", "x"):
        assert client.get(f"/versions/2026-03-01/changes/?from={wrong}").status_code == 404


def test_the_first_version_has_nothing_to_be_compared_with(client, policy):
    published(policy, date(2026, 1, 1))
    assert "There is nothing to compare it with." in page(client, "/versions/2026-01-01/changes/")


def test_other_policies_live_under_their_name_and_are_listed_below(client, policy):
    published(policy, date(2026, 1, 1))
    cookies = PolicyFactory.create(cookies=True)
    published(cookies, date(2025, 5, 5), "Old biscuits.")
    published(cookies, date(2026, 2, 2), "New biscuits.")
    assert '<a href="/policies/cookies/">Cookie policy</a>' in page(client, "/")
    assert "New biscuits." in page(client, "/policies/cookies/")
    assert 'href="/policies/cookies/versions/2025-05-05/"' in page(client, "/policies/cookies/versions/")
    assert "Old</del>" in page(client, "/policies/cookies/versions/2026-02-02/changes/")
    assert client.get("/versions/2026-02-02/").status_code == 404


def test_the_main_policy_has_one_address(client, policy):
    published(policy, date(2026, 1, 1))
    assert client.get("/policies/privacy/")["Location"] == "/"


def test_a_visitor_reads_the_translation_and_is_told_which_text_binds(client, policy):
    version = published(policy, date(2026, 1, 1), OLD)
    PolicyTextFactory.create(version=version, language="es", body="# Política\n\nUn año.\n", summary="")
    html = page(client, "/", accept_language="es")
    assert '<html lang="es"' in html
    assert '<h1 lang="es">Política</h1>' in html
    assert "Esta es una traducción para facilitar la lectura. El texto que obliga está en inglés." in words(
        html
    )
    assert 'href="/versions/2026-01-01/?text=en"' in html
    assert "We keep it one year." in page(client, "/versions/2026-01-01/?text=en", accept_language="es")


def test_without_a_translation_the_original_is_shown_in_its_own_language(client, policy):
    published(policy, date(2026, 1, 1), OLD)
    html = page(client, "/", accept_language="fr")
    assert "Ce texte est en anglais." in words(html)
    assert '<article class="text" lang="en">' in html
    assert "En vigueur depuis le 1 janvier 2026." in words(html)


def test_choosing_a_language_is_a_post_and_stays_chosen(client, policy):
    published(policy, date(2026, 1, 1), OLD)
    response = client.post("/language/", {"language": "de", "next": "/versions/"})
    assert response["Location"] == "/versions/"
    assert '<html lang="de"' in page(client, "/")


def test_the_language_choice_leads_nowhere_else(client):
    response = client.post("/language/", {"language": "de", "next": "https://evil.example/"})
    assert response["Location"] == "/"
    assert client.get("/language/?language=fr").status_code == 302
    assert '<html lang="de"' in page(client, "/")


HOSTILE = [
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
    ("{{7*7}} {% debug %}", "{{7*7}} {% debug %}"),
    ("مرحبا hello", "مرحبا hello"),
]


@pytest.mark.parametrize(("typed", "shown"), HOSTILE)
def test_what_is_typed_is_shown_and_never_obeyed(client, policy, typed, shown):
    published(policy, date(2026, 1, 1), OLD, note=typed)
    published(policy, date(2026, 3, 2), f"## {typed}\n\n{typed}\n", note=typed, text__summary=typed)
    for path in ("/", "/versions/", "/versions/2026-03-02/", "/versions/2026-03-02/changes/"):
        html = page(client, path)
        assert shown in html
        assert "<script" not in html
        assert 'href="javascript' not in html


def test_every_page_has_one_h1_a_language_and_a_title_of_its_own(client, policy, company):
    published(policy, date(2026, 1, 1), OLD)
    published(policy, date(2026, 3, 2))
    paths = [
        "/",
        "/versions/",
        "/versions/2026-03-02/",
        "/versions/2026-01-01/",
        "/versions/2026-03-02/changes/",
    ]
    pages = [page(client, path) for path in paths]
    titles = [html.split("<title>")[1].split("</title>")[0] for html in pages]
    assert len(set(titles)) == len(pages)
    for html in pages:
        assert html.count("<h1") == 1
        assert '<html lang="en" dir="ltr">' in html
        assert " style=" not in html
        assert "<script" not in html


def test_every_page_says_where_to_ask(client, policy, company):
    published(policy, date(2026, 1, 1))
    for path in ("/", "/versions/", "/versions/2026-01-01/"):
        said = words(page(client, path))
        assert "A person reads what you write to help@example.org. Monday to Friday" in said


def test_the_policy_of_the_day_begins_at_the_companys_midnight(client, policy, company):
    published(policy, date(2026, 1, 1), "old words")
    published(policy, date(2026, 6, 2), "new words")
    with time_machine.travel(datetime(2026, 6, 2, 3, 59, tzinfo=UTC)):
        assert "old words" in page(client, "/")
    with time_machine.travel(datetime(2026, 6, 2, 4, 1, tzinfo=UTC)):
        assert "new words" in page(client, "/")


@pytest.mark.parametrize("versions", [2, 12])
def test_pages_ask_the_database_as_often_however_many_versions_there_are(
    client, policy, django_assert_num_queries, versions
):
    for month in range(versions):
        published(policy, date(2025, 1 + month % 12, 1), f"Words of {month}.")
    day = date(2025, versions, 1)
    for path, queries in [
        ("/", 7),
        ("/versions/", 4),
        (f"/versions/{day}/", 6),
        (f"/versions/{day}/changes/", 8),
    ]:
        with django_assert_num_queries(queries):
            client.get(path)


def test_the_first_version_leads_to_no_page_of_changes(client, policy):
    published(policy, date(2025, 1, 1), "Words.")
    published(policy, date(2025, 2, 1), "Other words.")
    assert "This is the first version." in page(client, "/versions/2025-01-01/")
    assert "See what this version changes" in page(client, "/versions/2025-02-01/")


def test_a_summary_says_its_own_language_where_the_texts_compared_are_in_another(client, policy):
    published(policy, date(2026, 1, 1), "We keep it two years.")
    version = published(policy, date(2026, 2, 1), "We keep it one year.")
    PolicyTextFactory.create(version=version, language="es", body="Un año.", summary="Menos tiempo.")
    html = page(client, "/versions/2026-02-01/changes/", accept_language="es")
    assert '<ul class="points" lang="es"><li>Menos tiempo.</li>' in html
    assert "Este texto está en inglés." in html


@pytest.mark.parametrize(
    ("path", "here"),
    [("/", "Policy"), ("/versions/", "Policy"), ("/data/", "What we collect"), ("/processors/changes/", "Companies"),
     ("/cookies/choices/", "Cookies"), ("/requests/", "Your data")],
)  # fmt: skip
def test_every_page_leads_to_the_others_and_says_where_one_is(client, policy, path, here):
    published(policy, date(2026, 3, 2))
    (nav,) = re.findall(r'<nav aria-label="Main pages">.*?</nav>', page(client, path), re.S)
    assert re.findall(r'aria-current="\w+">([^<]+)', nav) == [here]
    assert words(nav) == "Policy What we collect Companies Cookies Your data"
