"""Reading what real lists of processors say: is this the same company, and which countries are these?

Nothing is guessed. Two names are *certainly* one company only where spelling alone differs; what
merely looks alike is proposed to a person. A place that is no country is handed back with its reason."""

import enum
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache

from django.utils import translation
from django_countries import countries
from django_countries.data import COUNTRIES


class Likeness(enum.Enum):
    CERTAIN = "certain"
    LIKELY = "likely"
    NO = "no"


# Legal forms as written at the end of a name, each with the form it stands for.
FORMS = {
    "incorporated": "inc", "corporation": "corp", "limited": "ltd", "company": "co",
    **{form: form for form in (
        "inc", "llc", "ltd", "corp", "co", "plc", "llp", "lp", "pbc", "ulc", "pty", "pte", "pvt", "gmbh", "ag", "se",
        "kg", "ug", "sas", "sasu", "sa", "sarl", "srl", "spa", "sl", "slu", "bv", "nv", "ab", "oy", "oyj", "as",
        "aps", "kk", "lda", "ltda", "doo", "kft", "sro", "zoo",
    )},
}  # fmt: skip
_FILLERS = {"the", "and", "&"}
_ALSO = re.compile(r"\b(?:aka|a/k/a|d/?b/?a|formerly|previously|also known as|now)\b[:.]?", re.IGNORECASE)
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}")
TYPO = 0.9  # SequenceMatcher's ratio: one letter in ten


@dataclass(frozen=True)
class CompanyName:
    """A name taken apart: what it is called, its legal form, and other names it gives itself."""

    core: tuple[str, ...]
    forms: frozenset[str]
    others: frozenset[tuple[str, ...]]

    @property
    def joined(self) -> str:
        return "".join(self.core)

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.core)


@lru_cache(maxsize=8192)
def parse_company(name: str) -> CompanyName:
    """“Amazon Web Services, Inc. (AWS)” → core (amazon, web, services), forms {inc}, others {}.

    Brackets that only repeat the initials say nothing new; other brackets are other names."""
    outside, brackets = _split_brackets(_plain(name))
    head, *also = _ALSO.split(outside)
    core, forms = _without_form(_words(head))
    if not core:  # the whole name stands in brackets, or is one of its other names
        head, *brackets = [part for part in (*brackets, *also, outside) if _words(part)] or [""]
        core, forms = _without_form(_words(head))
    initials = "".join(word[0] for word in core)
    names = (_without_form(_words(_ALSO.sub(" ", text)))[0] for text in (*brackets, *also))
    others = frozenset(other for other in names if other and other != core and "".join(other) != initials)
    return CompanyName(core, forms, others)


def same_company(a: str, b: str) -> Likeness:
    """Certain: only case, punctuation, accents, a legal form left out or initials in brackets differ.

    Two *different* legal forms are two entities until somebody says otherwise, hence likely."""
    one, two = sorted((parse_company(a), parse_company(b)), key=lambda name: (name.core, sorted(name.forms)))
    if not one.core or not two.core:
        return Likeness.NO
    if one.core == two.core:
        contradict = one.forms and two.forms and one.forms != two.forms
        return Likeness.LIKELY if contradict or one.others != two.others else Likeness.CERTAIN
    return Likeness.LIKELY if _looks_alike(one, two) else Likeness.NO


def _looks_alike(one: CompanyName, two: CompanyName) -> bool:
    return bool(
        ({one.core} | one.others) & ({two.core} | two.others)
        or one.joined == two.joined
        or _are_initials(one, two)
        or _are_initials(two, one)
        or _begins(one.core, two.core)
        or _is_typo(one.joined, two.joined)
    )


def _are_initials(short: CompanyName, long: CompanyName) -> bool:
    return len(short.core) == 1 and len(long.core) >= 3 and short.joined == long.initials


def _begins(one: tuple[str, ...], two: tuple[str, ...]) -> bool:
    """One name goes on where the other ends: “Twilio” and “Twilio SendGrid”, not “GitHub India”."""
    short, long = sorted((one, two), key=len)
    rest = long[len(short) :]
    return bool(rest) and long[: len(short)] == short and " ".join(rest) not in _names()


def _is_typo(one: str, two: str) -> bool:
    first, second = sorted((one, two))  # the ratio depends on the order
    if min(len(first), len(second)) < 6:
        return False
    matcher = SequenceMatcher(None, first, second)
    # The two quick ones are upper bounds: most pairs are settled there.
    return all(ratio() >= TYPO for ratio in (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio))


def _plain(text: str) -> str:
    """Lower case, Latin letters without accents. Other scripts keep their marks, which are letters."""
    spread = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(mark for mark in spread if not "\u0300" <= mark <= "\u036f")
    return unicodedata.normalize("NFKC", bare)


def _words(text: str) -> list[str]:
    undotted = _DOTTED.sub(lambda found: found[0].replace(".", ""), text.replace("'", "").replace("’", ""))
    return [word for word in re.split(r"[\W_]+", undotted) if word]


def _split_brackets(text: str) -> tuple[str, list[str]]:
    return re.sub(r"[(\[][^)\]]*[)\]]", " ", text), re.findall(r"[(\[]([^)\]]*)[)\]]", text)


