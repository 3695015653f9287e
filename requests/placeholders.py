"""Names in braces that a letter may use, and nothing else: staff write text, never code. Pure."""

import re
from collections.abc import Iterator, Mapping

from django.core.exceptions import ValidationError

# Every name with what it becomes. Whoever adds one fills it in `letters.values`.
NAMES = {
    "hello": "the greeting, with the first name of whoever is written to, such as “Hello Carla,”",
    "reference": "the number of the case",
    "whose": "“your data”; for whoever asks about somebody else, “the data of Amina”",
    "company": "our name",
    "service": "what people use",
    "contact": "our address for questions about privacy",
    "received_on": "the day the request reached us",
    "due_on": "the day the answer is due",
    "new_due_on": "the day the answer is due after an extension",
    "available_until": "the last day a copy can be fetched",
    "withheld": "what was blacked out or left out of a copy, and why; or that nothing was",
    "message_days": "for how many days after the end a message is still read",
    "reason": "the reason, in the words you give",
    "ground": "the reason the law gives us",
    "what": "what was found, done or answered, in your words",
    "kept": "what stays, why, and until when",
    "school": "the school that decides",
    "routes": "where to complain, and the way to a court or to a second look, for the law of the case",
}
# What stands where a draft has nothing to say yet. A letter that still holds it is not sent.
BLANK = "[…]"

_NAME = re.compile(r"\{([^{}]*)\}")


def check(text: str) -> None:
    """Raises ValidationError for a name nobody would fill in, and for a brace without its twin."""
    if unknown := sorted({name for name in names_in(text) if name not in NAMES}):
        listed = ", ".join(f"{{{name}}}" for name in unknown)
        raise ValidationError(
            f"Nobody would fill in {listed}. Known names: {', '.join(NAMES)}.", code="unknown_name"
        )
    if any(brace in _NAME.sub("", text) for brace in "{}"):
        raise ValidationError("A brace stands alone: write names as {reference}.", code="unpaired_brace")


def names_in(text: str) -> Iterator[str]:
    return (found[1] for found in _NAME.finditer(text))


def fill_in(text: str, **values: str) -> str:
    """The names given and no other, all in one go: what somebody wrote for one is never read as another."""
    return _NAME.sub(lambda found: values.get(found[1], found[0]), text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Each name by its value, once: a value that holds braces stays as it is."""
    return _NAME.sub(lambda found: values.get(found[1]) or BLANK, text)
