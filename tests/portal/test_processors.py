"""The list of companies as the public reads it."""

import csv
import io
import re
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest
import time_machine
from django.test import Client

from processors.models import Announcement, Processor, Status, SubprocessorChange
from processors.public_list import announcing, changes
from tests.inventory.factories import DataCategoryFactory, ProcessingActivityFactory
from tests.people.factories import UserFactory
from tests.processors.change_factories import ChangeFactory, ListedFactory, entry

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 6, 1, 12, tzinfo=UTC)
LIST = "/processors/"


@pytest.fixture(autouse=True)
def _june():
    with time_machine.travel(TODAY, tick=False):
        yield


def page(client: Client, path: str = LIST, **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_the_page_says_how_many_work_for_us_and_since_when(client):
    ListedFactory.create_batch(2)
    ChangeFactory(told_for=date(2026, 3, 2))
    assert "3 companies work for us. Last change 2 March 2026 ." in page(client)


def test_a_line_names_work_places_and_seat_as_entered(client):
    ListedFactory(name="Brightpage, Inc. (BP)", places=["US", "BE", "SG"], description="Lesson videos")
    text = page(client)
    assert (
        "Brightpage, Inc. (BP) Seat: United States Lesson videos – United States, Belgium, Singapore" in text
    )


def test_data_and_purpose_follow_from_what_it_receives(client):
    activity = ProcessingActivityFactory()
    activity.categories.set([DataCategoryFactory(name="Lesson answers")])
    ListedFactory(description="", activities=[activity])
    text = page(client)
    assert activity.purpose.name in text
    assert "Lesson answers" in text


def test_what_was_only_entered_in_the_register_is_not_on_the_page_before_its_day(client):
    brightpage = ListedFactory(name="Brightpage", places=["US"])
    brightpage.places.create(country="IE")
    Processor.objects.filter(pk=brightpage.pk).update(name="Dimpage")
    rows = changes.gather(brightpage, at=TODAY)
    assert "Dimpage" not in page(client)
    july, dov = date(2026, 7, 1), UserFactory()
    announcing.announce(rows, effective_on=july, by=dov, at=TODAY, reason="They asked.")
    assert "Brightpage Seat: United States Lesson videos – United States –" in page(client)
    with time_machine.travel(datetime(2026, 7, 1, 12, tzinfo=UTC)):
        assert "Dimpage Seat: United States Lesson videos – United States, Ireland –" in page(client)


def test_who_holds_data_and_was_never_told_is_not_hidden(client):
    ListedFactory(name="Brightpage", told=False)
    assert "Brightpage" in page(client)


def test_a_place_nobody_named_is_shown_in_their_words(client):
    ListedFactory(places=["global"])
    assert "global" in page(client)


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.REVIEW, Status.APPROVED])
def test_who_holds_no_data_of_ours_is_not_there(client, status):
    ListedFactory(name="Secret Plans", status=status)
    for path in (LIST, "/processors/companies.csv"):
        assert "Secret Plans" not in client.get(path).content.decode()


def test_what_comes_is_said_at_the_top(client):
    ChangeFactory(name="Owl Mail", becomes=entry("Owl Mail"), told_for=date(2026, 7, 1))
    text = page(client)
    assert (
        "What will change From 1 July 2026 : Owl Mail is new. Lesson videos. Places: United States." in text
    )


@pytest.mark.parametrize(
    ("language", "places", "seat"),
    [("es", "Lugares: Estados Unidos.", "España"), ("fr", "Lieux\u00a0: États-Unis.", "Espagne"), ("de", "Orte: Vereinigte Staaten.", "Spanien")],
)  # fmt: skip
def test_a_change_is_read_in_the_readers_language(client, language, places, seat):
    ChangeFactory(told_for=date(2026, 7, 1))
    ChangeFactory(kind="seat", was={"seat": ""}, becomes={"seat": "ES"}, told_for=date(2026, 7, 1))
    html = client.get(LIST, headers={"accept-language": language}).content.decode()
    assert f'<span lang="en">Lesson videos</span>. {places}' in html
    assert f"{seat}." in html


def test_what_an_old_list_said_stays_the_english_it_was(client):
    ChangeFactory(becomes={}, after="Mails. Places: Spain.", told_for=date(2026, 7, 1))
    html = client.get("/processors/changes/", headers={"accept-language": "de"}).content.decode()
    assert '<span lang="en">Mails. Places: Spain.</span>' in html


