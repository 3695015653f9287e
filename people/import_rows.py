"""One row of a people file: from cells to clean values, or every reason against it."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from . import cleaning, csv_files
from .models import Authority, Role
from .staging import Claim, Entry

_clean_country = lru_cache(cleaning.clean_country)
_clean_region = lru_cache(cleaning.clean_region)


@lru_cache
def _clean_role(value: str) -> str:
    role = value.strip().lower()
    if role not in Role.values:
        raise ValidationError(f"Write one of {', '.join(Role.values)}.")
    return role


@lru_cache
def _clean_language(value: str) -> tuple[str, str]:
    """The language, and a note when the house's own had to stand in."""
    try:
        return cleaning.clean_language(value), ""
    except ValidationError as error:
        return settings.LANGUAGE_CODE, f"language: {error.messages[0]} {settings.LANGUAGE_CODE} is used."


def _clean_claims(cell: str, child: str) -> tuple[Claim, ...]:
    claims = [_clean_claim(part) for part in cell.split(";") if part.strip()]
    if any(claim.guardian == child for claim in claims):
        raise ValidationError("Nobody is their own guardian.")
    return tuple(claims)


def _clean_claim(part: str) -> Claim:
    reference, _colon, word = part.rpartition(":")
    if word.strip().lower() in (Authority.VERIFIED, Authority.CLAIMED):
        return Claim(cleaning.clean_external_id(reference), word.strip().lower() == Authority.VERIFIED)
    return Claim(cleaning.clean_external_id(part), False)


class Reader:
    """Turns a row's cells into an Entry, collecting every reason against it, never a value."""

    def __init__(self, row: csv_files.Row, today: date) -> None:
        self.row, self.today = row, today
        self.problems: list[str] = [row.problem] if row.problem else []
        self.note = ""

    def entry(self) -> Entry | None:
        if self.problems:
            return None
        external_id = self._clean("external_id", cleaning.clean_external_id)
        values = self._values()
        claims = self._clean("guardians", lambda cell: _clean_claims(cell, external_id))
        return None if self.problems else Entry(self.row.line, external_id, values, claims)

    def _values(self) -> tuple[str, ...]:
        given_name = self._clean("given_name", cleaning.clean_name)
        family_name = self._clean("family_name", cleaning.clean_name)
        email = self._clean("email", cleaning.clean_email)
        born = self._clean("birth_date", lambda cell: cleaning.clean_birth_date(cell, self.today))
        country = self._clean("country", _clean_country)
        # One wrong country is one reason, not two.
        region = "" if country is None else self._clean("region", lambda cell: _clean_region(country, cell))
        language, self.note = _clean_language(self.row.cells["language"])
        role = self._clean("role", _clean_role)
        birth_date = born.isoformat() if born else ""
        return given_name, family_name, email, birth_date, country, region, language, role

    def _clean(self, column: str, clean: Callable[[str], Any]) -> Any:
        try:
            return clean(self.row.cells[column])
        except ValidationError as error:
            self.problems.append(f"{column}: {error.messages[0]}")
            return None
