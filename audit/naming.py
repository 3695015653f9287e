"""How actors and objects are called on screen. This app knows references only; upper apps add the names."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable

from django.apps import apps

from .actors import Actor

# Joined in an upper app's `ready()`: given an actor, the name staff know, or "" when it is not theirs.
namers: list[Callable[[Actor], str]] = []

# The same for objects: given a model as app.model and references, the names of those that are theirs.
# Many at once, so that a list asks once for each kind.
describers: list[Callable[[str, Collection[str]], dict[str, str]]] = []

Reference = tuple[str, str]


def actor_name(actor: Actor) -> str:
    for namer in namers:
        if name := namer(actor):
            return name
    return f"{actor.kind.label} {actor.ref}".strip()


def object_name(kind: str, ref: str) -> str:
    return object_names([(kind, ref)])[kind, ref]


def object_names(references: Iterable[Reference]) -> dict[Reference, str]:
    """Where nobody knows a name: the kind and the number, “guardianship 8”."""
    by_kind = defaultdict(set)
    for kind, ref in references:
        by_kind[kind].add(ref)
    named: dict[Reference, str] = {}
    for kind, refs in by_kind.items():
        named |= {(kind, ref): f"{_kind_name(kind)} {ref}".strip() for ref in refs}
        for describer in describers:
            named |= {(kind, ref): name for ref, name in describer(kind, refs).items()}
    return named


def _kind_name(kind: str) -> str:
    try:
        return str(apps.get_model(kind)._meta.verbose_name)
    except (LookupError, ValueError):  # a model that is gone, or no object at all
        return kind
