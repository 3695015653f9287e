"""A production start with an unsafe setting is refused, with a sentence saying what to set.

`manage.py check --deploy` prints the same sentences. Web server, worker and beat ask
`refuse_unsafe_start` before they serve anybody; other management commands are never held up by it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

import django
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.http.request import validate_host

from audit import outside

# The release this product was checked on; those before it lack security corrections.
DJANGO_FLOOR = (5, 2, 19)
SHORTEST_KEY = 50
LONGEST_MAIL_TIMEOUT = 60


class UnsafeStart(ImproperlyConfigured):
    """Its message holds one sentence for each setting to change."""


@dataclass(frozen=True)
class Danger:
    id: str
    exists: Callable[[], bool]
    problem: str
    cure: str
    kind: type[Error] | type[Warning] = Error

    def message(self) -> CheckMessage:
        return self.kind(self.problem, hint=self.cure, id=f"privacy_site.{self.id}")


def refuse_unsafe_start() -> None:
    """Raises UnsafeStart where production would run on an unsafe setting. A demo may start."""
    unsafe = [] if settings.DEMO else [found for found in _dangers() if found.kind is Error]
    if unsafe:
        raise UnsafeStart(
            "This start is refused, because it would serve people with unsafe settings:\n"
            + "".join(f"- {found.problem} {found.cure}\n" for found in unsafe)
            + "To try the product with made-up people, use `make run`, which sets DEMO=1."
        )


@register("deploy", deploy=True)
def production_is_safe(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if settings.DEMO:
        return [DEMO_IS_ON.message()]
    return [found.message() for found in _dangers()]


@register("deploy", deploy=True)
def database_is_not_behind(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """The web server starts all the same, and answers 503: so its health page can say why."""
    try:
        found = outside.standing() if outside.has_file() else outside.Standing.CURRENT
    except (outside.LedgerBroken, DatabaseError) as trouble:
        return [Error(f"The ledger cannot be compared with the database: {trouble}", id="privacy_site.E018")]
    if found is outside.Standing.CURRENT:
        return []
    return [Error(found.value, hint="Run `manage.py finish_restore`.", id="privacy_site.E018")]


def _dangers() -> Iterator[Danger]:
    return (danger for danger in DANGERS if danger.exists())


def _own_name_is_refused() -> bool:
    return not validate_host(urlsplit(settings.SITE_URL).hostname or "", settings.ALLOWED_HOSTS)


def _mail_may_hang() -> bool:
    return not 0 < (settings.EMAIL_TIMEOUT or 0) <= LONGEST_MAIL_TIMEOUT


def _is_installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


DEMO_IS_ON = Danger(
    "E001",
    lambda: bool(settings.DEMO),
    "DEMO is on: the demo logins work and the second factor is optional.",
    "Set DEMO=0, or leave DEMO out.",
)

DANGERS = [
    Danger(
        "E002",
        lambda: settings.SECRET_KEY == settings.DEMO_SECRET_KEY,
        "The demo's SECRET_KEY is known to everybody, who could sign in as anybody.",
        f"Set SECRET_KEY to at least {SHORTEST_KEY} random characters.",
    ),
    Danger(
        "E003",
        lambda: len(settings.SECRET_KEY) < SHORTEST_KEY,
        "SECRET_KEY is short enough to be guessed.",
        f"Set SECRET_KEY to at least {SHORTEST_KEY} random characters.",
    ),
    Danger(
        "E004",
        lambda: bool(settings.DEBUG),
        "DEBUG is on: error pages would show settings and personal data.",
        "Set DEBUG=0, or leave DEBUG out.",
    ),
    Danger(
        "E005",
        lambda: "*" in settings.ALLOWED_HOSTS,
        "Any host name is answered, so a stranger could choose where our links lead.",
        "Set ALLOWED_HOSTS to this site's own names, with commas between them.",
    ),
    Danger(
        "E006",
        _own_name_is_refused,
        "The site would not answer under its own address.",
        "Set ALLOWED_HOSTS to this site's own names; the host of SITE_URL is one of them.",
    ),
    Danger(
        "E007",
        lambda: not settings.SITE_URL.startswith("https://"),
        "Links in mails would lead to an address without encryption.",
        "Set SITE_URL to the public address of this site, beginning with https://.",
    ),
    Danger(
        "E008",
        lambda: not settings.EMAIL_HOST,
        "There is no mail server: every notice would become a file that nobody receives.",
        "Set EMAIL_HOST to the server that sends your mail.",
    ),
    Danger(
        "E009",
        _mail_may_hang,
        "A mail server that stops answering would hold up every notice behind it.",
        f"Set EMAIL_TIMEOUT to between 1 and {LONGEST_MAIL_TIMEOUT} seconds.",
    ),
    Danger(
        "E010",
        lambda: bool(settings.CELERY_TASK_ALWAYS_EAGER),
        "Background work would run inside the page that asked for it.",
        "Set CELERY_TASK_ALWAYS_EAGER=0, or leave it out.",
    ),
    Danger(
        "E011",
        lambda: settings.CELERY_BROKER_URL.partition(":")[0] in {"filesystem", "memory"},
        "The message broker is the demo's, made for one worker on one machine.",
        "Set BROKER_URL to a Redis or RabbitMQ server.",
    ),
    Danger(
        "E012",
        lambda: not settings.MFA_REQUIRED,
        "A staff password alone would open everybody's personal data.",
        "Set MFA_REQUIRED=1, or leave it out.",
    ),
    Danger(
        "E013",
        lambda: not settings.AUDIT_SIGNING_KEY,
        "Without a key of its own, the audit record's daily seal proves nothing.",
        f"Set AUDIT_SIGNING_KEY to at least {SHORTEST_KEY} random characters.",
    ),
    Danger(
        "E014",
        lambda: django.VERSION[:3] < DJANGO_FLOOR,
        f"This Django lacks security corrections that {'.'.join(map(str, DJANGO_FLOOR))} has.",
        "Install exactly what requirements.lock names.",
    ),
    Danger(
        "E015",
        lambda: _is_installed("requests"),
        "The distribution `requests` is installed, and can be imported in place of our own app.",
        "Run `pip uninstall requests`; code that calls out uses httpx.",
    ),
    Danger(
        "E016",
        lambda: not settings.VAULT_KEYS or any(len(key) < SHORTEST_KEY for key in settings.VAULT_KEYS),
        "Identity documents and copies for requesters would be locked with a key that can be guessed.",
        f"Set VAULT_KEYS to at least {SHORTEST_KEY} random characters, or several such keys with commas between.",
    ),
    Danger(
        "E017",
        lambda: len(settings.LEDGER_KEY) < SHORTEST_KEY,
        "Without a key of its own, the ledger of erasures would tell whom it is about.",
        f"Set LEDGER_KEY to at least {SHORTEST_KEY} random characters, and never change it.",
    ),
    Danger(
        "E019",
        lambda: urlsplit(settings.CLAMD).scheme not in ("", "tcp", "unix"),
        "CLAMD names no scanner that can be asked, so no file would be taken in.",
        "Set CLAMD to tcp://host:3310 or unix:///path, or leave it out.",
    ),
    Danger(
        "W001",
        lambda: settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"),
        "SQLite has room for one writer and one mail sender at a time.",
        "Set DATABASE_URL to a PostgreSQL server.",
        Warning,
    ),
]
