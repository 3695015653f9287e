"""How an actor is called on screen. This app knows references only; upper apps add the names."""

from collections.abc import Callable

from .actors import Actor

# Joined in an upper app's `ready()`: given an actor, the name staff know, or "" when it is not theirs.
namers: list[Callable[[Actor], str]] = []


def actor_name(actor: Actor) -> str:
    for namer in namers:
        if name := namer(actor):
            return name
    return f"{actor.kind.label} {actor.ref}".strip()
