"""How long a cookie lives, read from the words people write: “2 years after last activity”,
“30 seconds till 1 year”, “session”.

Years are 365 days and a month is a twelfth of one, so twelve months are a year. What cannot be read,
or was only guessed, is said in `problem`: somebody looks at it."""

import difflib
import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

SECOND, MINUTE, HOUR, DAY, WEEK, YEAR = 1, 60, 3_600, 86_400, 604_800, 31_536_000
MONTH = YEAR // 12
LONGEST = 1000 * YEAR  # past this it is a slip of the pen, and soon past what a column holds
LONGEST_TEXT = 200


class Kind(StrEnum):
    SESSION = "session"
    FIXED = "fixed"
    RANGE = "range"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Lifetime:
    """`seconds` is the longest it can be; None where there is no such number."""

    kind: Kind
    seconds: int | None = None
    problem: str = ""


NOT_SAID = Lifetime(Kind.UNKNOWN, problem="It is not said how long it is kept.")
WITHOUT_END = Lifetime(Kind.UNKNOWN, problem="It is kept without an end.")
A_DATE = Lifetime(Kind.UNKNOWN, problem="The lifetime is a date, not a length of time.")
UNREADABLE = Lifetime(Kind.UNKNOWN, problem="The lifetime cannot be read.")
TOO_LONG = Lifetime(Kind.UNKNOWN, problem="The lifetime is longer than a thousand years.")


def _set(words: str) -> set[str]:
    return set(words.split())


UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "seconde", "seconden"), SECOND),
    **dict.fromkeys(("min", "mins", "minute", "minutes", "minuut", "minuten"), MINUTE),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "uur", "uren"), HOUR),
    **dict.fromkeys(("d", "day", "days", "dag", "dagen"), DAY),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks", "weken"), WEEK),
    **dict.fromkeys(("mo", "mos", "mth", "mths", "mnd", "month", "months", "maand", "maanden"), MONTH),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years", "jaar", "jaren"), YEAR),
}
SPELLED_OUT = ("second", "seconds", "minute", "minutes", "hours", "days", "weeks", "month", "months", "years")
NUMBERS = {
    **dict.fromkeys(("a", "an", "one", "single"), 1), "two": 2, "three": 3, "four": 4,
    "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    "thirteen": 13, "fifteen": 15, "eighteen": 18, "twenty": 20, "thirty": 30, "sixty": 60, "ninety": 90,
}  # fmt: skip
BETWEEN = {"till", "til", "until", "to", "or", "through", "-", "–", "—", "~", "/"}
# Words that say from when the time runs, or that it is the most there is: neither changes the longest.
HARMLESS = _set(
    "after since from of the last latest user users user's users' visitor visitors visitor's your each every "
    "this activity active action visit visits use used usage access interaction login set setting creation "
    "created being is are it its in for on with within stored kept cookie cookies expire expires expiry "
    "expiration lifetime lifespan duration retention period time rolling sliding up max max. maximum at "
    "most total persistent permanent first page view request consent update updated approx approximately "
    "between about circa ca around ( ) , . : ;"
)
SESSION = {"session", "sessions", "sessie", "browser"}
AROUND_SESSION = SESSION | _set(
    "end ends ended of the a until till when window tab is are closed closes close closing per only cookie "
    "cookies during duration for on at your you this current http user user's visit exit after expires ( ) , . -"
)
NO_END = _set(
    "persistent permanent permanently forever unlimited indefinite indefinitely infinite never eternal"
)
AROUND_NO_END = NO_END | _set("expires expire expiry expiration cookie cookies storage no end ( ) , .")
FRACTIONS = {"half", "quarter"}
SAYS_NOTHING = {
    "", "-", "–", "—", "?", "/", "n/a", "na", "n.a.", "n.a", "none", "null", "nil", "unknown", "undefined", "varies",
    "variable", "various", "tbd", "tba", "pending", "not specified", "not known", "not available", "unspecified",
    "not applicable", "onbekend", "no data", "#n/a",
}  # fmt: skip
ENDLESS = {
    "no expiration",
    "no expiry",
    "no end",
    "does not expire",
    "doesn't expire",
    "until deleted",
    "until cleared",
}
AT_ONCE = {"immediately", "immediately removed", "removed immediately", "instant", "instantly"}
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"]

