"""A case from the first word to the last, by every road, and every forbidden step."""

import itertools
from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import Event
from audit.refusals import Refused
from law.models import RefusalGround
from notices.models import Mail
from requests import actions, deciding, turns
from requests.copies import packages
from requests.events import SOMEBODY
from requests.models import (
    WITHOUT_IDENTITY,
    DenialReason,
    Happened,
    LetterKind,
    Outcome,
    PauseReason,
    Right,
    RightsRequest,
    Stage,
)
from requests.refusals import (
    DeadlineAlreadyExtended,
    ExtensionTooLate,
    GroundDoesNotFit,
    LetterUnfinished,
    NeedsSecondPerson,
    NoExtension,
    NotAppealable,
    Paused,
    ReasonMissing,
    RefusalTooLate,
    TasksOpen,
    ThreadClosed,
    TooManyAtOnce,
    WrongStage,
)
from requests.saying import letters
from tests.people.factories import NOW, PersonFactory, UserFactory

from .factories import RequestFactory
from .road import LETTER, ask, bring_to, confirm, kinds
from .work_factories import TaskFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
EMAIL = "amina@family.example"
WITH_IDENTITY = [right for right in Right if right not in WITHOUT_IDENTITY]
BY_LETTER = (Right.COMPLAINT, Right.INQUIRY)


@pytest.fixture
def dov():
    return UserFactory(dov=True)


def ground(code="gdpr_excessive"):
    return RefusalGround.objects.filter(code=code).first()


# --- Every right, to its end -----------------------------------------------------------------


@pytest.mark.parametrize("right", [right for right in Right if right not in (*BY_LETTER, Right.ERASURE)])
def test_every_right_goes_from_the_form_to_its_end(right, dov):
    PersonFactory(amina=True, email=EMAIL)
    (case,) = ask(right, email=EMAIL)
    if right not in WITHOUT_IDENTITY:
        confirm(case)
    bring_to(case, Stage.CLOSED, by=dov)
    assert (case.stage, case.outcome, case.closed_at) == (Stage.CLOSED, Outcome.DONE, NOW)
    steps = [
        kind for kind in kinds(case) if kind in ("received", "accepted", "put_forward", "released", "closed")
    ]
    assert steps == ["received", "accepted", "put_forward", "released", "closed"]
    assert case.messages.get().body == LETTER


@pytest.mark.parametrize("right", BY_LETTER)
def test_a_question_and_a_complaint_end_with_an_answer(right, dov):
    (case,) = ask(right, email="robin@family.example", details="Why?")
    actions.answer(case, by=dov, at=NOW, letter="Because.")
    assert (case.stage, case.outcome) == (Stage.CLOSED, Outcome.DONE)
    assert Mail.objects.about(case).get().address == "robin@family.example"


def test_an_opt_out_is_worked_on_without_any_proof_of_identity(dov):
    """11 CCR 7026(d)."""
    (case,) = ask(Right.OPT_OUT, place="US-CA")
    actions.accept(case, by=dov, at=NOW)
    assert (case.stage, case.verified_at) == (Stage.FULFILLING, None)
    assert case.strict_due_on == date(2026, 3, 23)


def test_an_erasure_is_not_accepted_by_one_alone(dov):
    with pytest.raises(NeedsSecondPerson):
        actions.accept(RequestFactory(erasure=True, verified=True), by=dov, at=NOW)


def test_every_transition_writes_one_line_in_the_ledger_and_one_in_the_audit_log(dov):
    case = RequestFactory(verified=True)
    bring_to(case, Stage.CLOSED, by=dov)
    verbs = Event.objects.filter(object_type="requests.rightsrequest", object_ref=str(case.pk))
    assert list(verbs.order_by("pk").values_list("verb", flat=True)) == [
        "requests.accept", "requests.put_forward", "requests.look_through", "requests.say", "requests.release",
        "requests.close",
    ]  # fmt: skip


