"""Who asks, and about whom."""

from audit.buttons import Button, says
from requests import actions
from requests.arriving import pasted
from requests.desk import forms
from requests.models import RequesterKind

from .shown import WORK, can_be_judged, is_in_review, is_recovery, is_unverified, of, open_check

BUTTONS = (
    Button(
        verb="match",
        label="Find the person…",
        action=actions.match,
        permission=WORK,
        form_class=forms.MatchForm,
        template="admin/requests/rightsrequest/match.html",
        initial=of,
        shown=lambda c: is_unverified(c) or is_in_review(c),
        consequences=says(
            "Who is this?",
            "The case is about this person from now on.",
            "Another person than before has to show again who they are.",
            not_=("The requester is told nothing about who is on file.",),
            submit="Note who it is",
        ),
    ),
    Button(
        verb="judge",
        label="Identity shown…",
        action=actions.confirm_identity,
        permission=WORK,
        form_class=forms.ConfirmIdentityForm,
        initial=of,
        shown=can_be_judged,
        consequences=says(
            "Did they show who they are?",
            "The case goes on to review.",
            "Documents handed in for this are destroyed; your verdict stays.",
            submit="Identity shown",
        ),
    ),
    Button(
        verb="destroy-pasted",
        label="Destroy the pasted document…",
        action=pasted.destroy,
        permission=WORK,
        danger=True,
        needs_reason=False,
        shown=lambda c: pasted.until(c) is not None,
        consequences=says(
            "Destroy what looks like a document in their words?",
            "Each passage that looks like a document, or like its number, is replaced by a note that says so.",
            not_=("The other words stay, and the case stays where it is.",),
            irreversible=("The passage does not come back, for us or for the requester.",),
            submit="Destroy it",
        ),
        done=lambda case, count: "Destroyed. A note stands in its place.",
    ),
    Button(
        verb="misfit",
        label="Proof does not fit…",
        action=actions.fail_identity,
        permission=WORK,
        shown=lambda c: open_check(c) is not None,
        consequences=says(
            "Does what they showed not fit?",
            "The link or proof that was open ends; another way may be tried.",
            "Documents handed in for this are destroyed.",
            not_=("The case stays open and unverified.",),
            submit="It does not fit",
        ),
    ),
    Button(
        verb="second",
        label="Agree as second colleague…",
        action=actions.second,
        permission=WORK,
        shown=lambda c: is_recovery(c, vouched=True),
        consequences=says(
            "Do you agree that they showed who they are?", "The case goes on to review.", submit="Agree"
        ),
    ),
    Button(
        verb="vouch",
        label="Satisfied with the proof…",
        action=actions.vouch,
        permission=WORK,
        form_class=forms.NoteForm,
        initial=of,
        shown=lambda c: is_recovery(c, vouched=False),
        consequences=says(
            "Does the proof satisfy you?",
            "A second colleague has to agree before anything happens.",
            submit="I am satisfied",
        ),
    ),
    Button(
        verb="ask-identity",
        label="Ask for proof…",
        action=actions.ask_identity,
        permission=WORK,
        form_class=forms.MethodForm,
        initial=of,
        shown=is_unverified,
        consequences=says(
            "Ask for proof of identity?",
            "Only with a real doubt, and no more than is needed (GDPR Art. 12(6)).",
            "Where the law says so, the clock waits from now on.",
            submit="Ask for proof",
        ),
    ),
    Button(
        verb="address-lost",
        label="They lost the address…",
        action=actions.begin_recovery,
        permission=WORK,
        form_class=forms.RecoveryForm,
        initial=of,
        shown=lambda c: is_unverified(c) and (c.requester_id or c.subject_id) is not None,
        consequences=says(
            "Does the requester say that the address on file is lost?",
            "That address is told, and its owner can object.",
            "We wait some days; then two colleagues decide.",
            submit="Begin the wait",
        ),
    ),
    Button(
        verb="authority",
        label="Mandate shown…",
        action=actions.show_authority,
        permission=WORK,
        form_class=forms.AuthorityForm,
        initial=of,
        shown=lambda c: c.is_open and c.requester_kind == RequesterKind.AGENT,
        consequences=says(
            "Did the agent show a mandate?",
            "The case can go on.",
            not_=("What is found still goes to the person, not to the agent.",),
            submit="Note mandate",
        ),
    ),
)
