"""From review to the answer."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from audit.buttons import Button, Consequences, says
from inventory.models import System
from people.models import User
from processors.models import Processor
from requests import actions, deciding
from requests.copies import withheld
from requests.desk import forms
from requests.erasing import erasure
from requests.models import Answer, Outcome, PauseReason, Right, RightsRequest, Stage
from requests.saying import closing, letters

from .shown import TOLD, WORK, is_in_review, of, words_are_enough


def _release(
    case: RightsRequest, *, by: User, at: datetime, reason: str, letter: str, outcome: str
) -> RightsRequest:
    kind = letters.kind_of_answer(case)
    return actions.release(case, by=by, at=at, reason=reason, letter=letter, outcome=outcome, kind=kind)


def _answer(case: RightsRequest) -> dict[str, Any]:
    """Where somebody could not do their part, “all of it” is not what stands ticked."""
    missing = withheld.is_any(case) or case.tasks.filter(answer=Answer.EXCEPTION).exists()
    facts = closing.facts(case)
    letter = letters.draft(case, letters.kind_of_answer(case), **facts)
    if (
        withheld.is_any(case) and facts["withheld"] not in letter
    ):  # the house's own template has no place for it
        letter = f"{letter}\n\n{facts['withheld']}"
    return of(case, letter=letter, outcome=Outcome.PARTLY if missing else Outcome.DONE)


def _acceptance(case: RightsRequest, request: HttpRequest) -> Consequences:
    systems, companies = erasure.whom_it_asks(case, at=timezone.now())
    return Consequences(
        question="Work on this request?",
        happens=[
            f"{_count(systems, 'system')} and {_companies(companies)} are asked, by their owners or over HTTP.",
            "The laws of the case are confirmed with your name; the requester hears that we work on it.",
        ],
        not_=["Nothing leaves the house: the answer is looked at first."],
        samples=[str(one) for one in (*systems, *companies)],
        submit="Accept request",
    )


def _count(rows: list[System], noun: str) -> str:
    return f"{len(rows)} {noun}{'' if len(rows) == 1 else 's'}"


def _companies(rows: list[Processor]) -> str:
    return f"{len(rows)} compan{'y' if len(rows) == 1 else 'ies'}"


BUTTONS = (
    Button(
        verb="accept",
        label="Accept…",
        action=actions.accept,
        permission=WORK,
        needs_reason=False,
        shown=lambda c: is_in_review(c) and c.right != Right.ERASURE and not words_are_enough(c),
        consequences=_acceptance,
        done=lambda case, result: "Accepted. The systems and companies below are asked now.",
    ),
    Button(
        verb="answer",
        label="Answer…",
        action=actions.answer,
        permission=WORK,
        needs_reason=False,
        form_class=forms.LetterForm,
        initial=lambda c: of(c, letter=letters.draft(c, letters.kind_of_answer(c))),
        shown=lambda c: is_in_review(c) and words_are_enough(c),
        consequences=says("Send this answer?", TOLD, "The case is closed.", submit="Send answer"),
    ),
    Button(
        verb="put-forward",
        label="Put the answer forward",
        action=actions.put_forward,
        permission=WORK,
        needs_reason=False,
        shown=lambda c: (
            c.stage == Stage.FULFILLING and c.right != Right.ERASURE and not c.tasks.owed().exists()
        ),
        consequences=says(
            "Is everything there?",
            "Somebody looks at the answer before it leaves the house.",
            submit="Put forward",
        ),
    ),
    Button(
        verb="release",
        label="Release…",
        action=_release,
        permission=WORK,
        fresh_login=True,
        needs_reason=False,
        form_class=forms.ReleaseForm,
        initial=_answer,
        shown=lambda c: c.stage == Stage.RELEASE,
        consequences=says(
            "Did you look through the answer, and may it leave the house?",
            TOLD,
            "A copy can be fetched for some days, a few times, after signing in by a code.",
            "The case is closed.",
            submit="Release and close",
        ),
        done=lambda case, result: "Released. The requester is told that there is news.",
    ),
    Button(
        verb="send-back",
        label="Send back…",
        action=actions.send_back,
        permission=WORK,
        shown=lambda c: c.stage == Stage.RELEASE,
        consequences=says(
            "Send this back to work?", "Something is missing, or should not go out.", submit="Send back"
        ),
    ),
    Button(
        verb="refuse-partly",
        label="Refuse a part…",
        action=actions.refuse_partly,
        permission=WORK,
        form_class=forms.RefuseForm,
        shown=lambda c: c.stage == Stage.RELEASE,
        initial=lambda c: of(c, at=timezone.now(), letter=deciding.draft_refusal(c, None, is_partial=True)),
        consequences=says(
            "Refuse a part of it?",
            TOLD,
            "It names the reason, where to complain and the way to a second look.",
            submit="Send answer, refuse a part",
        ),
    ),
    Button(
        verb="resume",
        label="Take up again",
        action=actions.resume,
        permission=WORK,
        needs_reason=False,
        shown=lambda c: c.is_open and c.pause_reason not in ("", PauseReason.CLARIFICATION),
        consequences=says("Take this case up again?", "It is worked on as before.", submit="Take up again"),
    ),
    Button(
        verb="clarified",
        label="They told us",
        action=actions.clarified,
        permission=WORK,
        needs_reason=False,
        shown=lambda c: c.pause_reason == PauseReason.CLARIFICATION,
        consequences=says(
            "Is it clear now what they mean?",
            "The case goes on; where the clock stood still it runs again.",
            submit="It is clear",
        ),
    ),
)
