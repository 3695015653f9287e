"""The buttons of a case: a verb each, in the order of the work. What a verb does stands in `actions`."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from audit.buttons import Button, Consequences, says
from audit.refusals import Refused
from people.models import User

from . import actions, deciding, erasure, forms, letters, plans
from .models import (
    ErasureOrder,
    IdentityCheck,
    LetterKind,
    PauseReason,
    RequesterKind,
    Right,
    RightsRequest,
    Stage,
    Verdict,
)

WORK, APPROVE = "requests.work_rightsrequest", "requests.approve_erasure"
TOLD = "The requester gets a mail that there is news; the letter itself stands on the status page."


def of(case: RightsRequest, **more: Any) -> dict[str, Any]:
    return {"case": case, **more}


# --- What is shown when ------------------------------------------------------------------------


def _open(case: RightsRequest) -> bool:
    return case.is_open


def _unverified(case: RightsRequest) -> bool:
    return case.stage == Stage.UNVERIFIED


def _review(case: RightsRequest) -> bool:
    return case.stage == Stage.REVIEW and not case.pause_reason


def _words_are_enough(case: RightsRequest) -> bool:
    return case.right in deciding.ANSWERED_WITH_WORDS


def _check(case: RightsRequest) -> IdentityCheck | None:
    return case.identity_checks.filter(verdict=Verdict.OPEN).first()


def _is_recovery(case: RightsRequest, *, seconded: bool) -> bool:
    check = _check(case) if _unverified(case) else None
    return check is not None and check.is_recovery and (check.decided_by_id is not None) == seconded


def _order(case: RightsRequest) -> ErasureOrder | None:
    return ErasureOrder.objects.filter(request=case).first()


def _waits_for_approval(case: RightsRequest) -> bool:
    order = _order(case) if case.right == Right.ERASURE and _review(case) else None
    return order is not None and order.approved_at is None


def _can_erase_here(case: RightsRequest) -> bool:
    if case.right != Right.ERASURE or case.stage != Stage.FULFILLING or case.pause_reason:
        return False
    asked = case.tasks.exclude(way="here")
    return case.tasks.exists() and not asked.open().exists()


# --- Where the deed needs a word more than the button gives --------------------------------------


def _release(
    case: RightsRequest, *, by: User, at: datetime, reason: str, letter: str, outcome: str
) -> RightsRequest:
    kind = letters.kind_of_answer(case)
    return actions.release(case, by=by, at=at, reason=reason, letter=letter, outcome=outcome, kind=kind)


def _approve(case: RightsRequest, *, by: User, at: datetime, reason: str) -> ErasureOrder:
    return erasure.approve(case.erasure_order, by=by, at=at, reason=reason)


def _take(case: RightsRequest, *, by: User, at: datetime, reason: str = "") -> RightsRequest:
    return actions.assign(case, owner=by, by=by, at=at, reason=reason)


def _say(case: RightsRequest, *, by: User, at: datetime, reason: str = "", body: str) -> Any:
    return actions.say(case, body, by=by, at=at, reason=reason)


def _laws(
    case: RightsRequest, *, by: User, at: datetime, reason: str, codes: list[str], place: str
) -> RightsRequest:
    return actions.confirm_regimes(case, by=by, at=at, reason=reason, codes=codes, place=place or None)


def _draft_of_erasure(case: RightsRequest) -> dict[str, Any]:
    return of(case, letter=letters.draft(case, LetterKind.ERASED, **erasure.facts(case)))


def _draft_of_extension(case: RightsRequest) -> dict[str, Any]:
    try:
        return of(case, letter=deciding.draft_extension(case, at=timezone.now()))
    except Refused:
        return of(case)  # the button itself says why, once pressed; some laws want a day from us


# --- Pages that count --------------------------------------------------------------------------


def _proposal(case: RightsRequest, request: HttpRequest) -> Consequences:
    lines = erasure.preview(case, at=timezone.now())
    goes = [
        f"{line.name}: {_rows(line.count)} here, and in the systems that hold it."
        for line in lines
        if line.goes
    ]
    stays = [f"{line.name} stays. {line.why} Until {line.until}." for line in plans.kept(lines)]
    return Consequences(
        question="Propose to erase this?",
        happens=[*goes, "A second colleague reads this plan and approves it, or not."],
        not_=[*stays, "Nothing is erased now."],
        submit="Propose erasure",
    )


def _approval(case: RightsRequest, request: HttpRequest) -> Consequences:
    lines = plans.from_json(case.erasure_order.plan)
    goes = [
        f"{line.name}: {_rows(line.count)} here, and in the systems that hold it."
        for line in lines
        if line.goes
    ]
    return Consequences(
        question="May this be erased?",
        happens=[
            *goes,
            "The requester is told, and can stop it while it waits.",
            "Then the systems and companies are asked to erase; this database comes last.",
        ],
        not_=[f"{line.name} stays. {line.why} Until {line.until}." for line in plans.kept(lines)],
        irreversible=["Once others have been asked, it cannot be stopped."],
        submit="Approve erasure",
    )


def _last_step(case: RightsRequest, request: HttpRequest) -> Consequences:
    count = sum(line.count for line in erasure.preview(case, at=timezone.now()) if line.goes)
    return Consequences(
        question="Erase here and send the closing letter?",
        happens=[
            f"{_rows(count)} of this database go, and every copy we put together.",
            TOLD,
            "The case is closed.",
        ],
        irreversible=["What is erased cannot be brought back, from a backup neither."],
        submit="Erase here and close",
    )


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _acceptance(case: RightsRequest, request: HttpRequest) -> Consequences:
    systems, companies = erasure.whom_it_asks(case, at=timezone.now())
    names = [str(one) for one in (*systems, *companies)]
    return Consequences(
        question="Work on this request?",
        happens=[
            f"{len(systems)} systems and {len(companies)} companies are asked, by their owners or over HTTP.",
            "The laws below are confirmed with your name; the requester hears that we work on it.",
        ],
        not_=["Nothing leaves the house: the answer is looked at first."],
        samples=names,
        submit="Accept request",
    )


# --- The buttons -------------------------------------------------------------------------------

BUTTONS = (
    Button(
        verb="match", label="Find the person…", action=actions.match, permission=WORK,
        form_class=forms.MatchForm, initial=of, shown=lambda c: _unverified(c) or _review(c),
        consequences=says(
            "Who is this?", "The case is about this person from now on.",
            "Another person than before has to show again who they are.",
            not_=("The requester is told nothing about who is on file.",), submit="Note who it is",
        ),
    ),
    Button(
        verb="judge", label="Identity shown…", action=actions.confirm_identity, permission=WORK,
        form_class=forms.ConfirmIdentityForm, initial=of, shown=lambda c: _unverified(c) and not _is_recovery(c, seconded=False) and not _is_recovery(c, seconded=True),
        consequences=says(
            "Did they show who they are?", "The case goes on to review.",
            "Documents handed in for this are destroyed; your verdict stays.", submit="Identity shown",
        ),
    ),
    Button(
        verb="second", label="Agree as second colleague…", action=actions.second, permission=WORK,
        shown=lambda c: _is_recovery(c, seconded=True),
        consequences=says("Do you agree that they showed who they are?", "The case goes on to review.", submit="Agree"),
    ),
    Button(
        verb="vouch", label="Satisfied with the proof…", action=actions.vouch, permission=WORK,
        form_class=forms.NoteForm, initial=of, shown=lambda c: _is_recovery(c, seconded=False),
        consequences=says(
            "Does the proof satisfy you?", "A second colleague has to agree before anything happens.",
            submit="I am satisfied",
        ),
    ),
    Button(
        verb="accept", label="Accept…", action=actions.accept, permission=WORK, needs_reason=False,
        shown=lambda c: _review(c) and c.right != Right.ERASURE and not _words_are_enough(c),
        consequences=_acceptance,
        done=lambda case, result: "Accepted. The systems and companies below are asked now.",
    ),
    Button(
        verb="propose", label="Propose erasure…", action=erasure.propose, permission=WORK,
        shown=lambda c: _review(c) and c.right == Right.ERASURE and not _waits_for_approval(c),
        consequences=_proposal,
        done=lambda case, result: "Proposed. A second colleague reads the plan now.",
    ),
    Button(
        verb="approve", label="Approve erasure…", action=_approve, permission=APPROVE, danger=True,
        fresh_login=True, shown=_waits_for_approval, consequences=_approval,
        done=lambda case, result: "Approved. The requester is told and can still stop it.",
    ),
    Button(
        verb="answer", label="Answer…", action=actions.answer, permission=WORK, needs_reason=False,
        form_class=forms.LetterForm,
        initial=lambda c: of(c, letter=letters.draft(c, letters.kind_of_answer(c))),
        shown=lambda c: _review(c) and _words_are_enough(c),
        consequences=says("Send this answer?", TOLD, "The case is closed.", submit="Send answer"),
    ),
    Button(
        verb="put-forward", label="Put the answer forward", action=actions.put_forward, permission=WORK,
        needs_reason=False,
        shown=lambda c: c.stage == Stage.FULFILLING and c.right != Right.ERASURE and not c.tasks.open().exists(),
        consequences=says(
            "Is everything there?", "Somebody looks at the answer before it leaves the house.",
            submit="Put forward",
        ),
    ),
    Button(
        verb="erase", label="Erase here and close…", action=erasure.carry_out, permission=WORK, danger=True,
        fresh_login=True, needs_reason=False, form_class=forms.LetterForm, initial=_draft_of_erasure,
        shown=_can_erase_here, consequences=_last_step,
        done=lambda case, result: "Erased. The closing letter is out.",
    ),
    Button(
        verb="release", label="Release…", action=_release, permission=WORK, fresh_login=True,
        needs_reason=False, form_class=forms.ReleaseForm,
        initial=lambda c: of(c, letter=letters.draft(c, letters.kind_of_answer(c), **letters.of_copy(c))),
        shown=lambda c: c.stage == Stage.RELEASE,
        consequences=says(
            "Did you look through the answer, and may it leave the house?", TOLD,
            "A copy can be fetched for some days, a few times, after signing in by a code.",
            "The case is closed.", submit="Release and close",
        ),
        done=lambda case, result: "Released. The requester is told that there is news.",
    ),
    Button(
        verb="resume", label="Take up again", action=actions.resume, permission=WORK, needs_reason=False,
        shown=lambda c: c.is_open and c.pause_reason not in ("", PauseReason.CLARIFICATION),
        consequences=says("Take this case up again?", "It is worked on as before.", submit="Take up again"),
    ),
    Button(
        verb="clarified", label="They told us", action=actions.clarified, permission=WORK, needs_reason=False,
        shown=lambda c: c.pause_reason == PauseReason.CLARIFICATION,
        consequences=says(
            "Is it clear now what they mean?", "The case goes on; where the clock stood still it runs again.",
            submit="It is clear",
        ),
    ),
    Button(
        verb="send-back", label="Send back…", action=actions.send_back, permission=WORK,
        shown=lambda c: c.stage == Stage.RELEASE,
        consequences=says("Send this back to work?", "Something is missing, or should not go out.", submit="Send back"),
    ),
    Button(
        verb="refuse-partly", label="Refuse a part…", action=actions.refuse_partly, permission=WORK,
        form_class=forms.RefuseForm, shown=lambda c: c.stage == Stage.RELEASE,
        initial=lambda c: of(c, at=timezone.now(), letter=deciding.draft_refusal(c, None, is_partial=True)),
        consequences=says(
            "Refuse a part of it?", TOLD, "It names the reason, where to complain and the way to a second look.",
            submit="Send answer, refuse a part",
        ),
    ),
    Button(
        verb="message", label="Write a message…", action=_say, permission=WORK, needs_reason=False,
        form_class=forms.MessageForm, initial=of, shown=_open,
        consequences=says("Write to the requester", TOLD, submit="Send message"),
    ),
    Button(
        verb="ask", label="Ask what they mean…", action=actions.ask_clarification, permission=WORK,
        form_class=forms.LetterForm, needs_reason=False,
        initial=lambda c: of(c, letter=letters.draft(c, LetterKind.CLARIFICATION)),
        shown=lambda c: c.is_open and not c.pause_reason and c.stage != Stage.UNVERIFIED,
        consequences=says(
            "Ask the requester what they mean?", TOLD,
            "The case waits. Whether the clock waits too, the law says; the dates on the page show it.",
            submit="Ask and wait",
        ),
    ),
    Button(
        verb="extend", label="Extend…", action=actions.extend, permission=WORK, form_class=forms.ExtendForm,
        initial=_draft_of_extension,
        shown=lambda c: c.is_open and c.verified_at is not None,
        consequences=says(
            "Take more time?", "The letter names the reason and the new day; the date moves in the same step.",
            not_=("A late extension has no effect: the rules refuse it.",), submit="Extend and tell",
        ),
    ),
    Button(
        verb="refuse", label="Refuse…", action=actions.refuse, permission=WORK, danger=True,
        form_class=forms.RefuseForm, shown=lambda c: c.is_open and c.stage != Stage.RELEASE,
        initial=lambda c: of(c, at=timezone.now(), letter=deciding.draft_refusal(c, None)),
        consequences=says(
            "Say no?", TOLD, "It names the reason, where to complain and the way to a second look.",
            "The case is closed as refused.", submit="Refuse and close",
        ),
    ),
    Button(
        verb="ask-identity", label="Ask for proof…", action=actions.ask_identity, permission=WORK,
        form_class=forms.MethodForm, initial=of, shown=_unverified,
        consequences=says(
            "Ask for proof of identity?", "Only with a real doubt, and no more than is needed (GDPR Art. 12(6)).",
            "Where the law says so, the clock waits from now on.", submit="Ask for proof",
        ),
    ),
    Button(
        verb="address-lost", label="They lost the address…", action=actions.begin_recovery, permission=WORK,
        form_class=forms.RecoveryForm, initial=of,
        shown=lambda c: _unverified(c) and (c.requester_id or c.subject_id) is not None,
        consequences=says(
            "Does the requester say that the address on file is lost?",
            "That address is told, and its owner can object.", "We wait some days; then two colleagues decide.",
            submit="Begin the wait",
        ),
    ),
    Button(
        verb="authority", label="Mandate shown…", action=actions.show_authority, permission=WORK,
        form_class=forms.AuthorityForm, initial=of,
        shown=lambda c: c.is_open and c.requester_kind == RequesterKind.AGENT,
        consequences=says(
            "Did the agent show a mandate?", "The case can go on.",
            not_=("What is found still goes to the person, not to the agent.",), submit="Note mandate",
        ),
    ),
    Button(
        verb="laws", label="Laws and place…", action=_laws, permission=WORK, form_class=forms.LawsForm,
        initial=lambda c: of(c, place=c.place, codes=[row.code for row in c.regimes.binding()]),
        shown=_open,
        consequences=says(
            "Which laws does this fall under?", "The earliest strict date leads; the rights are those of all of them.",
            submit="Confirm laws",
        ),
    ),
    Button(
        verb="take", label="Take it", action=_take, permission=WORK, needs_reason=False,
        shown=lambda c: c.is_open and c.owner_id is None,
        consequences=says("Take this case?", "You answer for it from now on.", submit="Take it"),
    ),
    Button(
        verb="assign", label="Give to a colleague…", action=actions.assign, permission=WORK, needs_reason=False,
        form_class=forms.OwnerForm, initial=lambda c: of(c, owner=c.owner_id), shown=_open,
        consequences=says("Who takes this case?", "They answer for it from now on.", submit="Give it"),
    ),
    Button(
        verb="pause", label="Pause…", action=actions.pause, permission=WORK,
        form_class=forms.PauseForm, initial=of,
        shown=lambda c: c.is_open and not c.pause_reason and c.stage != Stage.UNVERIFIED,
        consequences=says(
            "Set this aside?", "It leaves your queue; the legal clock runs on.", submit="Pause",
        ),
    ),
    Button(
        verb="twin", label="Same as another…", action=actions.link_duplicate, permission=WORK,
        form_class=forms.TwinForm, initial=of, needs_reason=False,
        shown=lambda c: c.is_open and c.duplicate_of_id is None,
        consequences=says(
            "Do both ask the same?", "They are linked; each is still verified and answered.",
            not_=("Nothing is verified by a link.",), submit="Link the two",
        ),
    ),
    Button(
        verb="unlink", label="Not the same", action=actions.unlink, permission=WORK,
        shown=lambda c: c.is_open and c.duplicate_of_id is not None,
        consequences=says("Undo the link?", "Each stands for itself again.", submit="Undo the link"),
    ),
    Button(
        verb="convert", label="It is a request…", action=actions.convert_inquiry, permission=WORK,
        form_class=forms.ConvertForm, initial=of, needs_reason=False,
        shown=lambda c: _review(c) and _words_are_enough(c),
        consequences=says(
            "Does this ask for something?", "It becomes a request and keeps the day it arrived.",
            "This case is closed; the new one is linked.", submit="Make it a request",
        ),
    ),
    Button(
        verb="reroute", label="The school decides…", action=actions.reroute, permission=WORK,
        form_class=forms.LetterForm, initial=lambda c: of(c, letter=letters.draft(c, LetterKind.REROUTED)),
        shown=lambda c: c.is_open and c.stage in (Stage.UNVERIFIED, Stage.REVIEW),
        consequences=says(
            "Pass this to the school?", TOLD, "The case is closed as passed on, not as refused.",
            submit="Pass on and close",
        ),
    ),
    Button(
        verb="close", label="Close without a letter…", action=actions.close, permission=WORK, danger=True,
        form_class=forms.CloseForm, initial=of, shown=_open,
        consequences=says(
            "Close this without a letter?", "Your reason stands in the audit record: nothing ends in silence.",
            not_=("The requester is told nothing.",), submit="Close without a letter",
        ),
    ),
)  # fmt: skip
