"""Who acted: a kind and an opaque reference, never a name (design, truth 7)."""

from dataclasses import dataclass
from typing import Protocol

from django.db import models


class ActorKind(models.TextChoices):
    STAFF = "staff", "staff"
    PERSON = "person", "person"
    SCHOOL_CLIENT = "school_client", "school client"
    SYSTEM = "system", "system"


@dataclass(frozen=True)
class Actor:
    kind: ActorKind
    ref: str = ""

    def as_actor(self) -> "Actor":
        return self


class Acts(Protocol):
    """Anything that can stand behind a deed: a staff user, a person, a school client, SYSTEM."""

    def as_actor(self) -> Actor: ...


SYSTEM = Actor(ActorKind.SYSTEM)
