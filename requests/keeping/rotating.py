"""New master keys: everything they lock in the database is locked anew with the first of VAULT_KEYS."""

from datetime import datetime

from audit.actions import record
from audit.actors import Acts
from requests.others import calls

from . import masters, vault


def rotate(*, by: Acts, at: datetime) -> int:
    """How many keys and secrets were locked anew. May be killed anywhere and called again.

    Raises CannotUnlock at one that no master key opens; what was done so far stays done."""
    done = 0
    while rows := vault.rewrap_window():
        done += rows
    done += calls.relock_secrets()
    if done:
        record("requests.rotate_keys", by=by, at=at, details={"locked": done, "master": masters.current()})
    return done
