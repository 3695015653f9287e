"""The demo company's cookies: first of all those this software really sets."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from inventory import cookies
from inventory.models import CatalogueVersion, Cookie, CookieGroup, Purpose
from law.models import Company
from people.models import User

# Code, name, text, is it essential, code of its purpose, categories of imported files that belong there.
GROUPS = [
    ("essential", "Essential", "Sign in, send forms safely, keep your language and this choice.", True,
     "run-accounts", "Security, Necessary"),
    ("analytics", "Analytics", "Count which lessons are opened and where people get stuck, to make them clearer.", False,
     "improve-lessons", "Statistics, Performance"),
    ("labs", "Labs of other companies", "Let a lab or a game inside a course remember where you were.", False,
     "outside-tools", ""),
]  # fmt: skip
# Name, what it is for, lifetime: as privacy_site/settings.py sets them; a test compares.
ESSENTIAL = [
    (settings.SESSION_COOKIE_NAME, "Keeps staff signed in. Visitors never get it.", "session"),
    ("messages", "Carries a sentence such as “Saved” to the next page staff see.", "session"),
    (settings.CSRF_COOKIE_NAME, "Makes sure that a form comes from our own page.", "1 year"),
    (settings.LANGUAGE_COOKIE_NAME, "The language you chose at the foot of a page.", "session"),
    (
        settings.CHOICE_COOKIE_NAME,
        "The receipt of your choice about cookies.",
        f"{Company().choice_days} days",
    ),
]
# Group, name, provider, domain, what it is for, lifetime. Of the learning platform, which asks us first.
OPTIONAL = [
    ("analytics", "_pk_id", "Matomo", "", "Tells one visit from another.", "13 months"),
    ("analytics", "_pk_ses", "Matomo", "", "Counts the pages of one visit.", "30 minutes"),
    ("labs", "phet_progress", "PhET", "phet.example", "Remembers where you were in a simulation.", "1 year"),
]
BEGINNINGS = {"_pk_id", "_pk_ses"}


@transaction.atomic
def load(company: Company, staff: Sequence[User], at: datetime) -> None:
    """Fills an empty list and publishes it; what staff have entered or changed is left alone."""
    if Cookie.objects.exists() or CatalogueVersion.objects.exists():
        return
    groups = {row[0]: _group(place, *row) for place, row in enumerate(GROUPS, 1)}
    for name, description, lifetime in ESSENTIAL:
        _cookie(groups["essential"], name, company.name, "", description, lifetime)
    for code, *rest in OPTIONAL:
        _cookie(groups[code], *rest)
    version = CatalogueVersion.objects.create(note="The first list.")
    cookies.publish_catalogue(version, by=staff[0], at=at, reason="The first list people can choose on.")


def _group(
    place: int, code: str, name: str, text: str, is_essential: bool, purpose: str, categories: str
) -> CookieGroup:
    return CookieGroup.objects.create(
        code=code,
        name=name,
        text=text,
        is_essential=is_essential,
        purpose=Purpose.objects.get(code=purpose),
        categories=categories,
        order=10 * place,
    )


def _cookie(
    group: CookieGroup, name: str, provider: str, domain: str, description: str, lifetime: str
) -> None:
    cookie = Cookie(
        group=group,
        name=name,
        is_wildcard=name in BEGINNINGS,
        provider=provider,
        domain=domain,
        description=description,
        lifetime=lifetime,
    )
    cookie.read_lifetime()
    cookie.save()