# --- Nothing moves but by the table ----------------------------------------------------------

MOVES = {
    "accept": lambda case, by: actions.accept(case, by=by, at=NOW),
    "begin_work": lambda case, by: actions.begin_work(case, by=by, at=NOW),
    "put_forward": lambda case, by: actions.put_forward(case, by=by, at=NOW),
    "release": lambda case, by: actions.release(case, by=by, at=NOW, letter=LETTER),
    "send_back": lambda case, by: actions.send_back(case, by=by, at=NOW, reason="Look again."),
    "close": lambda case, by: actions.close(case, by=by, at=NOW, outcome=Outcome.DONE, reason="Done."),
    "refuse_partly": lambda case, by: actions.refuse_partly(
        case, by=by, at=NOW, letter=LETTER, ground=ground(), denial=DenialReason.OTHER, reason="A part."
    ),
    "withdraw": lambda case, by: actions.withdraw(case, by=by, at=NOW),
    "spam": lambda case, by: actions.close_as_spam([case], by=by, at=NOW, reason="Spam."),
    "go_on": lambda case, by: actions.go_on_when_answered(case, at=NOW),
}
AT = {Stage.UNVERIFIED: {}, Stage.REVIEW: {"verified": True}, Stage.FULFILLING: {"fulfilling": True}} | {
    Stage.RELEASE: {"in_release": True}, Stage.CLOSED: {"closed": True},
}  # fmt: skip


@pytest.mark.parametrize(("stage", "move"), list(itertools.product(AT, MOVES)))
def test_no_action_takes_a_step_that_the_table_does_not_know(stage, move, dov):
    case = RequestFactory(**AT[stage])
    before = len(kinds(case))
    try:
        MOVES[move](case, dov)
    except Refused:
        with_case = RightsRequest.objects.get(pk=case.pk)
        assert (with_case.stage, len(kinds(case))) == (stage, before)
    case.refresh_from_db()
    assert case.stage == stage or case.stage in RightsRequest.transitions[stage] or move == "release"


@pytest.mark.parametrize(("right", "move"), list(itertools.product(WITH_IDENTITY, MOVES)))
def test_nothing_unverified_is_ever_worked_on_released_or_done(right, move, dov):
    case = RequestFactory(right=right)
    with suppress(Refused):
        MOVES[move](case, dov)
    case.refresh_from_db()
    assert case.stage in (Stage.UNVERIFIED, Stage.CLOSED)
    assert case.outcome not in (Outcome.DONE, Outcome.PARTLY)


@pytest.mark.parametrize(
    "change",
    [
        "stage = 'review'", "stage = 'fulfilling'", "stage = 'release'",
        "stage = 'closed', outcome = 'done', closed_at = received_at",
        "stage = 'closed', outcome = 'partly', closed_at = received_at",
        "duplicate_of_id = id",
        "outcome = 'done'",
    ],
)  # fmt: skip
def test_the_database_refuses_the_same_to_whoever_holds_its_keys(change):
    case = RequestFactory()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE requests_rightsrequest SET {change} WHERE id = %s", [case.pk])  # noqa: S608


