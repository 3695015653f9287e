"""Small files that are whole or not there at all, and secrets that lie outside the database."""

import os
import secrets
from pathlib import Path
from typing import cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def write_once(path: Path, text: str, mode: int = 0o644) -> None:
    """Whole or not at all, and never over what stands."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:  # another process was first: its file stands
        return
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """A new name survives a power cut only when the folder that holds it is on disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def secret(setting: str, without_it: str) -> str:
    """The secret of this setting; the demo makes itself a secret file.

    Raises ImproperlyConfigured, saying what cannot be done without it."""
    if given := getattr(settings, setting):
        return cast(str, given)
    if not settings.DEMO:
        raise ImproperlyConfigured(f"Set {setting}: {without_it}")
    path = Path(settings.VAR_DIR) / setting.lower().replace("_", "-")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_once(path, secrets.token_urlsafe(48), mode=0o600)
    return path.read_text()
