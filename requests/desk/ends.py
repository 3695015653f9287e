"""Whose it is, what it belongs to, and the ways it ends without being done."""

from datetime import datetime

from django.utils import timezone

from audit.buttons import Button, says
from people.models import User
from requests import actions, deciding
from requests.desk import forms
from requests.models import LetterKind, RightsRequest, Stage
from requests.saying import letters

from .shown import TOLD, WORK, is_in_review, is_open, of, words_are_enough


def _take(case: RightsRequest, *, by: User, at: datetime, reason: str = "") -> RightsRequest:
    return actions.assign(case, owner=by, by=by, at=at, reason=reason)


OWNER = (
    Button(
        verb="take",
        label="Take it",
        action=_take,
        permission=WORK,
        needs_reason=False,
        shown=lambda c: c.is_open and c.owner_id is None,
        consequences=says("Take this case?", "You answer for it from now on.", submit="Take it"),
    ),
    Button(
        verb="assign",
        label="Give to a colleague…",
        action=actions.assign,
        permission=WORK,
        needs_reason=False,
        form_class=forms.OwnerForm,
        initial=lambda c: of(c, owner=c.owner_id),
        shown=is_open,
        consequences=says("Who takes this case?", "They answer for it from now on.", submit="Give it"),
    ),
)


LINKS = (
    Button(
        verb="twin",
        label="Same as another…",
        action=actions.link_duplicate,
        permission=WORK,
        form_class=forms.TwinForm,
        initial=of,
        needs_reason=False,
        shown=lambda c: c.is_open and c.duplicate_of_id is None,
        consequences=says(
            "Do both ask the same?",
            "They are linked; each is still verified and answered.",
            not_=("Nothing is verified by a link.",),
            submit="Link the two",
        ),
    ),
    Button(
        verb="unlink",
        label="Not the same",
        action=actions.unlink,
        permission=WORK,
        shown=lambda c: c.is_open and c.duplicate_of_id is not None,
        consequences=says("Undo the link?", "Each stands for itself again.", submit="Undo the link"),
    ),
    Button(
        verb="convert",
        label="It is a request…",
        action=actions.convert_inquiry,
        permission=WORK,
        form_class=forms.ConvertForm,
        initial=of,
        needs_reason=False,
        shown=lambda c: is_in_review(c) and words_are_enough(c),
        consequences=says(
            "Does this ask for something?",
            "It becomes a request and keeps the day it arrived.",
            "This case is closed; the new one is linked.",
            submit="Make it a request",
        ),
    ),
)


BUTTONS = (
    Button(
        verb="refuse",
        label="Refuse…",
        action=actions.refuse,
        permission=WORK,
        danger=True,
        form_class=forms.RefuseForm,
        shown=lambda c: c.is_open and c.stage != Stage.RELEASE,
        initial=lambda c: of(c, at=timezone.now(), letter=deciding.draft_refusal(c, None)),
        consequences=says(
            "Say no?",
            TOLD,
            "It names the reason, where to complain and the way to a second look.",
            "The case is closed as refused.",
            submit="Refuse and close",
        ),
    ),
    Button(
        verb="reroute",
        label="The school decides…",
        action=actions.reroute,
        permission=WORK,
        form_class=forms.LetterForm,
        initial=lambda c: of(c, letter=letters.draft(c, LetterKind.REROUTED)),
        shown=lambda c: c.is_open and c.stage in (Stage.UNVERIFIED, Stage.REVIEW),
        consequences=says(
            "Pass this to the school?",
            TOLD,
            "The case is closed as passed on, not as refused.",
            submit="Pass on and close",
        ),
    ),
    Button(
        verb="withdraw",
        label="They withdraw it…",
        action=actions.withdraw,
        permission=WORK,
        shown=is_open,
        consequences=says(
            "Does the requester not want it any more?",
            "What is under way stops; the case is closed as withdrawn.",
            not_=("No letter is sent.",),
            submit="Note withdrawal",
        ),
    ),
    Button(
        verb="close",
        label="Close without a letter…",
        action=actions.close,
        permission=WORK,
        danger=True,
        form_class=forms.CloseForm,
        initial=of,
        shown=is_open,
        consequences=says(
            "Close this without a letter?",
            "Your reason stands in the audit record: nothing ends in silence.",
            not_=("The requester is told nothing.",),
            submit="Close without a letter",
        ),
    ),
)
