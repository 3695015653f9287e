"""A production start with an unsafe setting is refused, in words that say what to set."""

import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as site
from django.core import checks

from privacy_site.checks import DANGERS, UnsafeStart, refuse_unsafe_start

SAFE: dict[str, Any] = {
    "DEMO": False,
    "DEBUG": False,
    "SECRET_KEY": "k" * 60,
    "AUDIT_SIGNING_KEY": "s" * 60,
    "LEDGER_KEY": "l" * 60,
    "VAULT_KEYS": ["v" * 60, "w" * 60],
    "MFA_REQUIRED": True,
    "ALLOWED_HOSTS": ["privacy.example.org"],
    "SITE_URL": "https://privacy.example.org",
    "EMAIL_HOST": "mail.example.org",
    "EMAIL_TIMEOUT": 20,
    "CELERY_TASK_ALWAYS_EAGER": False,
    "CELERY_BROKER_URL": "redis://redis.example.org/0",
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
}

UNSAFE: dict[str, Any] = {
    "E002": {"SECRET_KEY": site.DEMO_SECRET_KEY},
    "E003": {"SECRET_KEY": "hunter2"},
    "E004": {"DEBUG": True},
    "E005": {"ALLOWED_HOSTS": ["*"]},
    "E006": {"ALLOWED_HOSTS": []},
    "E007": {"SITE_URL": "http://privacy.example.org"},
    "E008": {"EMAIL_HOST": ""},
    "E009": {"EMAIL_TIMEOUT": None},
    "E010": {"CELERY_TASK_ALWAYS_EAGER": True},
    "E011": {"CELERY_BROKER_URL": "filesystem://"},
    "E012": {"MFA_REQUIRED": False},
    "E013": {"AUDIT_SIGNING_KEY": ""},
    "E016": {"VAULT_KEYS": ["v" * 60, "hunter2"]},
    "E017": {"LEDGER_KEY": ""},
    "E019": {"CLAMD": "clamd.internal:3310"},
}


@pytest.fixture
def production(monkeypatch):
    """Sets a production start's settings, without telling Django to reconnect to anything."""

    def use(**changes):
        for name, value in {**SAFE, **changes}.items():
            monkeypatch.setattr(site, name, value)

    return use


def found() -> set[str]:
    messages = checks.run_checks(tags=["deploy"], include_deployment_checks=True)
    return {str(message.id).partition(".")[2] for message in messages}


def test_a_safe_production_start_is_let_through(production):
    production()

    assert found() == set()
    refuse_unsafe_start()


@pytest.mark.parametrize("danger", UNSAFE)
def test_each_unsafe_setting_is_refused(production, danger):
    production(**UNSAFE[danger])

    assert found() == {danger}
    with pytest.raises(UnsafeStart):
        refuse_unsafe_start()


@pytest.mark.parametrize("danger", UNSAFE)
def test_the_refusal_names_the_variable_to_set(production, danger):
    production(**UNSAFE[danger])
    [setting] = UNSAFE[danger]
    variable = {"CELERY_BROKER_URL": "BROKER_URL"}.get(setting, setting)

    with pytest.raises(UnsafeStart, match=rf"Set {variable}\b"):
        refuse_unsafe_start()


@pytest.mark.parametrize("seconds", [None, 0, -1, 61, 3600])
def test_mail_needs_a_time_limit_of_a_minute_at_most(production, seconds):
    production(EMAIL_TIMEOUT=seconds)

    assert found() == {"E009"}


@pytest.mark.parametrize("url", ["filesystem://", "memory://", "memory:"])
def test_a_broker_inside_this_machine_is_refused(production, url):
    production(CELERY_BROKER_URL=url)

    assert found() == {"E011"}


def test_an_old_django_is_refused(production, monkeypatch):
    production()
    monkeypatch.setattr("django.VERSION", (5, 2, 18, "final", 0))

    assert found() == {"E014"}


def test_the_http_library_called_requests_is_refused(production, monkeypatch):
    production()
    monkeypatch.setattr("privacy_site.checks.metadata.version", lambda name: "2.32.0")

    assert found() == {"E015"}


def test_sqlite_in_production_is_a_warning_only(production):
    production(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3"}})

    assert found() == {"W001"}
    refuse_unsafe_start()


def test_a_demo_may_start_but_is_no_deployment(production):
    production(DEMO=True, SECRET_KEY=site.DEMO_SECRET_KEY)

    refuse_unsafe_start()
    assert found() == {"E001"}


def test_every_danger_has_an_id_of_its_own_and_two_sentences():
    assert len({danger.id for danger in DANGERS}) == len(DANGERS)
    for danger in DANGERS:
        assert danger.problem.endswith(".")
        assert danger.cure.endswith(".")


def start(*command: str, folder: str) -> subprocess.CompletedProcess[str]:
    """A start as on a server where nothing was set."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=site.BASE_DIR,
        env={"PATH": "/usr/bin:/bin", "ENV_FILE": "", "VAR_DIR": folder, "HOME": folder},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [
        ("gunicorn", "--no-control-socket", "--bind=127.0.0.1:0", "privacy_site.wsgi"),
        ("celery", "--app=privacy_site", "worker", "--pool=solo"),
        ("celery", "--app=privacy_site", "beat", "--pidfile="),
    ],
    ids=["web", "worker", "beat"],
)
def test_web_worker_and_beat_refuse_to_start_where_nothing_was_set(command, tmp_path):
    ended = start(*command, folder=str(tmp_path))

    assert ended.returncode != 0
    assert "Set SECRET_KEY to at least 50 random characters." in ended.stderr


def test_a_mail_server_that_was_named_is_spoken_to_with_a_deadline(tmp_path):
    asked = "from django.conf import settings; print(settings.EMAIL_BACKEND)"
    named = {"EMAIL_HOST": "mail.example.org", "DJANGO_SETTINGS_MODULE": "privacy_site.settings"}
    environment = {"PATH": "/usr/bin:/bin", "ENV_FILE": "", "VAR_DIR": str(tmp_path), **named}
    answer = subprocess.check_output(
        [sys.executable, "-c", asked], env=environment, cwd=site.BASE_DIR, text=True
    )

    assert answer == "notices.backends.Smtp\n"


def test_management_commands_run_where_nothing_was_set(tmp_path):
    migrated = start("django", "check", "--settings=privacy_site.settings", folder=str(tmp_path))

    assert migrated.returncode == 0
