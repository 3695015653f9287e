"""Our site with django-post-office in it, as its documentation sets it up. For bench/peer.py only."""

import os

from privacy_site.settings import *  # noqa: F403
from privacy_site.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "post_office"]
# It forks its workers, which a pool of connections does not survive.
DATABASES["default"]["OPTIONS"].pop("pool", None)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
POST_OFFICE = {"BATCH_SIZE": int(os.environ.get("POST_OFFICE_BATCH", "100"))}
