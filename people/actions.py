"""Every write with meaning about people and about the staff who serve them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import F

from audit.actions import record
from audit.actors import SYSTEM, Acts
from law.models import Company

from . import cleaning, invitations, rows
from .models import AccessGrant, Authority, GrantStatus, Guardianship, Person, Relationship, User
from .refusals import (
    AddressUnchanged,
    AlreadyClosed,
    AlreadyLinked,
    AuthorityCannotMove,
    BirthDateKnown,
    DayInTheFuture,
    GrantCannotMove,
    LastSuperuser,
    MinorCannotBeGuardian,
    NobodyIsTheirOwnGuardian,
    NoSecondFactor,
    NotClosed,
    NotYourself,
    PowerAskedForAlready,
    SecondPersonMissing,
    SuperuserNeeded,
    UserIsActive,
    UserIsInactive,
)
from .rights import correct, lift_restriction, restrict

__all__ = [
    "add_guardian",
    "approve_access",
    "change_second_factor",
    "close",
    "correct",
    "correct_address",
    "deactivate",
    "dispute",
    "end",
    "invite",
    "lift_restriction",
    "mark_undeliverable",
    "note_activity",
    "reactivate",
    "refuse_access",
    "reopen",
    "request_access",
    "reset_second_factor",
    "restrict",
    "revoke_access",
    "state_adulthood",
    "take_over_guardianships",
    "verify",
]

# --- Guardianships: who may decide for a child ---------------------------------------------


@transaction.atomic
def add_guardian(
    child: Person,
    guardian: Person,
    *,
    relationship: str = Relationship.UNKNOWN,
    source: str,
    by: Acts,
    at: datetime,
    reason: str = "",
) -> Guardianship:
    """Note that somebody claims to look after a child. Only `verify` lets them be told and decide."""
    if child.pk == guardian.pk:
        raise NobodyIsTheirOwnGuardian
    if not guardian.may_be_guardian(Company.current().day_of(at)):
        raise MinorCannotBeGuardian
    guardianship, created = Guardianship.objects.get_or_create(
        child=child, guardian=guardian, defaults={"relationship": relationship, "source": source}
    )
    if not created:
        raise AlreadyLinked
    record("people.add_guardian", guardianship, by=by, at=at, reason=reason)
    return guardianship


def verify(guardianship: Guardianship, *, by: Acts, at: datetime, reason: str) -> None:
    """We checked: from now on this guardian is told and may decide (COPPA, 16 CFR 312.5; GDPR Art. 8(2))."""
    _move(guardianship, Authority.VERIFIED, "people.verify", by=by, at=at, reason=reason)


def dispute(guardianship: Guardianship, *, by: Acts, at: datetime, reason: str) -> None:
    """Somebody contests it: this guardian is told nothing and decides nothing until it is settled."""
    _move(guardianship, Authority.DISPUTED, "people.dispute", by=by, at=at, reason=reason)


def end(guardianship: Guardianship, *, by: Acts, at: datetime, reason: str) -> None:
    """It is over for good; a new claim needs staff."""
    _move(guardianship, Authority.ENDED, "people.end", by=by, at=at, reason=reason)


@transaction.atomic
def _move(
    guardianship: Guardianship, wanted: Authority, verb: str, *, by: Acts, at: datetime, reason: str
) -> None:
    current = Guardianship.objects.select_for_update().get(pk=guardianship.pk)
    if wanted not in Guardianship.transitions[current.authority]:
        raise AuthorityCannotMove(current.get_authority_display(), wanted.label)
    details = {"from": current.authority, "to": wanted.value}
    current.authority, current.decided_at = wanted, at
    current.revision += 1
    current.save(update_fields=["authority", "decided_at", "revision"])
    record(verb, current, by=by, at=at, reason=reason, fields=["authority"], details=details)
    guardianship.refresh_from_db(fields=["authority", "decided_at", "revision"])


@transaction.atomic
def take_over_guardianships(
    new: Iterable[tuple[int, int, bool]],
    verified: Iterable[tuple[int, int]],
    *,
    source: str,
    at: datetime,
) -> None:
    """Links of an import: (child, guardian, is verified), and (child, guardian) that rise from claimed.

    Never lowers or revives one. The import's own event in the audit log stands for them all."""
    Guardianship.objects.bulk_create(
        (
            Guardianship(
                child_id=child,
                guardian_id=guardian,
                authority=Authority.VERIFIED if is_verified else Authority.CLAIMED,
                source=source,
                decided_at=at if is_verified else None,
            )
            for child, guardian, is_verified in new
        ),
        ignore_conflicts=True,
    )
    wanted = set(verified)
    claimed = Guardianship.objects.select_for_update().filter(
        authority=Authority.CLAIMED, child_id__in={child for child, _guardian in wanted}
    )
    rising = [
        pk for pk, *pair in claimed.values_list("pk", "child_id", "guardian_id") if tuple(pair) in wanted
    ]
    Guardianship.objects.filter(pk__in=rising).update(
        authority=Authority.VERIFIED, decided_at=at, revision=F("revision") + 1
    )


