"""The demo company's cases: one at every point of the road, made by the same actions as real ones.

Times are counted back from the moment of loading, so that the queue always holds one that is late, one
that is due today, an erasure for the second person and a message nobody has read."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from audit.actors import Acts
from law import deadlines, readings
from law.models import Company
from people.models import Person, RestrictionGround, User
from requests import actions, deciding, here
from requests.arriving import seeking
from requests.changing import correcting, ending, limiting
from requests.changing.correcting import Wanted
from requests.copies import packages, reviewing
from requests.erasing import erasure
from requests.events import SOMEBODY
from requests.models import (
    Answer,
    Channel,
    DenialReason,
    Judgment,
    LetterKind,
    Method,
    RequesterKind,
    Right,
    RightsRequest,
    Task,
    TaskStage,
)
from requests.others import work

Asked = actions.Asked
CAST = ("rosa", "carla", "ben", "david", "elena", "frank", "nadia", "oscar", "priya", "quinn", "sofie")
MORE = ("tomas", "uma", "viktor", "wanda", "xavier", "yusuf", "zoe")


@transaction.atomic
def load(company: Company, staff: Sequence[User], at: datetime) -> None:
    """Once, and only with the whole cast; what staff have done since is left alone."""
    people = {person.external_id: person for person in Person.objects.filter(external_id__startswith="u-")}
    if RightsRequest.objects.exists() or not all(f"u-{name}" in people for name in CAST + MORE):
        return
    stage = _Stage(people, dov=staff[0], noor=staff[1], second=staff[4], now=at, company=company)
    for scene in SCENES:
        scene(stage)


class _Stage:
    """Who is there, and what time it is."""

    def __init__(
        self,
        people: dict[str, Person],
        *,
        dov: User,
        noor: User,
        second: User,
        now: datetime,
        company: Company,
    ) -> None:
        self.people, self.dov, self.noor, self.second = people, dov, noor, second
        self.now, self.company = now, company

    def __getitem__(self, name: str) -> Person:
        return self.people[f"u-{name}"]

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)

    def signed_in(self, name: str, *rights: Right, at: datetime, **told: Any) -> list[RightsRequest]:
        person = self[name]
        told = {"subject": person, "email": person.email, "name": person.given_name, **told}
        asked = Asked(rights=rights, requester=person, language=_language(person), **told)
        return actions.receive(asked, by=person, at=at)

    def received_to_be_due(self, day: date, code: str) -> datetime:
        """When a request must have come so that its answer is due on that day."""
        rule = readings.deadline_rules([code], day)[0]
        settings = readings.interpretation(self.company)
        for days in range(20, 60):
            received = datetime.combine(day - timedelta(days=days), time(9, 0), self.company.zone)
            closed = readings.closed_days("FR", range(received.year - 1, received.year + 2))
            if deadlines.due(rule, received, [], closed, kind="respond", settings=settings).strict_due == day:
                return received
        return self.ago(30)


def _language(person: Person) -> str:
    return person.language if person.language in ("en", "es", "fr", "de") else "en"


# --- What staff and systems do ------------------------------------------------------------------


def _accept(case: RightsRequest, by: User, at: datetime) -> list[Task]:
    """Accepted; this database has answered, and every owner has the mail."""
    actions.accept(case, by=by, at=at)
    here.do_due(at=at)
    for task in case.tasks.filter(stage=TaskStage.WAITING):
        work.mark_asked(task, at=at + timedelta(hours=1))
    return list(case.tasks.open().order_by("pk"))


def _answer_all(tasks: list[Task], by: Acts, at: datetime) -> None:
    for number, task in enumerate(tasks):
        answer = Answer.NOTHING if number % 3 == 2 else Answer.DONE
        count = 0 if answer == Answer.NOTHING else 12 + 7 * number
        work.answer(task, answer=answer, count_done=count, by=by, at=at + timedelta(hours=number))


def _verify(case: RightsRequest, person: Person, at: datetime) -> None:
    """As behind the link in the mail to the address on file."""
    for one in RightsRequest.objects.filter(submission=case.submission, stage="unverified"):
        actions.confirm_identity(one, method=Method.ADDRESS_ON_FILE, person=person, by=person, at=at)


# --- The scenes, the oldest first ---------------------------------------------------------------


def _copy_released(on: _Stage) -> None:
    (case,) = on.signed_in("oscar", Right.ACCESS, at=on.ago(24))
    _answer_all(_accept(case, on.noor, on.ago(23)), on.noor, on.ago(15))
    packages.build_due(at=on.ago(14))
    reviewing.look_through(case, parts=list(case.copy_parts.all()), by=on.dov, at=on.ago(6))
    letter = (
        "Hello Oscar,\n\nyour copy is ready on this page. It holds what we keep about you, system by system."
    )
    actions.release(case, by=on.dov, at=on.ago(6), letter=letter, kind=LetterKind.COPY)


def _refused_and_appealed(on: _Stage) -> None:
    words = "I disagree. My last copy is from two years ago, so this is not excessive."
    (case,) = on.signed_in("viktor", Right.ACCESS, at=on.ago(26))
    excessive = (row for row in deciding.grounds(case, at=on.ago(20)) if row.code == "gdpr_excessive")
    ground = next(excessive, None)
    letter = (
        "Hello Viktor,\n\nthis is your ninth request this month. We do not answer it, and you can complain."
    )
    actions.refuse(
        case, by=on.noor, at=on.ago(20), letter=letter, ground=ground,
        denial=DenialReason.TOO_MANY_REQUESTS, reason="The ninth request within a month.",
    )  # fmt: skip
    actions.appeal(case, words, by=on["viktor"], at=on.ago(3))


def _late(on: _Stage) -> None:
    """Accepted in time, but one system never answered."""
    (case,) = on.signed_in("rosa", Right.ACCESS, at=on.ago(36), details="Una copia de todo, por favor.")
    tasks = _accept(case, on.noor, on.ago(33))
    _answer_all(tasks[:-1], on.noor, on.ago(24))
    actions.say(case, "Hola, Rosa: falta la respuesta de un sistema.", by=on.noor, at=on.ago(8))
    actions.hear(case, "¿Cuánto falta? Pensaba que eran treinta días.", by=on["rosa"], at=on.ago(1.5))


def _due_today(on: _Stage) -> None:
    received = on.received_to_be_due(on.company.today(), "eu_gdpr")
    (case,) = on.signed_in("yusuf", Right.PORTABILITY, at=received)
    _answer_all(
        _accept(case, on.second, received + timedelta(days=2)), on.second, received + timedelta(days=9)
    )
    packages.build_due(at=received + timedelta(days=10))


def _erasure_waiting_for_a_second_person(on: _Stage) -> None:
    (case,) = on.signed_in("sofie", Right.ERASURE, at=on.ago(5), details="I finished my courses.")
    erasure.propose(case, by=on.noor, at=on.ago(4), reason="She asked and nothing speaks against it.")
    actions.assign(case, owner=on.noor, by=on.noor, at=on.ago(4))


def _erasure_in_its_wait(on: _Stage) -> None:
    (case,) = on.signed_in("tomas", Right.ERASURE, at=on.ago(6))
    order = erasure.propose(case, by=on.dov, at=on.ago(2), reason="He asked for it.")
    erasure.approve(order, by=on.second, at=on.ago(1), reason="Read; the plan is right.")


def _guardian_with_a_parked_task(on: _Stage) -> None:
    """Ohio has no law of its own: the house's target counts."""
    asked = Asked(
        rights=(Right.ACCESS,), requester_kind=RequesterKind.GUARDIAN, subject=on["ben"],
        requester=on["carla"], email=on["carla"].email, name="Carla", language="fr", about="Ben, my son",
    )  # fmt: skip
    (case,) = actions.receive(asked, by=on["carla"], at=on.ago(9))
    first, *rest = _accept(case, on.noor, on.ago(8))
    _answer_all(rest[:2], on.noor, on.ago(5))
    work.park(first, failure="Its owner’s mailbox returned the mail.", at=on.ago(4))