_DATE = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?[ -](?:{'|'.join(MONTHS)})[a-z]*\.?,?[ -]\d{{4}}\b"
    rf"|\b(?:{'|'.join(MONTHS)})[a-z]* \d{{1,2}},? \d{{4}}\b"
    r"|\b\d{4}-\d{1,2}-\d{1,2}|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b"
)
_FRACTION = r"\d+ ?[/⁄] ?\d+|\d+\.\d{3}\b"  # “1/2”; “1.000”, a thousand to some
_TOKEN = re.compile(rf"{_FRACTION}|\d{{1,3}}(?:,\d{{3}})+|\d+(?:[.,]\d+)?|[^\W\d_]+(?:'[^\W\d_]*)?|[^\s\w]|_")


def read(text: str) -> Lifetime:
    """Never raises: what it does not understand is of kind unknown, with a sentence why."""
    if len(text) > LONGEST_TEXT:
        return UNREADABLE
    said = " ".join(unicodedata.normalize("NFKC", text).casefold().replace("’", "'").split())
    return _whole(said) or _Reader().read(_TOKEN.findall(said))


def _whole(said: str) -> Lifetime | None:
    """What is understood as a whole, without a number."""
    words = set(_TOKEN.findall(said))
    if said.rstrip(".") in SAYS_NOTHING:
        return NOT_SAID
    if said in ENDLESS or (words & NO_END and words <= AROUND_NO_END):
        return WITHOUT_END
    if said in AT_ONCE:
        return Lifetime(Kind.FIXED, 0)
    if words & SESSION and words <= AROUND_SESSION:
        return Lifetime(Kind.SESSION)
    return A_DATE if _DATE.search(said) else None


@dataclass
class _Reader:
    """Walks over numbers, units and the words between, collecting the ends of a range."""

    ends: list[Fraction] = field(default_factory=list)
    numbers: list[Fraction] = field(default_factory=list)  # still without a unit
    left_over: list[str] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)
    is_new_end: bool = True
    may_follow: bool = True  # a number, without a unit before it
    has_session: bool = False
    is_broken: bool = False

    def read(self, words: list[str]) -> Lifetime:
        for word in words:
            self._take(word)
        if self.is_broken or self.numbers or not (self.ends or self.has_session):
            return UNREADABLE
        if not self.ends:
            return Lifetime(Kind.SESSION, problem=self._problem())
        if max(self.ends) > LONGEST:
            return TOO_LONG
        kind = Kind.RANGE if len(self.ends) + self.has_session > 1 else Kind.FIXED
        return Lifetime(kind, int(max(self.ends)), self._problem())

    def _take(self, word: str) -> None:
        if word in FRACTIONS or re.fullmatch(_FRACTION, word):
            self.is_broken = True
        elif word[0].isdecimal() or word in NUMBERS:
            self._take_number(word)
        elif word in BETWEEN or (word == "and" and self.numbers):
            self.is_new_end = self.may_follow = True
        elif self.numbers and (unit := self._unit(word)):
            self._take_unit(unit)
        elif word in SESSION:
            # “session or 1 year” is a range; “1 year after the session” begins with its end.
            self.has_session = self.has_session or self.is_new_end
        elif word not in HARMLESS and word != "and":
            self.left_over.append(word)

    def _take_number(self, word: str) -> None:
        if word in ("a", "an") and self.ends:
            return  # “1 year after a visit”
        if self.numbers and not self.may_follow:
            self.is_broken = True  # “1 2 years”
        self.numbers.append(Fraction(NUMBERS[word]) if word in NUMBERS else _number(word))
        self.may_follow = False

    def _unit(self, word: str) -> int:
        """Seconds of the unit; 0 where it is none. A spelling that is nearly one is taken, and said."""
        if word in UNITS:
            return UNITS[word]
        near = difflib.get_close_matches(word, SPELLED_OUT, n=1, cutoff=0.75)
        if not near:
            return 0
        self.guesses.append(f"“{word}” was read as {near[0]}.")
        return UNITS[near[0]]

    def _take_unit(self, unit: int) -> None:
        """“1-2 years”: the unit is that of both numbers; “1 year 2 months”: one length of time."""
        for number in self.numbers:
            self._add(number * unit)
            self.is_new_end = True
        self.numbers = []
        self.is_new_end = False

    def _add(self, length: Fraction) -> None:
        if self.is_new_end or not self.ends:
            self.ends.append(length)
        else:
            self.ends[-1] += length
        self.is_new_end = False

    def _problem(self) -> str:
        unread = [f"“{' '.join(self.left_over)}” was not understood."] if self.left_over else []
        return " ".join([*self.guesses, *unread])


def _number(digits: str) -> Fraction:
    is_thousands = re.fullmatch(r"\d{1,3}(?:,\d{3})+", digits)
    return Fraction(digits.replace(",", "" if is_thousands else "."))
