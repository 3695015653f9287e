"""What notices keep about people: whom we told. In time only the counts stay (GDPR Art. 5(1)(e))."""

from collections import Counter
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from audit.personal import Clock, Column, Holding, Rows, StartEvent, Then, one_of, register
from law.models import Company

from .mail import empty
from .models import Campaign, Letter, Mail, MailStatus, Notice, Status, Tally

# Still to be sent, or waiting for staff: work, not history.
AT_REST = (Status.SENT, Status.POSTED, Status.BOUNCED, Status.CANCELLED)

MAILS_AT_REST = (MailStatus.SENT, MailStatus.BOUNCED, MailStatus.CANCELLED)


def _sent_until(day: date) -> Q:
    """By its campaign: few campaigns, so the old ones lead straight to their notices."""
    old = Campaign.objects.filter(opened_at__lt=Company.current().end_of(day))
    return Q(campaign__in=old.order_by().values("pk"))


def reduce_to_counts(rows: Rows, at: datetime) -> int:
    """Delete notices, and add them to their campaign's tally in the same transaction."""
    gone = Counter(
        {
            (campaign, status): n
            for campaign, status, n in rows.values_list("campaign", "status").annotate(n=Count("pk"))
        }
    )
    stand = Tally.objects.select_for_update().filter(campaign__in={campaign for campaign, _status in gone})
    total = gone + Counter({(tally.campaign_id, tally.status): tally.count for tally in stand})
    Tally.objects.bulk_create(
        [Tally(campaign_id=key[0], status=key[1], count=total[key]) for key in gone],
        update_conflicts=True,
        unique_fields=["campaign", "status"],
        update_fields=["count"],
    )
    return int(rows._raw_delete(rows.db))


NOTICES = register(
    Holding(
        model=Notice,
        category="messages-sent",
        fields=("recipient_id", "address", "greeting"),
        title=_("Announcements we sent"),
        about=_("Changes of our policy or of the companies that work for us, each told once."),
        columns={
            "sent_at": Column(heading=_("Sent")),
            "subject": Column(heading=_("Subject"), path="letter__subject"),
            "recipient_id": Column(heading=_("To")),
            "address": Column(heading=_("Email address")),
            "greeting": Column(heading=_("Name in the greeting")),
            "status": Column(
                heading=_("What became of it"),
                say=one_of(
                    sent=_("sent"),
                    posted=_("shown on our pages"),
                    bounced=_("refused by the mail server, and shown on our pages"),
                    cancelled=_("not sent"),
                ),
            ),
        },
        subjects=("recipient_id",),
        clocks={StartEvent.SENT: Clock(until=_sent_until)},
        ways={Then.DELETE: reduce_to_counts},
        all_rows=Q(status__in=AT_REST),
    )
)


def _about(event: str) -> str:
    """Mails are made of a template each; who wrote it says what it was about."""
    return _ABOUT(event.partition(".")[0])


_ABOUT = one_of(
    policies=_("our policy"),
    portal=_("signing in"),
    processors=_("the companies that work for us"),
    requests=_("a request about data"),
)


def _posted_until(day: date) -> Q:
    return Q(posted_at__lt=Company.current().end_of(day))


def delete_mails(rows: Rows, at: datetime) -> int:
    return int(rows._raw_delete(rows.db))


def empty_mails(rows: Rows, at: datetime) -> int:
    return empty(rows, at=at)


MAILS = register(
    Holding(
        model=Mail,
        category="messages-sent",
        fields=("recipient_id", "address", "greeting", "context"),
        title=_("Mails we sent"),
        about=_("Mails about one person’s own affairs: a request, or signing in."),
        columns={
            "sent_at": Column(heading=_("Sent")),
            "event": Column(heading=_("About"), say=_about),
            "recipient_id": Column(heading=_("To")),
            "address": Column(heading=_("Email address")),
            "greeting": Column(heading=_("Name in the greeting")),
            "context": Column(heading=_("Filled in")),
            "status": Column(
                heading=_("What became of it"),
                say=one_of(sent=_("sent"), bounced=_("refused by the mail server"), cancelled=_("not sent")),
            ),
        },
        subjects=("recipient_id",),
        clocks={StartEvent.SENT: Clock(until=_posted_until)},
        ways={Then.DELETE: delete_mails, Then.ANONYMIZE: empty_mails},
        all_rows=Q(status__in=MAILS_AT_REST) & ~Q(address=""),
    )
)


def delete_letters(rows: Rows, at: datetime) -> int:
    return int(rows._raw_delete(rows.db) or 0)  # None of no rows at all


LETTERS = register(
    Holding(
        model=Letter,
        category="letters-sent",
        fields=("subject", "body_text", "body_html"),
        title=_("Words of our announcements"),
        about=_("The same for everybody; they name nobody."),
        columns={
            "subject": Column(heading=_("Subject")),
            "body_text": Column(heading=_("Text")),
            "body_html": Column(heading=_("Text with its markup")),
        },
        subjects=(),  # the same words for everybody
        clocks={StartEvent.SENT: Clock(until=_sent_until)},
        ways={Then.DELETE: delete_letters},
        # Who was told says it by pointing at the letter, so the letter is the last to go.
        all_rows=~Q(Exists(Notice.objects.order_by().filter(letter=OuterRef("pk")))),
    )
)