def test_the_ledger_cannot_be_rewritten():
    case = RequestFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        case.events.update(at=NOW - DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        case.events.all()._raw_delete("default")


def test_a_case_with_an_open_task_is_not_put_forward_and_goes_on_by_itself_when_it_is_answered(dov):
    case = RequestFactory(fulfilling=True)
    task = TaskFactory(request=case)
    with pytest.raises(TasksOpen):
        actions.put_forward(case, by=dov, at=NOW)
    assert not actions.go_on_when_answered(case, at=NOW)
    type(task).objects.filter(pk=task.pk).update(stage="answered", answer="nothing", answered_at=NOW)
    assert actions.go_on_when_answered(case, at=NOW)
    assert case.stage == Stage.RELEASE


# --- Waiting ---------------------------------------------------------------------------------


def test_a_pause_of_ours_stops_our_work_and_no_clock(dov):
    case = RequestFactory(verified=True)
    due = case.legal_due_on
    actions.pause(case, by=dov, at=NOW, reason="Ask counsel.", pause_reason=PauseReason.DISCUSSION)
    with pytest.raises(Paused):
        actions.accept(case, by=dov, at=NOW)
    assert "clock runs on" in turns.next_move(case, NOW.date()).sentence
    actions.resume(case, by=dov, at=NOW + 9 * DAY)
    assert case.legal_due_on == due


@pytest.mark.parametrize(("place", "moves"), [("FR", 0), ("GB-ENG", 1)])
def test_a_needed_question_stops_the_clock_where_the_law_says_so(place, moves, dov):
    """UK GDPR Art. 12A stops it; the GDPR's text does not."""
    case = RequestFactory(verified=True, place=place)
    due = case.legal_due_on
    actions.ask_clarification(case, by=dov, at=NOW + 7 * DAY, letter="Which course?")
    assert case.pause_reason == PauseReason.CLARIFICATION
    actions.hear(case, "Mathematics.", by=case.requester, at=NOW + 14 * DAY)
    assert case.pause_reason == ""
    assert (case.legal_due_on > due) == bool(moves)


# --- Later -----------------------------------------------------------------------------------


def extended(case, dov, at, **how):
    letter = actions_draft(case, at, **how)
    return actions.extend(case, by=dov, at=at, letter=letter, because="complex", **how)


def actions_draft(case, at, **how):
    return deciding.draft_extension(case, at=at, reason="Two schools have to look.", **how)


def test_an_extension_told_in_time_moves_the_date_and_tells_it_in_the_same_step(dov):
    case = RequestFactory(verified=True)
    extended(case, dov, NOW + 20 * DAY)
    assert case.legal_due_on == date(2026, 6, 2)
    assert "2 June 2026" in case.messages.get(letter=LetterKind.EXTENSION).body
    with pytest.raises(DeadlineAlreadyExtended):
        extended(case, dov, NOW + 21 * DAY)


def test_an_extension_told_late_is_refused_and_nothing_is_sent(dov):
    case = RequestFactory(verified=True)
    with pytest.raises(ExtensionTooLate, match="2 April 2026"):
        actions.extend(case, by=dov, at=NOW + 32 * DAY, letter=LETTER, because="complex")
    assert (case.messages.count(), case.legal_due_on) == (0, date(2026, 4, 2))


def test_where_no_longest_time_is_set_the_day_we_tell_counts(dov):
    case = RequestFactory(verified=True, place="NZ")
    with pytest.raises(NoExtension):
        extended(case, dov, NOW + DAY)
    extended(case, dov, NOW + DAY, until=date(2026, 5, 1))
    assert case.legal_due_on == date(2026, 5, 1)


# --- No --------------------------------------------------------------------------------------


def refused(case, by, at=NOW, code="gdpr_excessive", **how):
    how.setdefault("letter", deciding.draft_refusal(case, ground(code), reason="The fifth this month."))
    how.setdefault("denial", DenialReason.TOO_MANY_REQUESTS)
    return actions.refuse(case, by=by, at=at, ground=ground(code), reason="Fifth.", **how)


def test_a_refusal_names_the_reason_the_complaint_body_and_the_way_to_a_court(dov):
    """GDPR Art. 12(4)."""
    case = refused(RequestFactory(verified=True), dov)
    assert (case.outcome, case.denial) == (Outcome.DENIED, DenialReason.TOO_MANY_REQUESTS)
    letter = case.messages.get(letter=LetterKind.REFUSAL).body
    for part in (
        "The fifth this month.",
        "data protection authority",
        "court",
        "second look",
        "GDPR Art. 12(5)",
    ):
        assert part in letter
    assert case.events.get(kind=Happened.REFUSED).facts["ground"] == "gdpr_excessive"


def test_an_exemption_from_erasure_does_not_answer_a_request_for_a_copy(dov):
    """GDPR Art. 17(3)."""
    with pytest.raises(GroundDoesNotFit):
        refused(RequestFactory(verified=True), dov, code="gdpr_erase_claims")
    refused(RequestFactory(erasure=True, verified=True), dov, code="gdpr_erase_claims")


def test_a_refusal_has_the_first_month_and_no_extension_helps(dov):
    case = RequestFactory(verified=True)
    extended(case, dov, NOW + 20 * DAY)
    with pytest.raises(RefusalTooLate, match="2 April 2026"):
        refused(case, dov, at=NOW + 40 * DAY)


def test_a_part_is_refused_with_the_answer(dov):
    case = bring_to(RequestFactory(verified=True), Stage.RELEASE, by=dov)
    packages.build_due(at=NOW)
    actions.refuse_partly(
        case, by=dov, at=NOW, ground=ground("gdpr_others_rights"), denial=DenialReason.OTHER,
        letter="Here it is, without what others wrote.", reason="Names of classmates.",
    )  # fmt: skip
    assert (case.outcome, case.denial) == (Outcome.PARTLY, DenialReason.OTHER)
    assert case.messages.filter(letter=LetterKind.PARTIAL).count() == 1


def test_a_letter_with_a_gap_is_not_sent(dov):
    case = RequestFactory(verified=True)
    with pytest.raises(LetterUnfinished):
        refused(case, dov, letter=letters.draft(case, LetterKind.REFUSAL))
    assert case.messages.count() == 0


# --- The second look -------------------------------------------------------------------------


def test_an_appeal_is_a_case_of_its_own_decided_by_somebody_else(dov):
    case = refused(RequestFactory(verified=True), dov)
    child = actions.appeal(case, "It was only the second.", by=case.requester, at=NOW + 3 * DAY)
    assert (child.appeal_of, child.stage, child.verified_at) == (case, Stage.REVIEW, case.verified_at)
    assert child.particulars.details == "It was only the second."
    for decide in (lambda: refused(child, dov), lambda: actions.accept(child, by=dov, at=NOW + 3 * DAY)):
        with pytest.raises(NeedsSecondPerson):
            decide()
    bring_to(child, Stage.CLOSED, by=UserFactory(name="Noor"), at=NOW + 4 * DAY)
    assert child.outcome == Outcome.DONE


def test_an_appeal_in_virginia_is_due_in_sixty_days(dov):
    case = RequestFactory(denied=True, place="US-VA")
    child = actions.appeal(case, "Look again.", by=case.requester, at=NOW)
    assert child.legal_due_on == date(2026, 5, 1)


def test_an_appeal_is_heard_once_while_messages_are_read_and_only_after_a_decision(dov):
    open_case = RequestFactory(verified=True)
    with pytest.raises(NotAppealable):
        actions.appeal(open_case, "Why?", by=open_case.requester, at=NOW)
    case = RequestFactory(denied=True)
    with pytest.raises(NotAppealable):
        actions.appeal(case, "Why?", by=case.requester, at=NOW + 31 * DAY)
    actions.appeal(case, "Why?", by=case.requester, at=NOW)
    with pytest.raises(NotAppealable):
        actions.appeal(case, "Why?", by=case.requester, at=NOW)


# --- Other ends ------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["verified", "fulfilling", "in_release"])
def test_whoever_asked_may_withdraw_at_any_stage_and_what_was_under_way_stops(stage):
    case = RequestFactory(**{stage: True})
    task = TaskFactory(request=case)
    actions.withdraw(case, by=case.requester, at=NOW)
    task.refresh_from_db()
    assert (case.outcome, task.stage) == (Outcome.WITHDRAWN, "cancelled")
    with pytest.raises(WrongStage):
        actions.withdraw(case, by=case.requester, at=NOW)


def test_nothing_ends_in_silence_and_without_a_reason(dov):
    """Bad input 61."""
    case = RequestFactory(verified=True)
    with pytest.raises(ReasonMissing):
        actions.close(case, by=dov, at=NOW, outcome=Outcome.DENIED, denial=DenialReason.OTHER)
    actions.close(case, by=dov, at=NOW, outcome=Outcome.DUPLICATE, reason="Answered in the other case.")
    assert Event.objects.get(verb="requests.close").reason == "Answered in the other case."


@pytest.mark.parametrize(
    ("outcome", "denial"), [(Outcome.DENIED, ""), (Outcome.WITHDRAWN, DenialReason.OTHER)]
)
def test_a_no_has_a_coded_reason_and_nothing_else_has_one(outcome, denial, dov):
    with pytest.raises(ReasonMissing):
        actions.close(
            RequestFactory(verified=True), by=dov, at=NOW, outcome=outcome, denial=denial, reason="So."
        )


def test_done_is_only_what_somebody_did(dov):
    with pytest.raises(WrongStage):
        actions.close(RequestFactory(verified=True), by=dov, at=NOW, outcome=Outcome.DONE, reason="Done.")


def test_a_case_closed_late_says_so_and_whether_an_extension_was_told(dov):
    case = RequestFactory(rectification=True, in_release=True)
    actions.release(case, by=dov, at=NOW + 45 * DAY, letter=LETTER)
    facts = case.events.get(kind=Happened.CLOSED).facts
    assert (facts["late_since"], facts["extension_told"]) == ("2026-04-02", False)


def test_what_a_school_decides_is_passed_on_not_refused(dov):
    case = RequestFactory(verified=True)
    letter = letters.draft(case, LetterKind.REROUTED, school="Hillside School")
    actions.reroute(case, by=dov, at=NOW, letter=letter, reason="School account.")
    assert (case.outcome, case.denial) == (Outcome.REROUTED, "")


def test_spam_goes_in_handfuls_and_never_what_somebody_confirmed(dov):
    spam, real = RequestFactory(inquiry=True), RequestFactory(verified=True)
    assert actions.close_as_spam([spam, real], by=dov, at=NOW, reason="A flood.") == 1
    with pytest.raises(TooManyAtOnce):
        actions.close_as_spam([spam] * 51, by=dov, at=NOW, reason="A flood.")


def test_a_closed_case_hears_for_thirty_days(dov):
    case = bring_to(RequestFactory(verified=True), Stage.CLOSED, by=dov)
    actions.hear(case, "Thank you.", by=SOMEBODY, at=NOW + 30 * DAY)
    with pytest.raises(ThreadClosed):
        actions.hear(case, "One more thing.", by=SOMEBODY, at=NOW + 31 * DAY)


def test_a_message_is_unread_until_the_other_side_opens_the_thread(dov):
    case = RequestFactory(verified=True)
    actions.hear(case, "Hello?", by=case.requester, at=NOW)
    assert actions.mark_read(case, by=case.requester, at=NOW) == 0
    assert actions.mark_read(case, by=dov, at=NOW) == 1


def test_a_mail_says_only_that_there_is_news():
    case = RequestFactory(verified=True)
    actions.say(case, "Your grades of May are wrong.", by=UserFactory(), at=NOW)
    mail = Mail.objects.about(case).get()
    assert (mail.event, mail.context) == ("requests.news", {"reference": case.reference})


def test_overdue_is_a_question_that_needs_no_job():
    late = RequestFactory(overdue=True, verified=True)
    RequestFactory(verified=True)
    assert list(RightsRequest.objects.overdue(NOW.date())) == [late]


def test_somebody_who_has_the_page_open_sees_that_a_message_came():
    """Bad input 62: the revision rises with every line of the ledger."""
    case = RequestFactory(verified=True)
    before = RightsRequest.objects.get(pk=case.pk).revision
    actions.hear(case, "Hello?", by=case.requester, at=NOW)
    assert RightsRequest.objects.get(pk=case.pk).revision > before
