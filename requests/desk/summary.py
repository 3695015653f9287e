"""The daily mail to staff: how much waits and one link. Counts only; who and what stands at the desk."""

from dataclasses import asdict, dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from law.models import Company
from notices import mail
from notices.mail import Reader
from notices.models import Mail
from people.models import User
from requests import waiting
from requests.models import RightsRequest

SUMMARY = "requests.summary"
PAGE = "admin:requests_rightsrequest_changelist"
MORNING = time(7, 0)  # by the company's clock
WORK = "work_rightsrequest"


@dataclass(frozen=True)
class Counts:
    late: int
    today: int
    week: int
    second: int
    unread: int
    stuck: int
    nobodys: int
    mine: int = 0

    @property
    def is_quiet(self) -> bool:
        return not any(asdict(self).values())


def count(*, at: datetime) -> Counts:
    return Counts(
        late=waiting.late(at).count(),
        today=waiting.due_today(at).count(),
        week=waiting.due_this_week(at).count(),
        second=waiting.erasures_to_approve(at).count() + waiting.recoveries_to_second(at).count(),
        unread=waiting.unread(at).count(),
        stuck=waiting.stuck_tasks(at).count(),
        nobodys=waiting.nobodys(at).count(),
    )


def send_due(*, at: datetime) -> int:
    """Once a day and person, from seven in the morning on; asked each hour, so that a worker that slept
    catches up. Nothing waits: no mail. Returns how many were posted."""
    zone = Company.current().zone
    if at.astimezone(zone).time() < MORNING:
        return 0
    counts = count(at=at)
    return sum(_send(user, counts, at, zone) for user in readers())


def readers() -> QuerySet[User]:
    """Whoever may work on requests, and whoever still has an open one."""
    permission = Q(groups__permissions__codename=WORK) | Q(user_permissions__codename=WORK)
    has_cases = Exists(RightsRequest.objects.open().filter(owner=OuterRef("pk")))
    staff = User.objects.filter(is_active=True, is_staff=True).exclude(email="")
    return staff.filter(permission | Q(has_cases)).distinct().order_by("pk")


@transaction.atomic
def _send(user: User, counts: Counts, at: datetime, zone: ZoneInfo) -> bool:
    User.objects.select_for_update().get(pk=user.pk)  # a second worker waits here, and finds the mail
    midnight = datetime.combine(at.astimezone(zone).date(), time.min, zone)
    mine = RightsRequest.objects.open().filter(owner=user).count()
    told = Counts(**{**asdict(counts), "mine": mine})
    if told.is_quiet or Mail.objects.about(user).filter(event=SUMMARY, posted_at__gte=midnight).exists():
        return False
    mail.post(
        SUMMARY,
        user,
        to=Reader(user.email, settings.LANGUAGE_CODE, greeting=user.get_short_name()),
        context=asdict(told),
        link=mail.to_page(PAGE),
        at=at,
    )
    return True
