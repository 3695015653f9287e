"""Security of Your Information, and its organizational measures."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from audit.actions import record
from audit.models import Event
from tests.people.factories import PASSWORD, PersonFactory, UserFactory

from .conftest import NOW

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str) -> None:
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})


def test_weve_implemented_multiple_layers_of_security_controls_designed_to_prevent_unauthorized_access(
    client: Client, settings: Any
) -> None:
    settings.MFA_REQUIRED = True
    sign_in(client, UserFactory(superuser=True).email)
    answer = client.get(reverse("admin:people_person_changelist"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("mfa_activate_totp"))


def test_security_controls_designed_to_ensure_information_gets_used_appropriately(client: Client) -> None:
    dov, person = UserFactory(superuser=True), PersonFactory()
    sign_in(client, dov.email)
    client.get(reverse("admin:people_person_change", args=[person.pk]))
    look = Event.objects.get(verb="people.read")
    assert (look.actor_ref, look.object_ref) == (str(dov.pk), str(person.pk))


def test_we_maintain_clear_data_handling_policies() -> None:
    record(
        "people.close", PersonFactory(), by=UserFactory(dov=True), at=NOW, reason="The account was closed."
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.update(reason="Something else.")
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.all().delete()
