"""A crowd taken out of the house is refused, and the privacy lead hears of it (A26)."""

from smtplib import SMTPException

import pytest
from django.core import mail
from django.test import Client

from audit.models import Event
from tests.people.factories import PersonFactory, UserFactory

pytestmark = pytest.mark.django_db


def export(client: Client, settings):
    settings.EXPORT_CEILING = 2
    PersonFactory.create_batch(3)
    client.force_login(UserFactory(group="privacy lead", email="lead@company.example"))
    return client.post("/admin/people/person/export/", {"reason": "Because I can."})


def test_an_export_over_the_ceiling_is_refused_recorded_and_mailed(client: Client, settings) -> None:
    assert export(client, settings).status_code == 403
    assert Event.objects.filter(verb="people.export_refused").count() == 1
    assert [message.to for message in mail.outbox] == [["lead@company.example"]]
    assert "family.example" not in mail.outbox[0].body


def test_a_dead_mail_server_does_not_turn_the_refusal_into_an_error(
    client: Client, settings, monkeypatch
) -> None:
    def down(*args: object, **kwargs: object) -> None:
        raise SMTPException

    monkeypatch.setattr("privacy_site.alarms.send_mail", down)
    assert export(client, settings).status_code == 403