def _without_form(words: list[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The last word of a name is never its form: “SAS” is a company."""
    rest, forms = [word for word in words if word not in _FILLERS] or words, set()
    while len(rest) > 1 and rest[-1] in FORMS:
        forms.add(FORMS[rest.pop()])
    return tuple(rest), frozenset(forms)


@dataclass(frozen=True)
class Unread:
    text: str
    reason: str


@dataclass(frozen=True)
class Places:
    """ISO codes in the order they were named, each once, and what could not be read."""

    codes: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()


# What people write besides the names of ISO 3166.
ALIASES = {
    "us": "US", "usa": "US", "united states": "US", "united states of america": "US", "uk": "GB",
    "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB",
    "republic of korea": "KR", "korea republic of": "KR", "south korea": "KR", "north korea": "KP",
    "holland": "NL", "czech republic": "CZ", "vietnam": "VN", "russia": "RU", "turkey": "TR", "taiwan": "TW",
    "hong kong sar": "HK", "macau": "MO", "uae": "AE", "emirates": "AE", "prc": "CN", "mainland china": "CN",
    "ivory coast": "CI", "republic of ireland": "IE", "bolivia": "BO", "venezuela": "VE", "iran": "IR",
    "moldova": "MD", "tanzania": "TZ", "syria": "SY", "laos": "LA", "brunei": "BN", "macedonia": "MK",
    "democratic republic of the congo": "CD", "drc": "CD", "republic of the congo": "CG",
}  # fmt: skip
AMBIGUOUS = {
    "georgia": "is a country and a US state: write GE or US",
    "korea": "is two countries: write Republic of Korea or KR",
    "congo": "is two countries: write CD or CG",
    "america": "may mean a country or a continent: write United States, or name the countries",
}
VAGUE = frozenset({
    "global", "globally", "worldwide", "international", "various", "multiple", "any", "all",
    "other", "others", "anywhere", "everywhere", "eu", "eea", "efta", "europe",
    "emea", "apac", "asia", "africa", "latam", "americas", "na", "n/a",
    "none", "unknown", "tbd", "remote", "european union", "european economic area", "asia pacific", "north america",
    "south america", "latin america", "middle east", "other countries", "various countries", "multiple regions", "not applicable",
})  # fmt: skip
_SEPARATOR = re.compile(r"(?:<\s*/?\s*br\s*/?\s*>|[,;/|\n•·()\[\]]|\s-\s|&|\+|\band\b|\bor\b)", re.IGNORECASE)
_CODE = re.compile(r"[A-Z]{2,3}")
MOST_WORDS = 8  # of a country's name


@cache
def _names() -> dict[str, str]:
    """Every name we know → its code. English, whatever language is on: importers read English lists."""
    with translation.override("en"):
        official = {_key(str(name)): code for code, name in COUNTRIES.items()}
        common = {_key(str(countries.name(code))): code for code in countries.countries}
    known = {**official, **common, **{_key(name): code for name, code in ALIASES.items()}}
    return {name: code for name, code in known.items() if name not in AMBIGUOUS}


def _key(text: str) -> str:
    """Words alone: “Korea (the Republic of)” is found as “korea republic of”."""
    return " ".join(word for word in _words(_plain(text)) if word != "the")


def parse_places(text: str) -> Places:
    """“United States, Ireland and Singapore” → US, IE, SG. Two-letter codes are read in a cell of codes
    alone: in “San Francisco, CA” they are states."""
    pieces = _pieces(text)
    only_codes = all(_code(piece) for piece in pieces)
    codes: dict[str, None] = {}
    unread: list[Unread] = []
    for piece in pieces:
        code = _names().get(_key(piece)) or (_code(piece) if only_codes else "")
        if code:
            codes[code] = None
        else:
            unread.append(Unread(piece, _why_unread(piece)))
    return Places(tuple(codes), tuple(unread))


def _code(piece: str) -> str:
    """The two-letter code of an ISO code in capitals, or nothing. Lower case is words: in, no, it."""
    if not _CODE.fullmatch(piece):
        return ""
    return ALIASES.get(piece.lower(), "") or str(countries.alpha2(piece))


def _pieces(text: str) -> list[str]:
    """The cell between its separators, except where a country's own name holds one (Trinidad and Tobago)."""
    found = re.split(f"({_SEPARATOR.pattern})", text, flags=re.IGNORECASE)
    parts, marks = found[::2], found[1::2]
    pieces, at = [], 0
    while at < len(parts):
        length = _longest_name(parts, marks, at)
        pieces.append("".join(_interleave(parts[at : at + length], marks[at:])).strip(" .:*\t"))
        at += length
    return [piece for piece in pieces if piece]


def _longest_name(parts: list[str], marks: list[str], at: int) -> int:
    for length in range(min(MOST_WORDS, len(parts) - at), 1, -1):
        whole = "".join(_interleave(parts[at : at + length], marks[at:]))
        if parts[at].strip() and _key(whole) in _names():
            return length
    return 1


def _interleave(parts: list[str], marks: list[str]) -> Iterable[str]:
    for number, part in enumerate(parts):
        yield part
        if number < len(parts) - 1:
            yield marks[number]


def _why_unread(piece: str) -> str:
    key = _key(piece)
    if key in AMBIGUOUS:
        return AMBIGUOUS[key]
    if key in VAGUE or piece.lower() in VAGUE:
        return "is no country: name each country"
    if _code(piece):
        return "may be a code of a country or of a region: write the name"
    return "is no country we know"
