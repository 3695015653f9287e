"""What a name, an address, a date or a place must look like: one rule for every form and importer.

Each function returns the form we store, or raises ValidationError in words a parent or a teacher can
act on. No message repeats what was typed: import reports and logs must not carry personal data."""

import re
import unicodedata
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django_countries import countries

from audit.text import clean_line

from .regions import KNOWN

NAME_LIMIT = 100
EXTERNAL_ID_LIMIT = 64
# RFC 5321 §4.5.3.1: 64 for the local part; 254 is what fits a path.
LOCAL_PART_LIMIT, ADDRESS_LIMIT = 64, 254
EARLIEST_BIRTH = date(1900, 1, 1)

_LOCAL_PART = re.compile(r"[-!#$%&'*+/=?^_`{|}~0-9a-z]+(\.[-!#$%&'*+/=?^_`{|}~0-9a-z]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# RFC 2606 and 6761: names that never lead anywhere.
_NOWHERE = frozenset({"invalid", "localhost", "local", "onion", "arpa"})
# Python's IDNA 2003 turns these into *another* domain than today's registries do.
_DEVIANT = frozenset("ßς\u200c\u200d")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SLASHED_DATE = re.compile(r"[0-9]{1,2}[/.\-][0-9]{1,2}[/.\-][0-9]{4}")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}[/.\-][0-9]{1,2}[/.\-][0-9]{2}")
_REGION = re.compile(r"[A-Z0-9]{1,3}")


def clean_name(value: str) -> str:
    """A given or family name. Short, foreign, hyphenated, emoji and “Null” are all names."""
    name = clean_line(value)
    if len(name) > NAME_LIMIT:
        raise ValidationError(_("A name may have at most %d characters.") % NAME_LIMIT, code="too_long")
    return name


def clean_external_id(value: str) -> str:
    """The platform's id: one word, which may be written in a list joined by semicolons."""
    reference = clean_line(value)
    if not reference:
        raise ValidationError(_("The platform id is missing."), code="required")
    if len(reference) > EXTERNAL_ID_LIMIT:
        raise ValidationError(
            _("A platform id may have at most %d characters.") % EXTERNAL_ID_LIMIT, code="too_long"
        )
    if ";" in reference or any(character.isspace() for character in reference):
        raise ValidationError(_("A platform id has no spaces and no semicolons."), code="invalid")
    return reference


def clean_email(value: str) -> str:
    """One address, in lower case, its domain in ASCII; empty stays empty."""
    address = _trim(value)
    if not address:
        return ""
    if len(address) > 4 * ADDRESS_LIMIT:  # before any work on it
        raise _too_long()
    _refuse_what_is_not_one_address(address)
    local_part, _at, domain = address.rpartition("@")
    cleaned = f"{_clean_local_part(local_part)}@{_clean_domain(domain)}"
    if len(cleaned) > ADDRESS_LIMIT:
        raise _too_long()
    return cleaned


def _too_long() -> ValidationError:
    return _bad_address(_("An e-mail address may have at most %d characters.") % ADDRESS_LIMIT)


def _trim(value: str) -> str:
    """Without blanks and invisible characters at either end, as pasted addresses have them."""
    start, end = 0, len(value)
    while start < end and _is_blank(value[start]):
        start += 1
    while end > start and _is_blank(value[end - 1]):
        end -= 1
    return value[start:end]


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"


def _refuse_what_is_not_one_address(address: str) -> None:
    if address.count("@") > 1 or "," in address or ";" in address:
        raise _bad_address(_("Write one address only."))
    if "<" in address or '"' in address:
        raise _bad_address(
            _("Write the address alone, such as name@example.org, without a name or brackets.")
        )
    if address.count("@") == 0 or any(c.isspace() or unicodedata.category(c)[0] == "C" for c in address):
        raise _bad_address(_("This is not a complete e-mail address, such as name@example.org."))


