from importlib import import_module

from celery import shared_task
from django.conf import settings


@shared_task(name="people.forget_sessions")
def forget_sessions() -> None:
    """Delete sessions past their time: the answers of a form that nobody sent lie in them, and nothing else
    would take them away (GDPR Art. 5(1)(e))."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
