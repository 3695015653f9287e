"""django-post-office, which sends the same mails: `python -m bench.peer fill 20000`, then `… send 2`."""

import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.peer_settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from post_office.models import PRIORITY, STATUS, Email  # noqa: E402

from notices.delivery import build  # noqa: E402
from notices.models import Notice  # noqa: E402


def fill(mails: int) -> None:
    """The words of our notices, finished: what is left for it to do is to send and to mark."""
    call_command("migrate", "post_office", verbosity=0)
    Email.objects.all().delete()
    notices = Notice.objects.select_related("letter").order_by("pk")[:mails]
    Email.objects.bulk_create(map(_as_theirs, notices), batch_size=1000)


def _as_theirs(notice: Notice) -> Email:
    message = build(notice, notice.letter)
    return Email(
        from_email=message.from_email,
        to=message.to,
        subject=message.subject,
        message=message.body,
        html_message=message.alternatives[0][0],
        headers=message.extra_headers,
        status=STATUS.queued,
        priority=PRIORITY.medium,
    )


def send(processes: int) -> None:
    call_command("send_queued_mail", processes=processes)
    if left := Email.objects.exclude(status=STATUS.sent).count():
        raise SystemExit(f"{left} were not sent.")


{"fill": fill, "send": send}[sys.argv[1]](int(sys.argv[2]))
