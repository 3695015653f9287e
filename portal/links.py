"""Addresses of policy pages: the main policy lives at the root, others under their name."""

from datetime import date

from django.conf import settings
from django.urls import reverse

from policies.models import Policy


def link_to(page: str, policy: Policy, *args: date | str) -> str:
    where = args if policy.is_main else (policy.slug, *args)
    return reverse(f"portal:{page}", args=where)


def absolute(path: str) -> str:
    """From SITE_URL alone: a forged Host header must not reach a feed reader."""
    site: str = settings.SITE_URL
    return site + path
