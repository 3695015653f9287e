"""Buttons of the desk: what they are. How they run: `audit.pressing`."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest


@dataclass(frozen=True, kw_only=True)
class Consequences:
    """What the confirmation page says before anything happens, each line a sentence.

    `warnings`, `blocked` and `question` may be lazy: they are read when the page is shown, not when the button is
    pressed. `blocked`: why pressing would be refused now; the page then says that, and nothing of what would happen."""

    question: str
    warnings: Iterable[str] = ()
    blocked: str = ""
    happens: list[str] = field(default_factory=list)
    not_: list[str] = field(default_factory=list)
    irreversible: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    count: int | None = None
    must_type_count: bool = False
    submit: str


Says = Callable[[Any, HttpRequest], Consequences]
Beforehand = Callable[[Any, dict[str, Any]], AbstractContextManager[dict[str, Any]]]


def says(
    question: str, *happens: str, submit: str, not_: tuple[str, ...] = (), irreversible: tuple[str, ...] = ()
) -> Says:
    """A confirmation page whose sentences do not depend on the object."""
    words = Consequences(
        question=question,
        happens=list(happens),
        not_=list(not_),
        irreversible=list(irreversible),
        submit=submit,
    )
    return lambda obj, request: words


@dataclass(frozen=True, kw_only=True)
class Button:
    """A verb staff may do to one object: link → confirmation page → action → message.

    `action` is called as `action(obj, by=, at=, reason=, **cleaned_data of form_class)`, inside a
    transaction that holds the row; what it refuses (`audit.refusals.Refused`) is shown beside the form.
    `beforehand` is for slow work, which must not hold the database's one writer: it gets the object and the
    cleaned data before the transaction, yields the data to go on with, and undoes its work if the deed fails."""

    verb: str
    label: str
    action: Callable[..., object]
    permission: str
    consequences: Says
    form_class: type[forms.BaseForm] | None = None
    shown: Callable[[Any], bool] = lambda obj: True
    danger: bool = False
    fresh_login: bool = False
    needs_reason: bool = True
    initial: Callable[[Any], dict[str, Any]] = lambda obj: {}
    beforehand: Beforehand = lambda obj, cleaned: nullcontext(cleaned)
    template: str = "admin/button.html"
    done: Callable[[Any, Any], str] | None = None

    @property
    def name(self) -> str:
        """The label as words in a sentence, without the dots that say “a page comes first”."""
        return self.label.rstrip("…")

    def message(self, obj: models.Model, result: object) -> str:
        """What staff read afterwards: what happened and where to watch."""
        return self.done(obj, result) if self.done else f"{self.name}: done."
