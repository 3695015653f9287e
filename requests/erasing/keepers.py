"""Why something stays although its erasure was asked for, and for how long: one sentence, made of facts.

Staff read it before they decide, the requester in the closing letter, and whoever looks after a system with
the order to erase: each in their own language, all of them the same."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext as _

from audit.personal import holdings
from inventory import spoken


class Keeper(TextChoices):
    """What may keep something (GDPR Art. 17(3)(b), (e); Art. 5(2))."""

    HOLD = "hold", "a legal hold"
    LAW = "law", "a law"
    PROOF = "proof", "proof that we kept our word"


# The requester asked for this to go and we say no; what only proves that we answered is no refusal.
REFUSALS = (Keeper.HOLD, Keeper.LAW)


@dataclass(frozen=True, kw_only=True)
class Term:
    """One rule of the register. Without a `number` it names no end; `anchor` is the article that asks for it."""

    rule: int
    event: str
    number: int | None
    unit: str
    anchor: str = ""

    @property
    def words(self) -> str:
        return _("without a fixed end") if self.number is None else self._period(self.number)

    def _period(self, number: int) -> str:
        return spoken.span(number, self.unit, self.event)


def sentence(keeper: str, category: str, terms: Sequence[Term], rows: Collection[str] = ()) -> str:
    """In the language that is switched on. `rows` are the names of the models that hold something here."""
    if keeper == Keeper.HOLD:
        return _("We keep it for a legal claim and use it for nothing else, until that claim is settled.")
    why = _law(terms) if keeper == Keeper.LAW else _proof(category, rows)
    return f"{why} {_how_long(terms)}"


def _law(terms: Sequence[Term]) -> str:
    """The article as the register cites it: a law is called by its own name in every language."""
    if anchors := ", ".join(dict.fromkeys(term.anchor for term in terms if term.anchor)):
        return _("A law makes us keep it (%(law)s).") % {"law": anchors}
    return _("A law makes us keep it.")


def _proof(category: str, rows: Collection[str]) -> str:
    """Of what is there; one category may be proof of several things."""
    mine = [holding for holding in holdings() if holding.category == category and holding.survives]
    here = [holding for holding in mine if holding.name in rows] or mine
    said = dict.fromkeys(str(holding.survives) for holding in here)
    return " ".join(said) or _("It shows that we kept our word.")


def _how_long(terms: Sequence[Term]) -> str:
    if not terms:
        return _("It stays for as long as that may be asked of us.")
    if endless := [term for term in terms if term.number is None]:
        return _("It stays %(period)s.") % {"period": endless[0].words}
    periods = spoken.whichever_is_later([term.words for term in terms])
    return _("It stays for %(period)s.") % {"period": periods}
