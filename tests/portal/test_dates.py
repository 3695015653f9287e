"""Which day a moment is: the company's, on every page, never the server's."""

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template

from law.models import Company
from portal.dates import day_of, spoken
from requests.models import Message, RightsRequest
from tests.people.factories import UserFactory
from tests.requests.factories import RequestFactory

pytestmark = pytest.mark.django_db
LATE = datetime(2026, 3, 3, 3, 30, tzinfo=UTC)  # ten in the evening of the second, in New York


def shown(words: str, **context: object) -> str:
    return Template(f"{{% load portal %}}{words}").render(Context({"at": LATE, **context}))


def test_a_moment_late_in_the_evening_is_still_that_day():
    assert day_of(LATE) == date(2026, 3, 2)
    assert spoken(LATE) == "2 March 2026"
    assert day_of(date(2026, 3, 3)) == date(2026, 3, 3)


def test_the_tag_and_the_filter_name_the_company_s_day():
    assert shown("{% day at %}") == '<time datetime="2026-03-02">2 March 2026</time>'
    assert shown("{{ at|spoken_day }}") == "2 March 2026"
    assert "2 March 2026, 22:30 EST" in shown("{{ at|spoken_moment }}")


def test_another_zone_is_another_day(django_assert_num_queries):
    Company.objects.create(pk=1, name="A", service="A", time_zone="Europe/Berlin")
    assert spoken(LATE) == "3 March 2026"
    with django_assert_num_queries(0):
        assert "3 March" in shown("{% day at %}{% day at %}", company=Company(time_zone="Europe/Berlin"))


def test_a_message_of_the_evening_bears_the_day_it_was_written(client):
    request: RightsRequest = RequestFactory.create(in_review=True)
    Message.objects.create(
        request=request, sender_kind="staff", sender_ref=str(UserFactory().pk), body="A word.", sent_at=LATE
    )
    session = client.session
    session["opened-cases"] = {request.reference: "2999-01-01T00:00:00+00:00"}
    session.save()
    page = client.get(f"/requests/{request.reference}/messages/").content.decode()
    assert '<time datetime="2026-03-02">2 March 2026</time></h3>' in page