def _asked_what_is_meant(on: _Stage) -> None:
    """In the United Kingdom the clock waits with us."""
    asked = Asked(
        rights=(Right.RESTRICTION,), channel=Channel.PHONE, subject=on["uma"], requester=on["uma"],
        details="Said on the phone that we should leave some of her data alone.",
    )  # fmt: skip
    (case,) = actions.receive(asked, by=on.noor, at=on.ago(12))
    actions.confirm_identity(
        case, method=Method.KNOWN_FACTS, by=on.noor, at=on.ago(11), note="Lesson names and month of birth."
    )
    letter = "Hello Uma,\n\nwhich of your data do you mean: your lessons, your messages, or both?"
    actions.ask_clarification(case, by=on.noor, at=on.ago(7), letter=letter)


def _agent_held(on: _Stage) -> None:
    asked = Asked(
        rights=(Right.ERASURE,), channel=Channel.EMAIL, requester_kind=RequesterKind.AGENT,
        subject=on["quinn"], name="Tidy Data Agents", email="cases@agents.example", language="en",
        details="We act for our client and ask you to delete everything.",
    )  # fmt: skip
    (case,) = actions.receive(asked, by=on.noor, at=on.ago(10))
    _verify(case, on["quinn"], on.ago(9))


def _opt_out_done(on: _Stage) -> None:
    (case,) = on.signed_in("quinn", Right.OPT_OUT, at=on.ago(13))
    _answer_all(_accept(case, on.second, on.ago(12)), on.second, on.ago(10))
    letter = "Hello Quinn,\n\nwe have never sold your data, and it is now noted that nobody may."
    actions.release(case, by=on.dov, at=on.ago(9), letter=letter, kind=LetterKind.STOPPED)


def _asked_twice(on: _Stage) -> None:
    on.signed_in("xavier", Right.ACCESS, at=on.ago(6))
    asked = Asked(
        rights=(Right.ACCESS,), channel=Channel.EMAIL, subject=on["xavier"], requester=on["xavier"],
        language="fr", details="Bonjour, je voudrais une copie de mes données.",
    )  # fmt: skip
    actions.receive(asked, by=on.noor, at=on.ago(4))


