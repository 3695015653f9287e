"""The opening of the policy."""

import pytest
from django.test import Client

from law.models import Company
from policies import actions, refusals
from policies.models import Policy
from tests.people.factories import UserFactory
from tests.policies.factories import PolicyVersionFactory

from .conftest import IN_TIME, NOW


def test_weve_written_this_in_plain_language_because_we_believe_you_deserve_to_understand(
    policy: Policy,
) -> None:
    silent = PolicyVersionFactory(
        policy=policy,
        effective_on=IN_TIME,
        significance="significant",
        rationale="A new recipient.",
        text__summary="",
    )
    with pytest.raises(refusals.NotReady, match="Say what changes in English"):
        actions.submit(silent, by=UserFactory(), at=NOW)


def test_if_anything_seems_unclear_reach_out_through_our_support_channels(
    policy: Policy, company: Company, client: Client
) -> None:
    assert company.contact_email in client.get("/").content.decode()