# --- Persons ---------------------------------------------------------------------------------


@transaction.atomic
def close(person: Person, *, by: Acts, at: datetime, reason: str) -> None:
    """The account is closed: the person is told no more. Their data stays until it is erased."""
    if rows.locked(person).left_at is not None:
        raise AlreadyClosed
    rows.change(person, "people.close", by=by, at=at, reason=reason, left_at=at)


@transaction.atomic
def reopen(person: Person, *, by: Acts, at: datetime, reason: str) -> None:
    """The person is back. Refused when somebody else has taken their address meanwhile."""
    current = rows.locked(person)
    if current.left_at is None:
        raise NotClosed
    rows.refuse_address_of_another(current, current.email)
    rows.change(person, "people.reopen", by=by, at=at, reason=reason, left_at=None)


@transaction.atomic
def correct_address(person: Person, *, email: str, by: Acts, at: datetime, reason: str) -> None:
    """Write to this address from now on (GDPR Art. 16). The old one is forgotten, here and in the log."""
    address = cleaning.clean_email(email)
    current = rows.locked(person)
    rows.refuse_restricted(current)
    if address == current.email:
        raise AddressUnchanged
    rows.refuse_address_of_another(current, address)
    rows.change(
        person, "people.correct_address", by=by, at=at, reason=reason, email=address, undeliverable_at=None
    )


@transaction.atomic
def state_adulthood(person: Person, *, on: date, by: Acts, at: datetime, reason: str) -> None:
    """Record that the person stated on a day that they are an adult, when no birth date is known."""
    if on > Company.current().day_of(at):
        raise DayInTheFuture
    current = rows.locked(person)
    rows.refuse_restricted(current)
    if current.birth_date is not None:
        raise BirthDateKnown
    rows.change(person, "people.state_adulthood", by=by, at=at, reason=reason, adult_stated_on=on)


@transaction.atomic
def mark_undeliverable(address: str, at: datetime) -> None:
    """A mail server refused this address for good: stop writing to it. Every person who has it is marked."""
    for person in Person.objects.select_for_update().filter(email=address, undeliverable_at=None):
        rows.change(person, "people.mark_undeliverable", by=SYSTEM, at=at, reason="", undeliverable_at=at)


@transaction.atomic
def note_activity(days: Mapping[str, date]) -> int:
    """Platform id → the day last seen there. Never moves one back; returns how many moved forward.

    Ids we don't know are left alone. Retention of the account counts from here (GDPR Art. 5(1)(e));
    whoever reports writes one line to the audit log for all of them."""
    known = Person.objects.select_for_update().filter(external_id__in=days).order_by("pk")
    moved = []
    for person in known.only("external_id", "last_active_on"):
        day = days[person.external_id]
        if person.last_active_on is None or person.last_active_on < day:
            person.last_active_on = day
            moved.append(person)
    Person.objects.bulk_update(moved, ["last_active_on"])
    return len(moved)


# --- Staff: accounts and powers --------------------------------------------------------------


@transaction.atomic
def invite(user: User, *, by: User, at: datetime, reason: str) -> None:
    """Mail a colleague a link to choose a password. Works once, for `PASSWORD_RESET_TIMEOUT` seconds."""
    if not user.is_active:
        raise UserIsInactive
    record("people.invite", user, by=by, at=at, reason=reason)
    # Robust: a mail server that is down must not undo what is on record; the button can be pressed again.
    transaction.on_commit(lambda: invitations.send(user), robust=True)


@transaction.atomic
def request_access(
    user: User, *, group: Group | None = None, is_superuser: bool = False, by: User, at: datetime, reason: str
) -> AccessGrant:
    """Ask that a colleague may do more. Nothing changes until a second person, a superuser, approves."""
    grant = AccessGrant(user=user, group=group, is_superuser=is_superuser, requested_by=by, requested_at=at)
    try:
        with transaction.atomic():
            grant.save()
    except IntegrityError:
        raise PowerAskedForAlready from None
    record("people.request_access", grant, by=by, at=at, reason=reason, details={"power": grant.power})
    return grant


@transaction.atomic
def approve_access(grant: AccessGrant, *, by: User, at: datetime, reason: str) -> None:
    """Give the power. Two people always: the database refuses an approver who asked or who receives."""
    current = _movable(grant, GrantStatus.APPROVED, by)
    if by.pk in (current.requested_by_id, current.user_id):
        raise SecondPersonMissing
    if not current.user.is_active:
        raise UserIsInactive
    current.approved_by = by
    _settle(current, grant, GrantStatus.APPROVED, "people.approve_access", by=by, at=at, reason=reason)
    if current.group is not None:
        current.user.groups.add(current.group)
    else:
        User.objects.filter(pk=current.user_id).update(is_superuser=True)


