"""What a browser may be given today: its receipt held against the list in force. No database, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .cookies_catalogue import Group, gained


class Reason(StrEnum):
    ESSENTIAL = "essential"
    CHOSEN = "chosen"
    GPC = "gpc"
    NEW_PURPOSE = "new purpose"
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Standing:
    is_allowed: bool
    reason: Reason

    @property
    def is_to_be_asked(self) -> bool:
        return self.reason in (Reason.NEW_PURPOSE, Reason.NOT_ASKED)


def standings(
    now: list[Group], answered: list[Group], choices: Mapping[str, bool], *, gpc: bool
) -> dict[str, Standing]:
    """By code of group, in the order of the list. `answered` are the groups of the list that was chosen on."""
    renewed = gained(answered, now)
    return {group["code"]: _standing(group, renewed, choices, gpc=gpc) for group in now}


def _standing(group: Group, renewed: set[str], choices: Mapping[str, bool], *, gpc: bool) -> Standing:
    code = group["code"]
    if group["essential"]:
        return Standing(True, Reason.ESSENTIAL)
    if gpc:
        return Standing(False, Reason.GPC)
    if code in renewed:
        return Standing(False, Reason.NEW_PURPOSE)
    if code not in choices:
        return Standing(False, Reason.NOT_ASKED)
    return Standing(choices[code], Reason.CHOSEN)
