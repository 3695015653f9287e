"""Senders of single mails under kill -9: none lost, at most one repeated a kill, flagged, with the same
Message-ID and the same link, which works."""

import re
import signal
from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from notices import links, mail_sender
from notices.models import Mail, MailStatus

from .factories import LONG_AGO, CampaignFactory
from .test_kills import a_sender, chance, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def crowd(size):
    about = CampaignFactory()
    Mail.objects.bulk_create(
        Mail(
            event="processors.confirm_subscription",
            object_type=about._meta.label_lower,
            object_ref=str(about.pk),
            recipient_id=person,
            address=f"person{person}@family.example",
            language="en",
            posted_at=LONG_AGO,
            due_at=LONG_AGO,
            page="portal:processor_mail_confirm",
            purpose="confirm",
            lasts=timedelta(days=7),
            seed=links.new_seed(),
        )
        for person in range(1, size + 1)
    )


def tokens(sink):
    """Address → every token it was sent."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for message, address in zip(sink.mails, sink.recipients, strict=True):
        text = message.get_payload(0).get_payload(decode=True).decode()
        found[address] |= set(re.findall(r"/confirm/(\w+)/", text))
    return found


def oracle(sink, *, kills):
    mails = {mail.address: mail for mail in Mail.objects.all()}
    copies = Counter(sink.recipients)
    assert set(copies) == set(mails), "a mail was lost or invented"
    repeated = {address for address, count in copies.items() if count > 1}
    assert sum(copies.values()) - len(copies) <= kills
    assert all(mails[address].is_possible_duplicate for address in repeated), "a repeated mail has no flag"
    assert sum(mail.is_possible_duplicate for mail in mails.values()) <= kills
    assert {(mail.status, mail.lease_token) for mail in mails.values()} == {(MailStatus.SENT, None)}
    for address, sent in tokens(sink).items():
        [token] = sent
        assert links.trace(token, "confirm") == mails[address]
    return repeated


def expire_leases():
    Mail.objects.exclude(lease_token=None).update(lease_until=Now() - timedelta(seconds=1))


def test_killed_senders_lose_nothing_and_repeat_at_most_one_each(sink):
    crowd(120)
    for _kill in range(3):
        enough = len(sink.recipients) + chance.randint(5, 30)
        with a_sender(sink, "--single") as process:
            wait_until(lambda enough=enough: len(sink.recipients) >= enough)
            process.send_signal(signal.SIGKILL)
        expire_leases()
    mail_sender.send_due()
    oracle(sink, kills=3)


def test_a_sender_killed_between_the_servers_yes_and_its_mark_repeats_that_one_mail(sink):
    crowd(12)
    with a_sender(sink, "--single", "--die-before-mark=7") as process:
        assert process.wait(60) == -signal.SIGKILL
    expire_leases()
    mail_sender.send_due()
    assert oracle(sink, kills=1) == {sink.recipients[6]}


@pytest.mark.postgresql
def test_two_senders_side_by_side_send_each_mail_once(sink):
    crowd(200)
    with a_sender(sink, "--single") as one, a_sender(sink, "--single") as two:
        assert (one.wait(60), two.wait(60)) == (0, 0)
    oracle(sink, kills=0)