def _copy_first_then_erasure(on: _Stage) -> None:
    on.signed_in(
        "priya", Right.ACCESS, Right.ERASURE, at=on.ago(2), details="First a copy, then delete it all."
    )


def _correction_with_a_message(on: _Stage) -> None:
    details = "My family name changed. Please also tell me who received the old one."
    points = (
        Wanted("family_name", "", "Tremblay"),
        Wanted("other", "The name on my certificate of “Fractions I”", "Zoë Tremblay"),
    )
    (case,) = on.signed_in("zoe", Right.RECTIFICATION, at=on.ago(3), details=details, corrections=points)
    actions.assign(case, owner=on.dov, by=on.dov, at=on.ago(2))
    actions.hear(case, "I forgot to say: the new name is on my certificate.", by=on["zoe"], at=on.ago(0.2))


def _correction_at_work(on: _Stage) -> None:
    """One point is written here already; another was refused, and the systems are asked."""
    points = (Wanted("family_name", "", "Núñez Robles"), Wanted("place", "I moved", "Madrid"))
    (case,) = on.signed_in("mateo", Right.RECTIFICATION, at=on.ago(8), corrections=points)
    name, place = case.corrections.all()
    decisions = {
        name.pk: correcting.Decision(Judgment.ACCEPTED, "Núñez Robles"),
        place.pk: correcting.Decision(Judgment.REFUSED, why="Tell us the day you moved, and we change it."),
    }
    correcting.decide(case, decisions=decisions, by=on.noor, at=on.ago(7))
    _accept(case, on.noor, on.ago(7))


def _restriction_about_to_end(on: _Stage) -> None:
    """In force on Frank’s page; he was told that it ends, and from when."""
    (case,) = on.signed_in(
        "frank", Right.RESTRICTION, at=on.ago(30), details="My country is wrong. Please wait."
    )
    limiting.decide_ground(case, ground=RestrictionGround.ACCURACY, by=on.noor, at=on.ago(29))
    _answer_all(_accept(case, on.noor, on.ago(29)), on.noor, on.ago(25))
    letter = "Guten Tag, Frank,\n\nwir bewahren Ihre Daten auf und benutzen sie nicht, bis das geprüft ist."
    actions.release(case, by=on.dov, at=on.ago(24), letter=letter, kind=LetterKind.RESTRICTED)
    letter = (
        "Guten Tag, Frank,\n\ngeprüft ist: Das Land stimmt. In einer Woche benutzen wir Ihre Daten wieder."
    )
    ends = on.company.today() + timedelta(days=7)
    ending.tell_of_lifting(case, letter=letter, from_on=ends, by=on.dov, at=on.ago(0.3))


def _objection_to_be_weighed(on: _Stage) -> None:
    words = "Please stop watching what I do in the lessons."
    on.signed_in("iris", Right.OBJECTION, at=on.ago(1.6), details=words)


def _question(on: _Stage) -> None:
    words = "Do you keep the recordings of voice exercises, and for how long?"
    asked = Asked(rights=(Right.INQUIRY,), email=on["wanda"].email, name="Wanda", place="PL", details=words)
    actions.receive(asked, by=SOMEBODY, at=on.ago(1.2))


def _complaint_answered(on: _Stage) -> None:
    (case,) = on.signed_in("frank", Right.COMPLAINT, at=on.ago(19), details="A mail came twice.")
    letter = (
        "Guten Tag, Frank,\n\nSie haben recht, die Nachricht ging zweimal hinaus. Der Fehler ist behoben."
    )
    actions.answer(case, by=on.dov, at=on.ago(16), letter=letter)


def _withdrawn(on: _Stage) -> None:
    (case,) = on.signed_in("nadia", Right.ACCESS, at=on.ago(11))
    actions.withdraw(case, by=on["nadia"], at=on.ago(9))


def _nobody_confirmed_yet(on: _Stage) -> None:
    """One whose address is on file and one whose is not: the form showed both the same."""
    for email, name, days in ((on["elena"].email, "Elena", 1.0), ("someone@elsewhere.example", "S.", 0.5)):
        asked = Asked(rights=(Right.ERASURE,), email=email, name=name, place="ES", language="es")
        actions.receive(asked, by=SOMEBODY, at=on.ago(days))
        seeking.seek_due(at=on.ago(days))


SCENES = (
    _late, _due_today, _refused_and_appealed, _copy_released, _complaint_answered, _opt_out_done,
    _asked_what_is_meant, _withdrawn, _agent_held, _guardian_with_a_parked_task, _erasure_in_its_wait,
    _asked_twice, _erasure_waiting_for_a_second_person, _correction_with_a_message, _correction_at_work,
    _restriction_about_to_end, _objection_to_be_weighed, _copy_first_then_erasure,
    _question, _nobody_confirmed_yet,
)  # fmt: skip
