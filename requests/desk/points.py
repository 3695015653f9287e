"""What is decided before work begins: what is corrected, on which ground data rests, which uses stop."""

from typing import Any

from django.http import HttpRequest

from audit.buttons import Button, Consequences, says
from law.models import Company
from requests.changing import correcting, ending, limiting
from requests.desk import forms_points
from requests.models import Correctable, Correction, LetterKind, Right, RightsRequest, Stage
from requests.saying import letters

from .shown import TOLD, WORK, of

BEFORE_WORK = (Stage.UNVERIFIED, Stage.REVIEW)


def _before_work(*rights: Right) -> Any:
    return lambda case: case.right in rights and case.stage in BEFORE_WORK


def _corrections(case: RightsRequest, request: HttpRequest) -> Consequences:
    return Consequences(
        question="What of this is corrected?",
        happens=[
            *(_before_and_after(case, point) for point in case.corrections.all()),
            "Accepted ones are written here when work begins, and every system and company is told them.",
            "An address that is replaced gets a last mail.",
        ],
        not_=["Nothing changes yet: this can be decided anew until the request is accepted."],
        irreversible=["Once written, what stood here before is forgotten."],
        submit="Record decisions",
    )


def _before_and_after(case: RightsRequest, point: Correction) -> str:
    wanted = f"to say “{point.wanted}”" + (f" ({point.what})" if point.what else "")
    if point.field == Correctable.OTHER:
        return f"Something else, {wanted}. This database has no such field: the systems are asked."
    now = correcting.on_file_now(case.subject, point.field) if case.subject else ""
    return f"{point.get_field_display().capitalize()}: now “{now or 'empty'}”, {wanted}."


def _uses(case: RightsRequest, request: HttpRequest) -> Consequences:
    found = limiting.candidates(case, Company.current().today())
    none = "The register names no use of their data that they may object to."
    return Consequences(
        question="Which uses stop?",
        happens=[
            "What stops is noted on the person when work begins, and asked of those alone who use data for it.",
            "Direct marketing and sale stop as a whole, whatever comes later.",
        ],
        not_=[] if found else [none],
        submit="Record decision",
    )


def _has_restriction(case: RightsRequest) -> bool:
    return case.right == Right.RESTRICTION and limiting.restriction_of(case) is not None


def _can_be_lifted(case: RightsRequest) -> bool:
    return _has_restriction(case) and ending.lifted_from(case) is not None


def _lifting(case: RightsRequest, request: HttpRequest) -> Consequences:
    told = ending.lifted_from(case)
    return Consequences(
        question="Use the data here again?",
        happens=[
            f"They were told that it ends on {told:%-d %B %Y}." if told else "They have not been told yet.",
            "Fields can be edited and exported again; what has run out goes with the next sweep.",
            "Systems and companies that were told of it are told that it is over, unless another case restricts them.",
        ],
        submit="Lift restriction",
    )


BUTTONS = (
    Button(
        verb="add-correction",
        label="Write down a correction…",
        action=correcting.add,
        permission=WORK,
        needs_reason=False,
        form_class=forms_points.AddCorrectionForm,
        initial=of,
        shown=_before_work(Right.RECTIFICATION),
        consequences=says(
            "What should be corrected?",
            "It stands on the case as one point, to be decided.",
            not_=("Nothing is corrected yet.",),
            submit="Write down",
        ),
    ),
    Button(
        verb="corrections",
        label="Decide corrections…",
        action=correcting.decide,
        permission=WORK,
        needs_reason=False,
        form_class=forms_points.CorrectionsForm,
        initial=of,
        shown=lambda c: _before_work(Right.RECTIFICATION)(c) and c.corrections.exists(),
        consequences=_corrections,
        done=lambda case, result: "Recorded. Accept the request, and what you accepted is written.",
    ),
    Button(
        verb="ground",
        label="Ground of the restriction…",
        action=limiting.decide_ground,
        permission=WORK,
        needs_reason=False,
        form_class=forms_points.GroundForm,
        initial=lambda c: of(c, ground=limiting.ground_of(c)),
        shown=_before_work(Right.RESTRICTION),
        consequences=says(
            "Why is the data kept and not used?",
            "The ground decides when it may end: when it has been checked, or weighed, or the claim is over.",
            not_=("Nothing is restricted before the request is accepted.",),
            submit="Record ground",
        ),
    ),
    Button(
        verb="uses",
        label="Uses to stop…",
        action=limiting.decide_uses,
        permission=WORK,
        needs_reason=False,
        form_class=forms_points.UsesForm,
        initial=of,
        shown=_before_work(*limiting.USES),
        consequences=_uses,
    ),
    Button(
        verb="tell-lifting",
        label="Tell them that the restriction ends…",
        action=ending.tell_of_lifting,
        permission=WORK,
        needs_reason=False,
        form_class=forms_points.LiftingForm,
        initial=lambda c: of(c, letter=letters.draft(c, LetterKind.LIFTING)),
        shown=_has_restriction,
        consequences=says(
            "Tell them that the restriction ends?",
            TOLD,
            "From the day you name it can be lifted, not before (GDPR Art. 18(3)).",
            not_=("Nothing is lifted yet.",),
            submit="Send the letter",
        ),
    ),
    Button(
        verb="lift",
        label="Lift the restriction…",
        action=ending.lift,
        permission=WORK,
        shown=_can_be_lifted,
        consequences=_lifting,
    ),
)
