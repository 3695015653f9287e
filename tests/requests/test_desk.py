"""The desk of requests: every button does what its page says, and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audit.actors import SYSTEM, Actor, ActorKind
from audit.models import Event
from law.models import RefusalGround
from people.models import User
from requests import actions, deciding, desk, events
from requests.changing import correcting, ending, limiting
from requests.copies import packages
from requests.erasing import erasure
from requests.models import (
    DenialReason,
    ErasureOrder,
    Happened,
    Method,
    Outcome,
    PauseReason,
    RequesterKind,
    Right,
    RightsRequest,
    Stage,
    Verdict,
)
from tests.people.factories import NOW, PersonFactory, UserFactory

from .factories import IdentityCheckFactory, RequestFactory
from .work_factories import TaskFactory

pytestmark = pytest.mark.django_db
LETTER = "Hello, this is what we did."


@pytest.fixture(autouse=True)
def _on_the_day_it_came():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def dov() -> User:
    return UserFactory(dov=True, group="privacy lead")


@pytest.fixture
def at_desk(client: Client, dov: User) -> Client:
    client.force_login(dov)
    return client


def url(case: RightsRequest, verb: str) -> str:
    return reverse("admin:requests_rightsrequest_do", args=[case.pk, verb])


def page(case: RightsRequest) -> str:
    return reverse("admin:requests_rightsrequest_change", args=[case.pk])


def press(client: Client, case: RightsRequest, verb: str, **data: object):
    case.refresh_from_db()
    asked = {"opened_revision": case.revision, "reason": "Because.", **data}
    return client.post(url(case, verb), asked)


def recovery(case: RightsRequest, *, vouched: bool = False) -> RightsRequest:
    actions.begin_recovery(
        case, method=Method.DOCUMENT, by=UserFactory(), at=NOW - timedelta(days=9), reason="Lost."
    )
    if vouched:
        actions.vouch(case, by=UserFactory(), at=NOW, note="A card.")
    return case


def proposed(case: RightsRequest, *, approved: bool = False) -> RightsRequest:
    order = erasure.propose(case, by=UserFactory(), at=NOW, reason="They asked.")
    if approved:
        erasure.approve(order, by=UserFactory(), at=NOW, reason="Read.")
    case.refresh_from_db()
    return case


def paused(case: RightsRequest, why: PauseReason) -> RightsRequest:
    RightsRequest.objects.filter(pk=case.pk).update(pause_reason=why)
    return case


def with_check(case: RightsRequest) -> RightsRequest:
    IdentityCheckFactory(request=case)
    return case


def with_message(case: RightsRequest) -> RightsRequest:
    assert case.requester is not None
    actions.hear(case, "Are you there?", by=case.requester, at=NOW)
    return case


def ready_to_erase() -> RightsRequest:
    case = RequestFactory(erasure=True, in_review=True)
    with time_machine.travel(NOW - timedelta(days=9), tick=False):
        order = erasure.propose(case, by=UserFactory(), at=NOW - timedelta(days=9), reason="They asked.")
        erasure.approve(order, by=UserFactory(), at=NOW - timedelta(days=9), reason="Read.")
    TaskFactory(request=case, duty="erase", way="here")
    events.note(case, Happened.TASKS_OPENED, by=SYSTEM, at=NOW)
    case.refresh_from_db()
    return case


def twin_of(case: RightsRequest) -> RightsRequest:
    RightsRequest.objects.filter(pk=case.pk).update(duplicate_of=RequestFactory().pk)
    return case


def with_copy(*, is_seen: bool = False) -> RightsRequest:
    """Put together, with one part."""
    case = RequestFactory(in_release=True)
    case.packages.all().delete()
    packages.start(case, at=NOW)
    packages.build_due(at=NOW)
    first_part = case.copy_parts.order_by("pk").first()
    case.copy_parts.exclude(pk=first_part.pk).delete()
    if is_seen:
        case.copy_parts.update(looked_at=NOW, looked_by=UserFactory())
    case.refresh_from_db()
    return case


def first(case: RightsRequest) -> int:
    return case.copy_parts.get().pk


def redacted() -> SimpleUploadedFile:
    return SimpleUploadedFile("redacted.txt", b"Amina, and somebody else.")


def refusal(case: RightsRequest) -> dict[str, object]:
    ground = deciding.grounds(case, at=NOW)[0]
    return {"letter": LETTER, "denial": "other", "ground": ground.pk}


def with_correction(case: RightsRequest) -> RightsRequest:
    correcting.take_down(case, [correcting.Wanted("family_name", "", "Bianchi")])
    return case


def decided(case: RightsRequest) -> dict[str, object]:
    point = case.corrections.get()
    return {f"judgment_{point.pk}": "accepted", f"value_{point.pk}": "Bianchi"}


def restricted() -> RightsRequest:
    case = RequestFactory(right="restriction", in_review=True)
    earlier = NOW - timedelta(days=9)
    limiting.decide_ground(case, ground="claims", by=UserFactory(), at=earlier)
    limiting.restrict(case, at=earlier)
    return case


def told_of_lifting(case: RightsRequest) -> RightsRequest:
    earlier = NOW - timedelta(days=3)
    ending.tell_of_lifting(case, letter=LETTER, from_on=NOW.date(), by=UserFactory(), at=earlier)
    return case


def heard(case: RightsRequest, body: str) -> RightsRequest:
    actions.hear(case, body, by=Actor(ActorKind.PERSON), at=NOW)
    return case


# verb: (a case that shows it, what is typed, what is true afterwards)
Road = tuple[
    Callable[[], RightsRequest], Callable[[RightsRequest], dict[str, Any]], Callable[[RightsRequest], Any]
]
ROADS: dict[str, Road] = {
    "add-correction": (lambda: RequestFactory(rectification=True), lambda c: {"field": "family_name", "wanted": "Bianchi"}, lambda c: c.corrections.get().wanted == "Bianchi"),
    "corrections": (lambda: with_correction(RequestFactory(rectification=True, in_review=True)), lambda c: decided(c), lambda c: c.corrections.get().value == "Bianchi"),
    "ground": (lambda: RequestFactory(right="restriction", in_review=True), lambda c: {"ground": "claims"}, lambda c: limiting.ground_of(c) == "claims"),
    "uses": (lambda: RequestFactory(objection=True, in_review=True), lambda c: {}, lambda c: c.events.filter(kind="uses_decided").exists()),
    "tell-lifting": (lambda: restricted(), lambda c: {"letter": LETTER, "from_on": "2026-03-09"}, lambda c: c.messages.filter(letter="lifting").exists()),
    "lift": (lambda: told_of_lifting(restricted()), lambda c: {}, lambda c: not c.subject.is_restricted),
    "match": (lambda: RequestFactory(unmatched=True), lambda c: {"subject": PersonFactory().external_id}, lambda c: c.subject_id),
    "judge": (lambda: RequestFactory(objection=True), lambda c: {"method": "known_facts", "note": "Lesson names."}, lambda c: c.stage == Stage.REVIEW),
    "destroy-pasted": (lambda: heard(RequestFactory(), "Reisepass Nr. C0123456"), lambda c: {}, lambda c: "C0123456" not in c.messages.get().body),
    "misfit": (lambda: with_check(RequestFactory()), lambda c: {}, lambda c: c.identity_checks.get().verdict == Verdict.FAILED),
    "second": (lambda: recovery(RequestFactory(), vouched=True), lambda c: {}, lambda c: c.stage == Stage.REVIEW),
    "vouch": (lambda: recovery(RequestFactory()), lambda c: {"note": "A card."}, lambda c: c.identity_checks.first().decided_by),
    "ask-identity": (lambda: RequestFactory(), lambda c: {"method": "document"}, lambda c: c.identity_checks.filter(method="document").exists()),
    "address-lost": (lambda: RequestFactory(), lambda c: {"method": "document"}, lambda c: c.identity_checks.get().is_recovery),
    "authority": (lambda: RequestFactory(of_agent=True, in_review=True), lambda c: {"text": "A mandate of 1 March, called back."}, lambda c: c.particulars.authority),
    "accept": (lambda: RequestFactory(in_review=True), lambda c: {}, lambda c: c.stage != Stage.REVIEW),
    "propose": (lambda: RequestFactory(erasure=True, in_review=True), lambda c: {}, lambda c: ErasureOrder.objects.filter(request=c).exists()),
    "approve": (lambda: proposed(RequestFactory(erasure=True, in_review=True)), lambda c: {}, lambda c: c.stage == Stage.FULFILLING),
    "stop": (lambda: proposed(RequestFactory(erasure=True, in_review=True), approved=True), lambda c: {}, lambda c: c.outcome == Outcome.WITHDRAWN),
    "erase": (ready_to_erase, lambda c: {"letter": LETTER}, lambda c: c.outcome == Outcome.DONE and not c.subject.given_name),
    "answer": (lambda: RequestFactory(inquiry=True), lambda c: {"letter": LETTER}, lambda c: c.outcome == Outcome.DONE),
    "put-forward": (lambda: RequestFactory(objection=True, fulfilling=True), lambda c: {}, lambda c: c.stage == Stage.RELEASE),
    "look-through": (with_copy, lambda c: {"which": "all"}, lambda c: not c.copy_parts.unseen().exists()),
    "replace-part": (with_copy, lambda c: {"part": first(c), "why": "others", "upload": redacted()}, lambda c: c.copy_parts.get().redacted_path),
    "leave-out": (with_copy, lambda c: {"parts": [first(c)], "why": "others"}, lambda c: c.copy_parts.get().decision == "left_out"),
    "take-back": (lambda: with_copy(is_seen=True), lambda c: {"parts": [first(c)]}, lambda c: c.copy_parts.unseen().exists()),
    "release": (lambda: RequestFactory(in_release=True), lambda c: {"letter": LETTER, "outcome": "done"}, lambda c: c.outcome == Outcome.DONE),
    "send-back": (lambda: RequestFactory(in_release=True), lambda c: {}, lambda c: c.stage == Stage.FULFILLING),
    "refuse-partly": (lambda: RequestFactory(in_release=True), lambda c: refusal(c), lambda c: c.outcome == Outcome.PARTLY),
    "resume": (lambda: paused(RequestFactory(in_review=True), PauseReason.HOLD), lambda c: {}, lambda c: not c.pause_reason),
    "clarified": (lambda: paused(RequestFactory(in_review=True), PauseReason.CLARIFICATION), lambda c: {}, lambda c: not c.pause_reason),
    "message": (lambda: with_message(RequestFactory(in_review=True)), lambda c: {"body": "We are."}, lambda c: c.messages.count() == 2 and not c.messages.unread()),
    "read": (lambda: with_message(RequestFactory(in_review=True)), lambda c: {}, lambda c: not c.messages.unread()),
    "ask": (lambda: RequestFactory(in_review=True), lambda c: {"letter": "Which lessons?"}, lambda c: c.pause_reason == PauseReason.CLARIFICATION),
    "laws": (lambda: RequestFactory(in_review=True), lambda c: {"place": "DE", "codes": ["eu_gdpr"]}, lambda c: c.place == "DE"),
    "extend": (lambda: RequestFactory(in_review=True), lambda c: {"letter": LETTER, "because": "complex"}, lambda c: c.events.filter(kind="extension_notified").exists()),
    "pause": (lambda: RequestFactory(in_review=True), lambda c: {"pause_reason": "hold"}, lambda c: c.pause_reason == PauseReason.HOLD),
    "take": (lambda: RequestFactory(), lambda c: {}, lambda c: c.owner.name == "Dov"),
    "assign": (lambda: RequestFactory(), lambda c: {"owner": UserFactory(name="Noor").pk}, lambda c: c.owner.name == "Noor"),
    "twin": (lambda: RequestFactory(), lambda c: {"of": RequestFactory().reference.lower()}, lambda c: c.duplicate_of_id),
    "unlink": (lambda: twin_of(RequestFactory()), lambda c: {}, lambda c: c.duplicate_of_id is None),
    "convert": (lambda: RequestFactory(inquiry=True), lambda c: {"rights": ["access"]}, lambda c: c.requests_found.get().right == Right.ACCESS),
    "refuse": (lambda: RequestFactory(in_review=True), lambda c: refusal(c), lambda c: c.outcome == Outcome.DENIED),
    "reroute": (lambda: RequestFactory(in_review=True), lambda c: {"letter": LETTER}, lambda c: c.outcome == Outcome.REROUTED),
    "withdraw": (lambda: RequestFactory(in_review=True), lambda c: {}, lambda c: c.outcome == Outcome.WITHDRAWN),
    "close": (lambda: RequestFactory(), lambda c: {"outcome": "spam"}, lambda c: c.outcome == Outcome.SPAM),
}  # fmt: skip


def test_every_button_has_a_road_below() -> None:
    assert {button.verb for button in desk.BUTTONS} == set(ROADS)


@pytest.mark.parametrize("verb", ROADS)
def test_every_button_asks_first_and_then_does_it(at_desk: Client, verb: str) -> None:
    make, typed, is_done = ROADS[verb]
    case = make()
    asked = at_desk.get(url(case, verb))
    assert asked.status_code == 200
    assert url(case, verb) in at_desk.get(page(case)).content.decode()
    answer = press(at_desk, case, verb, **typed(case))
    assert answer.status_code == 302, refusal_in(answer)
    assert is_done(RightsRequest.objects.get(pk=case.pk))


def refusal_in(response) -> str:
    html = response.content.decode()
    return html[html.find("desk-note") :][:600]


@pytest.mark.parametrize("verb", ROADS)
def test_a_page_opened_before_a_change_saves_nothing(at_desk: Client, verb: str) -> None:
    make, typed, _is_done = ROADS[verb]
    case = make()
    case.refresh_from_db()
    opened, stage = case.revision, case.stage
    RightsRequest.objects.filter(pk=case.pk).update(revision=opened + 1)
    answer = at_desk.post(url(case, verb), {"opened_revision": opened, "reason": "Because.", **typed(case)})
    assert "Changed since you opened it" in answer.content.decode()
    case.refresh_from_db()
    assert (case.stage, case.revision) == (stage, opened + 1)


@pytest.mark.parametrize("verb", ROADS)
def test_an_auditor_sees_and_presses_nothing(client: Client, verb: str) -> None:
    make, typed, _is_done = ROADS[verb]
    case = make()
    client.force_login(UserFactory(group="auditor"))
    assert "/do/" not in client.get(page(case)).content.decode()
    assert press(client, case, verb, **typed(case)).status_code == 403


# --- Refusals -----------------------------------------------------------------------------------


def test_a_refusal_stands_beside_the_form_and_nothing_is_saved(at_desk: Client) -> None:
    case = RequestFactory(in_review=True, of_agent=True)
    answer = press(at_desk, case, "accept")
    assert "Nothing shows that this agent may act" in answer.content.decode()
    assert "Nothing was saved." in answer.content.decode()
    case.refresh_from_db()
    assert case.stage == Stage.REVIEW


def test_a_letter_with_a_gap_is_not_sent(at_desk: Client) -> None:
    case = RequestFactory(inquiry=True)
    answer = press(at_desk, case, "answer", letter="Hello, […]")
    assert "Write what belongs where […] stands." in answer.content.decode()
    assert not case.messages.exists()


def test_whoever_proposed_an_erasure_cannot_approve_it(at_desk: Client, dov: User) -> None:
    case = RequestFactory(erasure=True, in_review=True)
    erasure.propose(case, by=dov, at=NOW, reason="They asked.")
    answer = press(at_desk, case, "approve")
    assert answer.status_code == 403
    assert "You went first here." in answer.content.decode()
    assert case.erasure_order.approved_at is None


def test_an_officer_proposes_and_does_not_approve(client: Client) -> None:
    case = proposed(RequestFactory(erasure=True, in_review=True))
    client.force_login(UserFactory(group="privacy officer"))
    html = client.get(page(case)).content.decode()
    assert url(case, "propose") in html
    assert url(case, "approve") not in html
    assert press(client, case, "approve").status_code == 403


def test_a_button_that_came_too_late_says_so(at_desk: Client) -> None:
    case = RequestFactory(closed=True)
    assert press(at_desk, case, "accept").status_code == 409


@pytest.mark.parametrize("path", ["", "{pk}/change/", "{pk}/do/accept/", "enter/", "spam/"])
def test_support_has_no_business_here(client: Client, path: str) -> None:
    client.force_login(UserFactory(group="support"))
    case = RequestFactory(in_review=True)
    assert client.get("/admin/requests/rightsrequest/" + path.format(pk=case.pk)).status_code == 403


def test_nobody_edits_adds_or_deletes_a_case_by_a_form(at_desk: Client) -> None:
    case = RequestFactory()
    assert at_desk.post(page(case), {"stage": "closed"}).status_code == 403
    assert at_desk.get("/admin/requests/rightsrequest/add/").status_code == 403
    assert (
        at_desk.post(f"/admin/requests/rightsrequest/{case.pk}/delete/", {"post": "yes"}).status_code == 403
    )


# --- What a case shows --------------------------------------------------------------------------


def test_the_case_says_what_is_next_with_one_first_button(at_desk: Client) -> None:
    html = at_desk.get(page(RequestFactory(in_review=True))).content.decode()
    assert "Look at what is asked, and accept or refuse it." in html
    assert html.count('class="button default"') == 1
    assert "2 April 2026" in html


def test_looking_at_a_case_is_on_record(at_desk: Client, dov: User) -> None:
    case = RequestFactory()
    at_desk.get(page(case))
    seen = Event.objects.filter(
        object_type="requests.rightsrequest", object_ref=str(case.pk), actor_ref=str(dov.pk)
    )
    assert seen.exists()


def test_what_was_typed_is_for_those_who_work_on_requests(client: Client) -> None:
    case = RequestFactory(in_review=True, particulars__details="My teacher is Ms Brown.")
    with_message(case)
    reader = UserFactory()
    reader.user_permissions.add(Permission.objects.get(codename="view_rightsrequest"))
    client.force_login(reader)
    html = client.get(page(case)).content.decode()
    assert "Shown only to colleagues who work on requests." in html
    assert "Ms Brown" not in html
    assert "Are you there?" not in html


def test_the_words_of_strangers_are_shown_not_run(at_desk: Client) -> None:
    case = RequestFactory(particulars__details="<script>alert(1)</script>", particulars__name="<b>x</b>")
    html = at_desk.get(page(case)).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html


def test_a_case_whose_particulars_are_gone_still_opens(at_desk: Client) -> None:
    html = at_desk.get(page(RequestFactory(closed=True, particulars=False))).content.decode()
    assert "Gone: its time was over." in html


def test_a_held_agent_has_the_mandate_as_next_step(at_desk: Client) -> None:
    case = RequestFactory(in_review=True, of_agent=True)
    assert case.requester_kind == RequesterKind.AGENT
    html = at_desk.get(page(case)).content.decode()
    first = html[html.find('class="button default"') :][:200]
    assert url(case, "authority") in first


def test_a_partial_refusal_keeps_its_reason(at_desk: Client) -> None:
    case = RequestFactory(in_release=True)
    press(at_desk, case, "refuse-partly", **{**refusal(case), "denial": "claim_not_covered"})
    case.refresh_from_db()
    assert case.denial == DenialReason.CLAIM_NOT_COVERED


@pytest.mark.parametrize(("answer", "ticked"), [("done", "done"), ("exception", "partly")])
def test_what_somebody_could_not_do_is_not_ticked_as_all_of_it(answer, ticked):
    case = RequestFactory(in_release=True)
    TaskFactory(
        request=case, stage="answered", answered_at=NOW, answer=answer, answer_text="The logs name nobody."
    )
    release = next(button for button in desk.BUTTONS if button.verb == "release")
    assert release.initial(case)["outcome"] == ticked


def typed_refusal(case: RightsRequest, **more: Any) -> dict[str, Any]:
    letter = deciding.draft_refusal(case, None)
    excessive = next(row for row in deciding.grounds(case, at=NOW) if row.code == "gdpr_excessive")
    return {"letter": letter, "denial": "too_many_requests", "ground": excessive.pk, **more}


def test_a_refusal_says_the_ground_and_the_reason_that_were_chosen(at_desk: Client) -> None:
    case = RequestFactory(in_review=True)
    press(at_desk, case, "refuse", **typed_refusal(case, told="This is the ninth copy this month."))
    letter = case.messages.get().body
    assert "This is the ninth copy this month." in letter
    assert "The law lets us say no here: " in letter
    assert "{" not in letter


def test_a_letter_in_french_says_the_ground_in_french(at_desk: Client) -> None:
    case = RequestFactory(in_review=True, language="fr")
    press(at_desk, case, "refuse", **typed_refusal(case, told="C’est la neuvième copie."))
    assert "La demande est manifestement" in case.messages.get().body


def test_a_ground_in_words_of_our_own_is_asked_for_in_the_language_of_the_letter(at_desk: Client) -> None:
    case = RequestFactory(in_review=True, language="fr")
    RefusalGround.objects.update(ground="It repeats another one.")
    answer = press(at_desk, case, "refuse", **typed_refusal(case, told="C’est la neuvième copie."))
    assert "Say the ground in the language of the letter: Français." in answer.content.decode()
    assert not case.messages.exists()
    words = "La demande est manifestement excessive."
    press(at_desk, case, "refuse", **typed_refusal(case, told="C’est la neuvième.", ground_words=words))
    assert words in case.messages.get().body


def test_a_refusal_without_a_reason_is_not_sent(at_desk: Client) -> None:
    case = RequestFactory(in_review=True)
    answer = press(at_desk, case, "refuse", **typed_refusal(case))
    assert "Write the reason: the letter has a place for it." in answer.content.decode()


def test_what_a_colleague_writes_as_the_reason_is_never_filled_in_again(at_desk: Client) -> None:
    case = RequestFactory(in_review=True)
    press(at_desk, case, "refuse", **typed_refusal(case, told="Your letter asked for {ground}."))
    letter = case.messages.get().body
    assert "The reason: Your letter asked for {ground}." in letter
    assert letter.count("manifestly excessive") == 1
