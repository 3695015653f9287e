import logging
from datetime import datetime
from typing import cast

from celery import shared_task
from django.utils import timezone

from audit.refusals import Refused
from law.models import Company
from people.models import User

from . import actions
from .models import PolicyVersion

logger = logging.getLogger(__name__)


@shared_task(name="policies.publish_due")
def publish_due() -> int:
    """Publish what was planned for today or earlier. What cannot be published stays in sight of
    staff on the morning page, with the reason (`PolicyVersion.objects.due`)."""
    at = timezone.now()
    due = PolicyVersion.objects.due(Company.current().today()).select_related("policy", "planned_by")
    return sum(_publish(version, at) for version in due)


def _publish(version: PolicyVersion, at: datetime) -> bool:
    try:
        actions.publish(version, by=cast(User, version.planned_by), at=at, reason="Planned publication")
    except Refused as refusal:
        logger.warning("planned publication of version %s refused: %s", version.pk, type(refusal).__name__)
        return False
    except Exception:
        # One version's fault must not hold up another's day; it is tried again in a minute.
        logger.exception("planned publication of version %s failed", version.pk)
        return False
    return True