def _clean_local_part(local_part: str) -> str:
    if not local_part.isascii():
        raise _bad_address(
            _("We can't send to this address: the part before the @ has letters mail cannot carry.")
        )
    if len(local_part) > LOCAL_PART_LIMIT:
        raise _bad_address(_("The part before the @ may have at most %d characters.") % LOCAL_PART_LIMIT)
    local_part = local_part.lower()
    if not _LOCAL_PART.fullmatch(local_part):
        raise _bad_address(
            _("The part before the @ is not complete or has a character that cannot stand there.")
        )
    return local_part


def _clean_domain(domain: str) -> str:
    labels = _in_ascii(domain).lower().split(".")
    if len(labels) < 2 or labels[-1] in _NOWHERE or labels[-1].isdigit() or domain.startswith("["):
        raise _bad_address(_("We can't send to this address: mail does not travel to the part after the @."))
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _bad_address(_("The part after the @ is not a mail domain, such as example.org."))
    return ".".join(labels)


def _in_ascii(domain: str) -> str:
    if domain.isascii():
        return domain
    if _DEVIANT & set(domain):
        raise _bad_address(_("Write the part after the @ in its ASCII form, beginning with xn--."))
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise _bad_address(_("The part after the @ is not a mail domain, such as example.org.")) from None


def _bad_address(message: str) -> ValidationError:
    return ValidationError(message, code="invalid_email")


def clean_birth_date(value: str | date | None, today: date) -> date | None:
    """Strict YYYY-MM-DD, from 1900 to today; empty means unknown."""
    day = _parse_day(value.strip()) if isinstance(value, str) else value
    if day is None:
        return None
    if day > today:
        raise _bad_day(_("This day lies in the future. Write the date of birth as 2015-04-03."))
    if day < EARLIEST_BIRTH:
        raise _bad_day(_("This day lies before 1900. Write the date of birth as 2015-04-03."))
    return day


def _parse_day(text: str) -> date | None:
    if not text:
        return None
    if _SLASHED_DATE.fullmatch(text):
        raise _bad_day(_("Ambiguous, day and month could be swapped: write 2015-04-03 for 3 April 2015."))
    if _SHORT_YEAR.fullmatch(text):
        raise _bad_day(_("Write the year with four digits and first, such as 2015-04-03."))
    if not _ISO_DATE.fullmatch(text):
        raise _bad_day(_("Write the date as year-month-day, such as 2015-04-03."))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _bad_day(_("There is no such day. Write the date as 2015-04-03.")) from None


def _bad_day(message: str) -> ValidationError:
    return ValidationError(message, code="invalid_date")


def clean_country(value: str) -> str:
    """An ISO 3166-1 two-letter code; empty means unknown, and then the strictest rules hold."""
    code = value.strip().upper()
    if code and code not in countries.countries:
        raise ValidationError(
            _("Not a country. Write its two-letter code, such as FR or US."), code="invalid_country"
        )
    return code


def clean_region(country: str, value: str) -> str:
    """The part after the hyphen of an ISO 3166-2 code: CA for US-CA. `country` must be clean."""
    code = value.strip().upper()
    if not code:
        return ""
    if not country:
        raise _bad_region(_("Choose the country first: a region alone says nothing."))
    code = code.removeprefix(f"{country}-")
    known = KNOWN.get(country)
    if (known is not None and code not in known) or not _REGION.fullmatch(code):
        raise _bad_region(_("Not a region of this country. Write its code, such as CA for California."))
    return code


def _bad_region(message: str) -> ValidationError:
    return ValidationError(message, code="invalid_region")


def clean_language(value: str) -> str:
    """A language we write in; a variant such as fr-CA becomes fr. Empty means the house's own.

    Raises ValidationError for one we don't write in. Importers then use `settings.LANGUAGE_CODE` and
    say so: nobody stays untold because we lack a translation."""
    code = value.strip().lower().replace("_", "-")
    offered = {name for name, _label in settings.LANGUAGES}
    for candidate in (code, code.split("-")[0]):
        if candidate in offered:
            return candidate
    if code:
        raise ValidationError(_("We don't write in this language yet."), code="unknown_language")
    return settings.LANGUAGE_CODE
