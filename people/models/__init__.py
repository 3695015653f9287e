from .persons import (
    ADULT,
    REACHABLE,
    Authority,
    Guardianship,
    GuardianshipQuerySet,
    Person,
    PersonQuerySet,
    Relationship,
    Role,
    country_choices,
)
from .restrictions import Restriction, RestrictionGround, RestrictionQuerySet
from .staff import AccessGrant, GrantStatus, User, UserManager

__all__ = [
    "ADULT",
    "REACHABLE",
    "AccessGrant",
    "Authority",
    "GrantStatus",
    "Guardianship",
    "GuardianshipQuerySet",
    "Person",
    "PersonQuerySet",
    "Relationship",
    "Restriction",
    "RestrictionGround",
    "RestrictionQuerySet",
    "Role",
    "User",
    "UserManager",
    "country_choices",
]
