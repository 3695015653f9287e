"""Mails to colleagues: how to come to a password, and that somebody reset their second factor."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from law.models import Company

from .models import User


def link(user: User) -> str:
    """Built from the setting, never from a request: a forged Host header must not aim our mail."""
    arguments = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return str(settings.SITE_URL) + reverse("account_reset_password_from_key", kwargs=arguments)


def send(user: User) -> None:
    company = Company.current()
    body = render_to_string(
        "account/email/invitation.txt",
        {
            "link": link(user),
            "company": company,
            "desk": settings.SITE_URL + reverse("admin:index"),
            "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
        },
    )
    send_mail(f"{company.name}: choose your password", body, None, [user.email])


def tell_of_reset(user: User) -> None:
    """So that a reset nobody asked for is noticed by the one person who knows."""
    company = Company.current()
    body = render_to_string(
        "account/email/second_factor_reset.txt",
        {"company": company, "desk": settings.SITE_URL + reverse("admin:index")},
    )
    send_mail(f"{company.name}: your second factor was reset", body, None, [user.email])
