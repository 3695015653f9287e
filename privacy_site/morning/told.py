"""Notices and mails that did not leave, and whom none reached."""

from notices.models import Campaign, Mail, MailStatus, Notice
from notices.models import Status as NoticeStatus
from policies.audience import CHILD

from .lines import Line, Lines, Morning, listed, of

STUCK = {
    NoticeStatus.PARKED: "parked after every try: look at them",
    NoticeStatus.WAITING: "waiting to leave",
}


def not_delivered(morning: Morning) -> Lines:
    for status, words in STUCK.items():
        if count := Notice.objects.in_state(status).count():
            url = listed("notices_notice", f"status__exact={status}")
            yield Line(f"{of(count, 'notice')} {words}", url, count)
    if count := Mail.objects.filter(status=MailStatus.PARKED).count():
        words = f"{of(count, 'single mail')} parked after every try: look at them"
        yield Line(words, listed("notices_mail", f"status__exact={MailStatus.PARKED}"), count)


def without_a_guardian(morning: Morning) -> Lines:
    """Of the latest campaign."""
    campaign = Campaign.objects.first()
    if campaign is None:
        return
    if count := campaign.notices.filter(status=NoticeStatus.POSTED, letter__variant=CHILD).count():
        query = f"campaign__id__exact={campaign.pk}&letter__variant={CHILD}"
        words = "under age without a verified guardian: told by prominent notice only"
        yield Line(f"{of(count, 'learner')} {words}", listed("notices_notice", query), count)
