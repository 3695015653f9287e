"""Who works here, and what powers they hold."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractBaseUser, Group, PermissionsMixin
from django.db import models
from django.db.models import F, Q

from audit.actors import Actor, ActorKind


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        user = self.model(email=email.strip().lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, is_staff=True, **extra)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A member of staff. Signs in with an e-mail address and, in production, a second factor."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_staff = models.BooleanField(default=True, help_text="May open the desk.")
    is_active = models.BooleanField(
        "switched on", default=True, help_text="Switch off instead of deleting: open sessions end at once."
    )
    session_epoch = models.PositiveIntegerField(
        default=0, editable=False, help_text="Raised when a second factor changes: other sessions end."
    )
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = "staff user"
        permissions = [
            ("invite_user", "Can send colleagues a link to choose a password"),
            ("deactivate_user", "Can switch accounts off and on"),
            ("reset_user", "Can reset a colleague's second factor"),
        ]

    def __str__(self) -> str:
        return f"Staff {self.pk}"

    def as_actor(self) -> Actor:
        return Actor(ActorKind.STAFF, str(self.pk))

    def get_short_name(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        # A changed second factor ends every other session, as a changed password does.
        return f"{super()._get_session_auth_hash(secret=secret)}{self.session_epoch}"  # type: ignore[misc]


class GrantStatus(models.TextChoices):
    REQUESTED = "requested", "waiting for a second person"
    APPROVED = "approved", "approved"
    REFUSED = "refused", "refused"
    REVOKED = "revoked", "revoked"


class AccessGrant(models.Model):
    """A power a member of staff holds or asks for. The only way into a group or to superuser."""

    # What may happen to a grant; `actions` is the only place that moves it.
    transitions: ClassVar[dict[str, tuple[str, ...]]] = {
        GrantStatus.REQUESTED: (GrantStatus.APPROVED, GrantStatus.REFUSED),
        GrantStatus.APPROVED: (GrantStatus.REVOKED,),
        GrantStatus.REFUSED: (),
        GrantStatus.REVOKED: (),
    }

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="access_grants", help_text="Who receives the power."
    )
    group = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty only when asking for superuser.",
    )
    is_superuser = models.BooleanField(
        "superuser",
        default=False,
        help_text="Every power, without a group. Keep two such people, so that one can approve for the other.",
    )
    status = models.CharField(
        max_length=16, choices=GrantStatus, default=GrantStatus.REQUESTED, editable=False
    )
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)
    requested_at = models.DateTimeField(editable=False)
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        permissions = [("approve_accessgrant", "Can approve, refuse and revoke powers (superusers only)")]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(group__isnull=False, is_superuser=False) | Q(group__isnull=True, is_superuser=True)
                ),
                name="people_accessgrant_one_power",
                violation_error_message="Choose a group, or superuser, not both.",
            ),
            # Nobody approves what they asked for, and nobody approves their own power.
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("requested_by")),
                name="people_accessgrant_second_person",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("user")),
                name="people_accessgrant_not_for_oneself",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status__in=["requested", "refused"], approved_by=None)
                    | Q(status__in=["approved", "revoked"], approved_by__isnull=False)
                ),
                name="people_accessgrant_approved_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["user", "group"],
                condition=Q(status__in=["requested", "approved"], is_superuser=False),
                name="people_accessgrant_group_once",
                violation_error_message="This person has this power, or it is asked for already.",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(status__in=["requested", "approved"], is_superuser=True),
                name="people_accessgrant_superuser_once",
                violation_error_message="This person has this power, or it is asked for already.",
            ),
        ]

    def __str__(self) -> str:
        return f"Access grant {self.pk}"

    @property
    def power(self) -> str:
        return "superuser" if self.is_superuser else self.group.name if self.group else ""
