"""How django-allauth behaves in this house."""

import base64
import hashlib
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


class StaffAdapter(DefaultAccountAdapter):
    """Accounts are staff accounts, made by staff: nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("admin:index")

    def get_reset_password_from_key_url(self, key: str) -> str:
        # From the setting, never from the request: a forged Host header must not aim our mail.
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return str(settings.SITE_URL) + path.replace("UID-KEY", key)

    def get_reset_password_from_key_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_login")


class SecondFactorAdapter(DefaultMFAAdapter):
    """A copy of the database alone must not let anybody make codes: secrets are encrypted at rest."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def _get_site_name(self) -> str:
        return urlsplit(settings.SITE_URL).hostname or ""


def _cipher() -> MultiFernet:
    """Newest key first; former keys still read, so that the secret key can be rotated."""
    return MultiFernet(
        Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"second factor" + key.encode()).digest()))
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )
