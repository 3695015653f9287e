"""The doorbell. Work waits in tables; a task only says «look» (docs/decisions/0004)."""

import logging
import os
from typing import Any

from celery import Celery, Task
from celery.signals import beat_init, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacy_site.settings")

log = logging.getLogger(__name__)


class CarefulTask(Task):  # type: ignore[type-arg]  # generic for the type checker only
    """Does nothing on a restored database that has not been brought up to the ledger: no mail to people
    erased since, none sent twice. Nothing is lost, for the work waits in tables."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from audit import outside

        if outside.is_behind():
            log.error("%s waits: %s Run manage.py finish_restore.", self.name, outside.Standing.BEHIND.value)
            return None
        return super().__call__(*args, **kwargs)


app = Celery("privacy_site", task_cls=CarefulTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def start_only_when_safe(**_: Any) -> None:
    from .checks import UnsafeStart, refuse_unsafe_start

    try:
        refuse_unsafe_start()
    except UnsafeStart as refusal:
        # Celery logs and forgets an ordinary exception in a signal handler.
        raise SystemExit(str(refusal)) from None
