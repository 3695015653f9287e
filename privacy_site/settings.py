"""One file, read from top to bottom. Every deploy-time value comes from the environment;
`.env.example` explains each. Company facts (contacts, hours, notice days) are data: `law.Company`."""

import sys
from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules

env = environ.Env()
# Tests and the demo read no .env (ENV_FILE is empty there): they must never meet a production database.
ENV_FILE = env.str("ENV_FILE", default="" if TESTING else str(BASE_DIR / ".env"))
if ENV_FILE:
    environ.Env.read_env(ENV_FILE)
VAR_DIR = Path(env.str("VAR_DIR", default="") or BASE_DIR / "var")

# --- What kind of start is this? ---------------------------------------------------------
# A forgotten setting fails closed: who does not say DEMO=1 is in production, and a production
# web server, worker or beat does not start with an unsafe setting (privacy_site/checks.py).
DEMO_SECRET_KEY = "demo-key-not-for-production-" + "0" * 32
DEMO = env.bool("DEMO", default=TESTING)
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default=DEMO_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])

# --- Rooms of the house (docs/explanation/the-house.md) ----------------------------------
INSTALLED_APPS = [
    "privacy_site.apps.SiteConfig",
    "privacy_site.apps.StaffSiteConfig",
    "portal",
    "policies",
    "requests",
    "processors",
    "inventory",
    "people",
    "notices",
    "law",
    "audit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_countries",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

MIDDLEWARE = [
    "privacy_site.middleware.RequestId",
    "privacy_site.middleware.RefuseWhileBehind",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "privacy_site.middleware.PrivatePages",
    "privacy_site.middleware.CompanyOnce",
    "privacy_site.middleware.Desk",
    "people.middleware.StaffNeedSecondFactor",
]

ROOT_URLCONF = "privacy_site.urls"
WSGI_APPLICATION = "privacy_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "law.context.company",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database: SQLite without installing anything, PostgreSQL in production --------------
DATABASE_URL = env.str("DATABASE_URL", default="") or f"sqlite:///{VAR_DIR / 'db.sqlite3'}"
DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url_config(DATABASE_URL)}
_options = DATABASES["default"].setdefault("OPTIONS", {})
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    # IMMEDIATE: a transaction that will write waits for its turn instead of failing half-way.
    # recursive_triggers: INSERT OR REPLACE may not walk past the append-only triggers.
    _options.update(
        timeout=20,
        transaction_mode="IMMEDIATE",
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;",
    )
    # Worker processes in tests must see the same tables, so the test database is a file.
    DATABASES["default"]["TEST"] = {
        "NAME": env.str("TEST_DB_NAME", default="") or str(VAR_DIR / "test.sqlite3")
    }
else:
    _options.update(
        pool={"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", default=8)},
        # At once, where a cursor can prepare at all; Django's own does not (notices/queue.py).
        prepare_threshold=0,
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What counts wrong passwords has to be one count for every process, so it lies in the database too. Django keeps
# 300 entries by itself and then throws some out: a few hundred addresses would wipe out the count of another.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "people_attempts",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- Celery: a doorbell. No results, no ETA, nothing lost with the broker ----------------
CELERY_BROKER_URL = env.str("BROKER_URL", default="") or "filesystem://"
if CELERY_BROKER_URL.startswith("filesystem"):
    for _folder in ("broker", "broker-control"):  # the transport fails where they are missing
        (VAR_DIR / _folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(VAR_DIR / "broker"),
        "data_folder_out": str(VAR_DIR / "broker"),
        "control_folder": str(VAR_DIR / "broker-control"),
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 600,
        "socket_timeout": 5,
        "socket_connect_timeout": 1,
    }
