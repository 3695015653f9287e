"""The doorbell. Work waits in tables; a task only says «look» (docs/decisions/0004)."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacy_site.settings")

app = Celery("privacy_site")
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