def test_a_short_notice_and_a_correction_give_the_reason_written_for_the_public(client):
    for kind in ("is_short_notice", "is_correction"):
        told = Announcement.objects.create(
            effective_on=date(2026, 5, 1), announced_at=TODAY, because=f"of {kind}.", **{kind: True}
        )
        ChangeFactory(announcement=told)
    text = page(client, "/processors/changes/")
    assert "At short notice, because of is_short_notice." in text
    assert "A correction, because of is_correction." in text


def test_nothing_that_is_only_gathered_is_shown(client):
    ChangeFactory(name="Secret Plans")
    for path in (LIST, "/processors/changes/", "/processors/feed/"):
        assert "Secret Plans is new" not in client.get(path).content.decode()


def test_without_companies_the_page_says_so(client):
    assert "No company works for us today." in page(client)
    assert "Nothing has changed yet." in page(client, "/processors/changes/")


def test_the_history_keeps_what_was_withdrawn(client):
    ChangeFactory(name="Old Fox", told_for=date(2026, 1, 1))
    ChangeFactory(name="Owl Mail", told_for=date(2026, 7, 1), withdrawn_at=TODAY, withdrawal_reason="No.")
    text = page(client, "/processors/changes/")
    assert "1 July 2026 Withdrawn Owl Mail is new." in text
    assert "1 January 2026 Old Fox is new." in text


def test_the_feed_has_one_entry_for_each_change(client):
    ChangeFactory(name="Brightpage <b>", told_for=date(2026, 7, 1))
    response = client.get("/processors/feed/")
    atom = ElementTree.fromstring(response.content)  # noqa: S314 (our own page)
    [entry] = atom.findall("{http://www.w3.org/2005/Atom}entry")
    assert entry.findtext("{http://www.w3.org/2005/Atom}title") == "Brightpage <b>: change on 1 July 2026"
    assert "Brightpage &lt;b&gt; is new." in str(entry.findtext("{http://www.w3.org/2005/Atom}summary"))


def test_the_table_to_download_runs_in_no_spreadsheet(client):
    ListedFactory(name="=HYPERLINK(1)", places=["US", "IE"])
    rows = list(csv.DictReader(io.StringIO(client.get("/processors/companies.csv").content.decode())))
    assert (rows[0]["name"], rows[0]["places"]) == ("'=HYPERLINK(1)", "United States, Ireland")


def test_words_of_a_company_are_shown_not_run(client):
    ListedFactory(name="<script>alert(1)</script>")
    assert "<script>alert" not in client.get(LIST).content.decode()


def test_the_page_may_be_kept_and_costs_no_cookie(client):
    ListedFactory()
    response = client.get(LIST)
    assert "no-cache" in response["Cache-Control"]
    assert not response.cookies
    assert client.get(LIST, headers={"if-none-match": response["ETag"]}).status_code == 304


def test_more_companies_take_no_more_queries(client, django_assert_num_queries):
    ListedFactory(places=["US"])
    with django_assert_num_queries(7) as first:
        client.get(LIST)
    ListedFactory.create_batch(20, places=["US"])
    with django_assert_num_queries(len(first)):
        client.get(LIST)


def test_a_thousand_changes_are_read_a_page_at_a_time(client, django_assert_num_queries):
    owl = ListedFactory(name="Owl")
    day = date(2026, 5, 1)
    told = Announcement.objects.create(effective_on=day, announced_at=TODAY)
    rows = ChangeFactory.build_batch(60, processor=owl, announcement=told)
    SubprocessorChange.objects.bulk_create(rows)
    with django_assert_num_queries(4) as first:
        client.get("/processors/changes/")
    SubprocessorChange.objects.bulk_create(
        ChangeFactory.build_batch(940, processor=owl, announcement=told, kind="name")
    )
    with django_assert_num_queries(len(first)):
        html = client.get("/processors/changes/?page=20").content.decode()
    assert html.count('<li id="change-') == 50
    assert "Page 20 of 20" in html
    assert "Newer changes" in html
    assert "Older changes" not in html


def test_the_list_of_today_costs_no_more_queries_after_a_thousand_changes(client, django_assert_num_queries):
    owl = ListedFactory(name="Owl")
    told = Announcement.objects.create(effective_on=date(2026, 5, 1), announced_at=TODAY)
    facts = {"processor": owl, "announcement": told, "kind": "name", "becomes": {"name": "Eagle Owl"}}
    SubprocessorChange.objects.bulk_create(ChangeFactory.build_batch(1000, **facts))
    with django_assert_num_queries(7):
        assert "Eagle Owl" in client.get(LIST).content.decode()
