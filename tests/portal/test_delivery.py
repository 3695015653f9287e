"""How pages travel: caching, the feed, protection, and what is said when something breaks."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from django.db import OperationalError
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from notices.models import Campaign, Letter, Notice, NoticeQuerySet
from tests.policies.factories import PolicyFactory, PolicyVersionFactory

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def version(db):
    return PolicyVersionFactory.create(policy__main=True, published=True, effective_on=date(2026, 1, 1))


@pytest.mark.parametrize(
    "path", ["/", "/versions/", "/versions/2026-01-01/", "/versions/2026-01-01/en.md", "/versions/feed/"]
)
def test_a_visitor_who_has_the_page_is_not_sent_it_again(client, version, path):
    first = client.get(path)
    assert first["Cache-Control"] == "public, no-cache"
    assert not first.cookies
    again = client.get(path, headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304


def test_a_new_version_changes_the_page_at_once(client, version):
    first = client.get("/")
    PolicyVersionFactory.create(
        policy=version.policy, published=True, effective_on=date(2026, 1, 2), text="New."
    )
    assert client.get("/", headers={"if-none-match": first["ETag"]}).status_code == 200


def test_a_kept_page_is_kept_for_each_language_apart(client, version):
    assert {"Accept-Language", "Cookie"} <= set(client.get("/")["Vary"].split(", "))


@pytest.mark.parametrize("path", ["/", "/versions/", "/versions/2026-01-01/changes/"])
def test_a_public_page_only_answers_reading(client, version, path):
    for method in ("post", "put", "delete"):
        assert getattr(client, method)(path).status_code == 405


def test_the_security_policy_allows_nothing_inline(client, version):
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "data:" not in policy


def test_the_feed_is_atom_with_addresses_of_ours_whatever_host_was_asked(client, version, settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.SITE_URL = "https://privacy.example.org"
    response = client.get("/versions/feed/", headers={"host": "evil.example"})
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(response.content)  # noqa: S314 (our own feed)
    [entry] = feed.iter(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Privacy policy from 1 January 2026"
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == "https://privacy.example.org/versions/2026-01-01/changes/"
    assert b"evil" not in response.content


def test_the_feed_escapes_what_staff_typed(client, version):
    PolicyVersionFactory.create(
        policy=version.policy, published=True, effective_on=date(2026, 2, 1), note="<script>x</script>"
    )
    feed = ElementTree.fromstring(client.get("/versions/feed/").content)  # noqa: S314 (our own feed)
    summaries = [entry.findtext(f"{ATOM}summary") or "" for entry in feed.iter(f"{ATOM}entry")]
    assert any("&lt;script&gt;" in summary for summary in summaries)
    assert not any("<script" in summary for summary in summaries)


def test_the_feed_tells_of_a_withdrawal(client, version):
    PolicyVersionFactory.create(policy=version.policy, withdrawn=True, effective_on=date(2026, 3, 1))
    assert "the version of 1 March 2026 was withdrawn" in client.get("/versions/feed/").content.decode()


def test_each_policy_has_its_own_feed(client, version):
    cookies = PolicyFactory.create(cookies=True)
    PolicyVersionFactory.create(policy=cookies, published=True, effective_on=date(2026, 2, 2))
    assert (
        "Cookie policy from 2 February 2026"
        in client.get("/policies/cookies/versions/feed/").content.decode()
    )
    assert "Cookie" not in client.get("/versions/feed/").content.decode()


def test_a_monitor_learns_that_the_database_answers(client, db):
    response = client.get("/healthz")
    assert response.json() == {
        "database": "up",
        "oldest_due_notice_seconds": None,
        "oldest_due_mail_seconds": None,
    }
    assert response["Cache-Control"] == "no-store"


def test_a_monitor_learns_how_long_mail_has_waited(client, db):
    now = timezone.now()
    campaign = Campaign.objects.create(event="t.t", object_type="t", object_ref="1", opened_at=now)
    letter = Letter.objects.create(campaign=campaign, language="en", variant="adult", subject="s")
    Notice.objects.create(
        campaign=campaign,
        recipient_id=1,
        letter=letter,
        address="amina@example.org",
        due_at=now - timedelta(minutes=5),
    )
    answer = client.get("/healthz")
    assert 299 <= answer.json()["oldest_due_notice_seconds"] <= 400
    assert "amina" not in answer.content.decode()


def test_a_monitor_is_told_when_the_database_is_down(client, db, monkeypatch):
    def broken(self):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(NoticeQuerySet, "due", broken)
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (503, {"database": "down"})


def test_search_engines_are_asked_to_leave_the_desk_alone(client, db):
    assert "Disallow: /admin/" in client.get("/robots.txt").content.decode()


@pytest.mark.parametrize(
    ("template", "title"),
    [
        ("400.html", "We could not understand that request"),
        ("403.html", "You may not see this page"),
        ("403_csrf.html", "This page has waited too long"),
        ("404.html", "We cannot find this page"),
        ("429.html", "Too many tries"),
    ],
)
def test_each_failure_says_what_to_do_next(db, template, title):
    html = render_to_string(template)
    assert f"<h1>{title}</h1>" in html
    assert 'class="button" href="/"' in html


def test_the_page_for_our_own_failures_needs_no_database():
    # Without the `db` fixture a query would fail this test.
    html = render_to_string("500.html")
    assert "<h1>Something broke on our side</h1>" in html
    assert 'href="/"' in html


def test_a_form_from_elsewhere_is_refused_with_a_way_on(db):
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "dov@example.org"})
    assert response.status_code == 403
    assert "This page has waited too long" in response.content.decode()


def test_a_signed_in_visitors_page_is_kept_by_nobody(client, version, django_user_model):
    client.force_login(django_user_model.objects.create_user("dov@example.org"))
    assert "no-store" in client.get("/")["Cache-Control"]
