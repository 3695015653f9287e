"""Laws, dates, and what to do when there is not enough time."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from audit.buttons import Button, Consequences, says
from audit.refusals import Refused
from people.models import User
from requests import actions, deciding
from requests.desk import forms
from requests.models import RightsRequest, Stage

from .shown import TOLD, WORK, is_open, of


def _laws(
    case: RightsRequest, *, by: User, at: datetime, reason: str, codes: list[str], place: str
) -> RightsRequest:
    return actions.confirm_regimes(case, by=by, at=at, reason=reason, codes=codes, place=place or None)


def _draft(case: RightsRequest) -> dict[str, Any]:
    try:
        return of(case, letter=deciding.draft_extension(case, at=timezone.now()))
    except Refused:
        return of(case)


def _extension(case: RightsRequest, request: HttpRequest) -> Consequences:
    return Consequences(
        question="Take more time?",
        happens=["The letter names the reason and the new day; the date moves in the same step.", TOLD],
        not_=["A late extension has no effect: the rules refuse it.", *_obstacle(case)],
        submit="Extend and tell",
    )


def _obstacle(case: RightsRequest) -> list[str]:
    """Said before anybody writes a letter for nothing."""
    try:
        deciding.may_be_extended(case, at=timezone.now())
    except Refused as refusal:
        return [str(refusal)]
    return []


BUTTONS = (
    Button(
        verb="laws",
        label="Laws and place…",
        action=_laws,
        permission=WORK,
        form_class=forms.LawsForm,
        initial=lambda c: of(c, place=c.place, codes=[row.code for row in c.regimes.binding()]),
        shown=is_open,
        consequences=says(
            "Which laws does this fall under?",
            "The earliest strict date leads; the rights are those of all of them.",
            submit="Confirm laws",
        ),
    ),
    Button(
        verb="extend",
        label="Extend…",
        action=actions.extend,
        permission=WORK,
        form_class=forms.ExtendForm,
        initial=_draft,
        shown=lambda c: c.is_open and c.verified_at is not None,
        consequences=_extension,
    ),
    Button(
        verb="pause",
        label="Pause…",
        action=actions.pause,
        permission=WORK,
        form_class=forms.PauseForm,
        initial=of,
        shown=lambda c: c.is_open and not c.pause_reason and c.stage != Stage.UNVERIFIED,
        consequences=says(
            "Set this aside?",
            "It leaves your queue; the legal clock runs on.",
            submit="Pause",
        ),
    ),
)
