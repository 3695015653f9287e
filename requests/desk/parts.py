"""Looking the copy through before it leaves the house."""

from django.http import HttpRequest

from audit.buttons import Button, Consequences
from requests.copies import packages, reviewing
from requests.models import RightsRequest, Stage

from . import part_forms
from .shown import WORK, of

EVIDENCE = "The original stays sealed for as long as the case is kept, to show what was withheld."


def _is_looked_through(case: RightsRequest) -> bool:
    return case.stage == Stage.RELEASE and packages.ready(case) is not None and case.copy_parts.exists()


def _has_unseen(case: RightsRequest) -> bool:
    return _is_looked_through(case) and case.copy_parts.unseen().exists()


def _has_seen(case: RightsRequest) -> bool:
    return _is_looked_through(case) and case.copy_parts.exclude(looked_at=None, decision="").exists()


def _looking(case: RightsRequest, request: HttpRequest) -> Consequences:
    left, total = case.copy_parts.unseen().count(), case.copy_parts.count()
    return Consequences(
        question="Which parts did you look through?",
        happens=[
            f"{left} of {total} parts {'is' if left == 1 else 'are'} not looked through yet. "
            "The copy is released when none is left.",
            "Your name stands beside each part you tick.",
        ],
        not_=["Nothing leaves the house yet, and you can take it back."],
        submit="I looked through them",
    )


def _replacing(case: RightsRequest, request: HttpRequest) -> Consequences:
    return Consequences(
        question="Replace a part by a redacted file?",
        happens=[
            "Your file goes out instead of the part. It counts as looked through.",
            "The letter and the copy say that something is blacked out, and why.",
            EVIDENCE,
        ],
        not_=["Nothing leaves the house yet, and you can take it back."],
        submit="Replace the part",
    )


def _leaving_out(case: RightsRequest, request: HttpRequest) -> Consequences:
    return Consequences(
        question="Leave parts out of the copy?",
        happens=["The letter and the copy say that something is left out, and why.", EVIDENCE],
        not_=["Nothing leaves the house yet, and you can take it back."],
        submit="Leave them out",
    )


def _taking_back(case: RightsRequest, request: HttpRequest) -> Consequences:
    return Consequences(
        question="Take back what was decided on these parts?",
        happens=[
            "The originals would go out again, so they have to be looked through.",
            "A redacted file is destroyed.",
        ],
        submit="Take back",
    )


BUTTONS = (
    Button(
        verb="look-through",
        label="Looked through…",
        action=reviewing.look_through,
        permission=WORK,
        needs_reason=False,
        form_class=part_forms.LookForm,
        initial=of,
        shown=_has_unseen,
        consequences=_looking,
        done=lambda case, count: f"{count} part{'' if count == 1 else 's'} looked through.",
    ),
    Button(
        verb="replace-part",
        label="Replace a part…",
        action=reviewing.put_instead,
        beforehand=reviewing.sealed_beforehand,
        permission=WORK,
        form_class=part_forms.ReplaceForm,
        initial=of,
        shown=_is_looked_through,
        consequences=_replacing,
        done=lambda case, part: "Replaced. Your file goes out; the original stays sealed.",
    ),
    Button(
        verb="leave-out",
        label="Leave a part out…",
        action=reviewing.leave_out,
        permission=WORK,
        form_class=part_forms.LeaveOutForm,
        initial=of,
        shown=_is_looked_through,
        consequences=_leaving_out,
        done=lambda case, count: f"{count} part{'' if count == 1 else 's'} left out.",
    ),
    Button(
        verb="take-back",
        label="Take back…",
        action=reviewing.take_back,
        permission=WORK,
        needs_reason=False,
        form_class=part_forms.TakeBackForm,
        initial=of,
        shown=_has_seen,
        consequences=_taking_back,
        done=lambda case, count: f"{count} part{'' if count == 1 else 's'} to be looked through again.",
    ),
)
