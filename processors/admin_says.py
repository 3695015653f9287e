"""Confirmation pages whose sentences do not depend on the object."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from audit.buttons import Consequences

Says = Callable[[Any, HttpRequest], Consequences]


def says(question: str, *happens: str, submit: str, not_: tuple[str, ...] = ()) -> Says:
    """A confirmation page whose sentences do not depend on the object."""
    consequences = Consequences(question=question, happens=list(happens), not_=list(not_), submit=submit)
    return lambda obj, request: consequences