@transaction.atomic
def refuse_access(grant: AccessGrant, *, by: User, at: datetime, reason: str) -> None:
    current = _movable(grant, GrantStatus.REFUSED, by)
    _settle(current, grant, GrantStatus.REFUSED, "people.refuse_access", by=by, at=at, reason=reason)


@transaction.atomic
def revoke_access(grant: AccessGrant, *, by: User, at: datetime, reason: str) -> None:
    """Take the power back, at once. One person is enough to take a power, two are needed to give it."""
    current = _movable(grant, GrantStatus.REVOKED, by)
    if current.group is not None:
        current.user.groups.remove(current.group)
    else:
        _refuse_without_superuser(current.user)
        User.objects.filter(pk=current.user_id).update(is_superuser=False)
    _settle(current, grant, GrantStatus.REVOKED, "people.revoke_access", by=by, at=at, reason=reason)


def _movable(grant: AccessGrant, wanted: GrantStatus, by: User) -> AccessGrant:
    if not by.is_superuser:
        raise SuperuserNeeded
    current = AccessGrant.objects.select_for_update().get(pk=grant.pk)
    if wanted not in AccessGrant.transitions[current.status]:
        raise GrantCannotMove(current.get_status_display(), wanted.label)
    return current


def _settle(
    current: AccessGrant,
    grant: AccessGrant,
    wanted: GrantStatus,
    verb: str,
    *,
    by: User,
    at: datetime,
    reason: str,
) -> None:
    current.status, current.decided_at = wanted, at
    current.save(update_fields=["status", "decided_at", "approved_by"])
    details = {"power": current.power, "user": current.user_id}
    record(verb, current, by=by, at=at, reason=reason, fields=["status"], details=details)
    grant.refresh_from_db()


@transaction.atomic
def deactivate(user: User, *, by: User, at: datetime, reason: str) -> None:
    """Switch an account off: its open sessions are dead at their next request, and its powers are gone."""
    if user.pk == by.pk:
        raise NotYourself
    current = User.objects.select_for_update().get(pk=user.pk)
    if not current.is_active:
        raise UserIsInactive
    if current.is_superuser:
        _refuse_without_superuser(current)
    _drop_powers(current, at)
    _switch(user, "people.deactivate", is_active=False, by=by, at=at, reason=reason)


@transaction.atomic
def reactivate(user: User, *, by: User, at: datetime, reason: str) -> None:
    """Switch an account on again, without the powers it had: those are asked for anew."""
    if User.objects.select_for_update().get(pk=user.pk).is_active:
        raise UserIsActive
    _switch(user, "people.reactivate", is_active=True, by=by, at=at, reason=reason)


def _drop_powers(user: User, at: datetime) -> None:
    """So that nobody regains, by one person's switch, what it took two people to give."""
    user.groups.clear()
    User.objects.filter(pk=user.pk).update(is_superuser=False)
    grants = AccessGrant.objects.filter(user=user)
    grants.filter(status=GrantStatus.REQUESTED).update(status=GrantStatus.REFUSED, decided_at=at)
    grants.filter(status=GrantStatus.APPROVED).update(status=GrantStatus.REVOKED, decided_at=at)


def _switch(user: User, verb: str, *, is_active: bool, by: User, at: datetime, reason: str) -> None:
    # A raised epoch keeps sessions of before from waking up with the account.
    User.objects.filter(pk=user.pk).update(is_active=is_active, session_epoch=F("session_epoch") + 1)
    record(verb, user, by=by, at=at, reason=reason, fields=["is_active"])
    user.refresh_from_db(fields=["is_active", "is_superuser", "session_epoch"])


def _refuse_without_superuser(leaving: User) -> None:
    others = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    if not any(other.pk != leaving.pk for other in others):
        raise LastSuperuser


@transaction.atomic
def reset_second_factor(user: User, *, by: User, at: datetime, reason: str) -> None:
    """A lost phone: every second factor of a colleague is forgotten, their sessions end, and they are told.

    They still need their password, and set up a new factor before the desk opens. Never one's own: whoever
    holds a stolen session could shake off the factor that way."""
    if user.pk == by.pk:
        raise NotYourself
    if user.is_superuser and not by.is_superuser:
        raise SuperuserNeeded
    removed, _rows = Authenticator.objects.filter(user_id=user.pk).delete()
    if not removed:
        raise NoSecondFactor
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    record("people.reset_second_factor", user, by=by, at=at, reason=reason, details={"removed": removed})
    transaction.on_commit(lambda: invitations.tell_of_reset(user), robust=True)


@transaction.atomic
def change_second_factor(user: User, verb: str, *, at: datetime) -> int:
    """A second factor came, went or was renewed: every other session of this user ends. Returns the epoch."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    record(verb, user, by=user, at=at)
    return user.session_epoch