CELERY_TASK_ALWAYS_EAGER = env.bool("CELERY_TASK_ALWAYS_EAGER", default=False)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 1.0
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat")
CELERY_BEAT_SCHEDULE = {
    "deliver notices": {"task": "notices.deliver", "schedule": 60.0},
    "send single mails": {"task": "notices.send_mail", "schedule": 60.0},
    "stray contract files": {"task": "processors.delete_stray_files", "schedule": crontab(minute="20")},
    "mail subscription links": {"task": "processors.send_links", "schedule": 60.0},
    "gather changes to the list of companies": {"task": "processors.gather", "schedule": 300.0},
    "seal audit events": {"task": "audit.seal", "schedule": 60.0},
    "publish what is due": {"task": "policies.publish_due", "schedule": 60.0},
    "go on with a confirmed sweep": {"task": "inventory.sweep", "schedule": 60.0},
    "go on with rights requests": {"task": "requests.go_on", "schedule": 60.0},
    "look for who asked": {"task": "requests.seek", "schedule": 60.0},
    "close what nobody confirms": {"task": "requests.close_unverified", "schedule": crontab(minute="10")},
    "tell staff each morning what waits": {"task": "requests.summarize", "schedule": crontab(minute="15")},
    "forget old sessions": {"task": "people.forget_sessions", "schedule": 3600.0},
    "call systems": {"task": "requests.call", "schedule": 60.0},
    "put copies together": {"task": "requests.pack", "schedule": 60.0},
    "write the ledger": {"task": "audit.write_ledger", "schedule": 60.0},
    "tell who came later": {"task": "requests.tell_newcomers", "schedule": crontab(hour="2", minute="40")},
    "sweep the vault": {"task": "requests.sweep_vault", "schedule": crontab(hour="3", minute="20")},
    "anchor the audit chain": {"task": "audit.anchor", "schedule": crontab(hour="0", minute="5")},
}

# --- Mail --------------------------------------------------------------------------------
# Without a mail host every message becomes a file in var/mail/, one .eml each.
EMAIL_HOST = env.str("EMAIL_HOST", default="")
EMAIL_BACKEND = "notices.backends.Smtp" if EMAIL_HOST else "notices.backends.MailFolder"
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
EMAIL_PORT = env.int("EMAIL_PORT", default=465)
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=True)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Privacy team <privacy@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MESSAGE_ID_DOMAIN = env.str("MESSAGE_ID_DOMAIN", default="notices.localhost")
# Senders at work side by side on PostgreSQL, and whether each "sent" mark waits for the disk: without
# waiting four times faster, and at most a batch (25) a sender sent twice if the database itself crashes.
NOTICES_SENDERS = env.int("NOTICES_SENDERS", default=2)
NOTICES_SYNC_MARKS = env.bool("NOTICES_SYNC_MARKS", default=False)

# --- Signing in (django-allauth; staff only, nobody signs up) ----------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_ADAPTER = "people.adapter.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SITE_URL.startswith("https") else "http"
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)
MFA_ADAPTER = "people.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Privacy operations"
MFA_REQUIRED = env.bool("MFA_REQUIRED", default=not DEMO)

# --- Baseline of protection --------------------------------------------------------------
HTTPS = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if env.bool("BEHIND_HTTPS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "privacy_site.errors.stale_form"
LANGUAGE_COOKIE_NAME = "language"
# The receipt of a choice about cookies. How long it counts is the company's to say (`Company.choice_days`).
CHOICE_COOKIE_NAME = "__Host-cookie-choice" if HTTPS else "cookie-choice"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        **({"upgrade-insecure-requests": True} if HTTPS else {}),
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# --- Language and time -------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español"), ("fr", "Français"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["privacy_site.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files ------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEMO
WHITENOISE_AUTOREFRESH = DEMO

# --- Audit -------------------------------------------------------------------------------
# Each day's signed root is written here: keep it on another disk, or mail it on.
AUDIT_ANCHOR_DIR = Path(env.str("AUDIT_ANCHOR_DIR", default="") or VAR_DIR / "audit")
AUDIT_SIGNING_KEY = env.str("AUDIT_SIGNING_KEY", default="")
EXPORT_CEILING = env.int("EXPORT_CEILING", default=10_000)

# --- What a restored backup must not undo, and what a stolen one must not tell --------------
# The ledger of erasures and the like lies where no backup of the database reaches (audit/outside.py).
LEDGER_DIR = Path(env.str("LEDGER_DIR", default="") or VAR_DIR / "ledger")
LEDGER_KEY = env.str("LEDGER_KEY", default="")
# Documents and copies, each sealed under its case's key; the first of these keys locks, all unlock.
VAULT_DIR = Path(env.str("VAULT_DIR", default="") or VAR_DIR / "vault")
VAULT_KEYS = [key for key in env.list("VAULT_KEYS", default=[]) if key]

# A virus scanner for what people hand in: tcp://host:3310 or unix:///path. Empty: none is asked.
CLAMD = env.str("CLAMD", default="")

# --- Logs: JSON, one line an event, references only --------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "privacy_site.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"level": "INFO"},
        "django.request": {"level": "ERROR"},
        # Query logs carry values: never above the database's own, silent, level.
        "django.db.backends": {"level": "WARNING"},
    },
}
