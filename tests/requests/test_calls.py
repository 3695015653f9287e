"""Calls to systems, against the documented example, over real TLS."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from inventory.letting_go import holds
from requests.keeping import vault
from requests.models import Answer, Connection, Correction, Right, RightsRequest, Task, TaskStage
from requests.others import calls, fanout, leaving_out, patience
from tests.inventory.retention_factories import LegalHoldFactory
from tests.people.factories import NOW, PersonFactory, UserFactory

from . import receiving_end
from .receiving_end import HOST
from .work_factories import CaseFactory, CutoffOrderFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def example() -> Any:
    return receiving_end.example()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return receiving_end.certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch, certificate: Path) -> None:
    """Let the test's own machine be called, by name and with a certificate made here."""
    receiving_end.allow(monkeypatch.setattr, certificate)


@pytest.fixture
def serve(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Runs a handler over TLS on a free port, and gives the port."""
    with ExitStack() as servers:

        def start(handler: type[BaseHTTPRequestHandler]) -> int:
            port = servers.enter_context(receiving_end.listening(handler, certificate))
            monkeypatch.setattr(calls, "PORTS", (port,))
            return port

        yield start


def connected(port: int, example: Any = None, **task: Any) -> Task:
    """A task for a system that listens there; the example learns the secret."""
    subject = PersonFactory(external_id="platform-000001")
    made = TaskFactory(way="http", request=CaseFactory(subject=subject), **task)
    connection = Connection.objects.create(
        system=made.system, url=f"https://{HOST}:{port}/privacy", secret=b""
    )
    secret = calls.renew_secret(connection, by=UserFactory(), at=timezone.now())
    Connection.objects.filter(pk=connection.pk).update(is_on=True)
    if example:
        example.Receiver.secret = secret
        example.PEOPLE = {"platform-000001": {"favorites": ["owls"]}}
        example.ANSWERED.clear()
    return made


class Saying(BaseHTTPRequestHandler):
    """Answers whatever it is told to."""

    status, body = 200, b"{}"
    heard: list[dict[str, str]] = []

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        type(self).heard.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(self.status)
        self.send_header("content-length", str(len(self.body)))
        if self.status in (301, 302, 307, 308):
            self.send_header("location", "https://169.254.169.254/latest/meta-data/")
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *words):
        pass


def saying(status: int, body: bytes = b"{}") -> type[Saying]:
    return type("Says", (Saying,), {"status": status, "body": body, "heard": []})


def test_the_example_hands_over_what_it_holds(inside, serve, example):
    task = connected(serve(example.Receiver), example)

    assert calls.call_due(at=timezone.now()) == 1

    task.refresh_from_db()
    assert (task.stage, task.answer, task.count_done) == (TaskStage.ANSWERED, Answer.DONE, 1)
    assert task.files.get().name == "data.json"


def test_the_example_erases_once_however_often_it_is_called(inside, serve, example):
    task = connected(serve(example.Receiver), example, duty="erase")
    connection = Connection.objects.get()

    first = calls.call(connection, task, at=timezone.now())
    second = calls.call(connection, task, at=timezone.now())

    assert first == second == calls.Reply(answer="done", count=1)
    assert example.PEOPLE == {}


def test_a_call_with_a_forged_signature_is_refused_by_the_example(inside, serve, example):
    task = connected(serve(example.Receiver), example)
    example.Receiver.secret = "whsec_" + "A" * 43 + "="

    calls.call_due(at=timezone.now())

    task.refresh_from_db()
    assert (task.stage, task.failure) == (TaskStage.PARKED, "HTTP 401")


def test_an_old_call_cannot_be_played_back(example):
    body, secret = b"{}", "whsec_" + "A" * 43 + "="
    raw = b"\0" * 32
    moment = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    headers = calls.signed("task_1", body, raw, moment)

    assert example.is_genuine(headers, body, secret, moment.timestamp())
    assert not example.is_genuine(headers, body, secret, moment.timestamp() + 3600)
    assert not example.is_genuine(headers, b"{ }", secret, moment.timestamp())


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_system_that_is_not_well_is_tried_again_later(inside, serve, status):
    task = connected(serve(saying(status)))

    calls.call_due(at=timezone.now())

    task.refresh_from_db()
    assert (task.stage, task.attempts, task.failure) == (TaskStage.WAITING, 1, f"HTTP {status}")
    assert task.next_try_at > timezone.now()
    assert task.lease_token is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (302, b""),
        (404, b"{}"),
        (200, b"not json"),
        (200, b'{"answer": "perhaps"}'),
        (200, b'{"answer": "done", "count": true}'),
        (200, b'{"answer": "done", "count": -1}'),
        (200, b'{"answer": "done", "count": 99999999999}'),
        (200, b'{"answer": "nothing", "text": "a\\u0000b"}'),
        (200, b'{"answer": "nothing", "text": "\\ud800"}'),
        (200, b"[" * 100_000),
    ],
)
def test_what_will_not_get_better_is_put_before_staff_at_once(inside, serve, status, body):
    task = connected(serve(saying(status, body)))

    calls.call_due(at=timezone.now())

    task.refresh_from_db()
    assert task.stage == TaskStage.PARKED


def test_half_a_letter_in_what_a_system_sends_along_is_handed_on_as_it_came(inside, serve):
    task = connected(serve(saying(200, b'{"answer": "done", "data": {"name": "\\ud800"}}')))

    calls.call_due(at=timezone.now())

    sealed = task.files.get()
    assert task.request
    assert b"".join(vault.open_sealed(task.request, sealed.path)) == b'{\n "name": "\\ud800"\n}'


def test_an_exception_without_a_word_is_no_answer(inside, serve):
    task = connected(serve(saying(200, b'{"answer": "exception"}')))

    calls.call_due(at=timezone.now())

    task.refresh_from_db()
    assert task.stage == TaskStage.PARKED


def test_a_system_that_has_taken_it_is_asked_again_with_the_same_id(inside, serve):
    handler = saying(202)
    task = connected(serve(handler))
    calls.call_due(at=timezone.now())
    task.refresh_from_db()
    assert task.stage == TaskStage.ASKED

    Task.objects.filter(pk=task.pk).update(next_try_at=timezone.now())
    calls.call_due(at=timezone.now())

    assert [call["webhook-id"] for call in handler.heard] == [f"task_{task.pk}"] * 2


def test_a_redirect_leads_nowhere(inside, serve):
    handler = saying(307)
    connected(serve(handler))

    calls.call_due(at=timezone.now())

    assert len(handler.heard) == 1


def test_an_endless_answer_is_cut_off(inside, serve, monkeypatch):
    monkeypatch.setattr(calls, "LARGEST_ANSWER", 1000)
    task = connected(serve(saying(200, b"x" * 5000)))

    calls.call_due(at=timezone.now())

    task.refresh_from_db()
    assert task.stage == TaskStage.PARKED


def dripping(first: bytes) -> Any:
    """Never silent for long and never at an end: each single wait is short."""

    class Drips(Saying):
        over = threading.Event()

        def do_POST(self):
            self.wfile.write(first)
            with suppress(OSError):
                while not self.over.wait(0.02):
                    self.wfile.write(b"x")

    return Drips


@pytest.mark.parametrize(
    "first",
    [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n"],
    ids=["before the status", "in the headers", "in the body"],
)
def test_a_server_that_drips_for_ever_does_not_keep_a_worker(inside, serve, monkeypatch, first):
    monkeypatch.setattr(patience, "TOTAL", 0.5)
    handler = dripping(first)
    task = connected(serve(handler))

    calls.call_due(at=timezone.now())

    handler.over.set()
    task.refresh_from_db()
    assert (task.stage, task.failure) == (TaskStage.WAITING, "ReadTimeout")


def test_a_compressed_answer_is_not_unpacked(inside, serve):
    class Packs(Saying):
        body = gzip.compress(b'{"answer": "done"}' + b" " * 10_000_000)

        def send_header(self, keyword, value):
            super().send_header(keyword, value)
            if keyword == "content-length":
                super().send_header("content-encoding", "gzip")

    task = connected(serve(Packs))

    calls.call_due(at=timezone.now())

    task.refresh_from_db()
    assert task.stage == TaskStage.PARKED


def case_of(task: Task, right: Right) -> RightsRequest:
    assert task.request
    RightsRequest.objects.filter(pk=task.request.pk).update(right=right)
    return task.request


def test_the_example_corrects_what_it_is_told(inside, serve, example):
    task = connected(serve(example.Receiver), example, duty="correct")
    case = case_of(task, Right.RECTIFICATION)
    Correction.objects.create(
        request=case, field="family_name", wanted="bianchi", value="Bianchi", judgment="accepted",
        decided_by=UserFactory(), decided_at=NOW,
    )  # fmt: skip
    Correction.objects.create(request=case, field="given_name", wanted="Not decided")
    example.PEOPLE["platform-000001"] = {"family_name": "Rossi", "given_name": "Robin"}

    calls.call_due(at=timezone.now())

    assert example.PEOPLE["platform-000001"] == {"family_name": "Bianchi", "given_name": "Robin"}
    task.refresh_from_db()
    assert (task.answer, task.count_done) == (Answer.DONE, 1)


def test_the_example_stops_the_uses_it_is_told(inside, serve, example):
    task = connected(serve(example.Receiver), example, duty="stop")
    case_of(task, Right.OPT_OUT)

    calls.call_due(at=timezone.now())

    assert example.PEOPLE["platform-000001"]["stopped"] == ["sale"]


def test_after_the_last_try_staff_have_it(inside, serve):
    task = connected(serve(saying(500)))
    Task.objects.filter(pk=task.pk).update(attempts=calls.TRIES - 1)

    calls.call_due(at=timezone.now())

    task.refresh_from_db()
    assert task.stage == TaskStage.PARKED


def test_a_call_whose_worker_died_is_made_again_after_its_lease(inside, serve, example):
    task = connected(serve(example.Receiver), example)
    assert calls._claim() == task  # and then the worker is gone

    assert calls.call_due(at=timezone.now()) == 0
    Task.objects.filter(pk=task.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

    assert calls.call_due(at=timezone.now()) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.8/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://224.0.0.1/",
        "https://[fd00::1]/",
        "https://[fe80::1%25eth0]/",
        "https://user:" + "word@93.184.216.34/",
        "https://93.184.216.34:22/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[::7f00:1]/",
        "https://93.184.216.34:99999/",
        "https://[93.184.216.34/",
        "https://no-such-name.invalid/",
        "https://",
        "https://" + "a" * 300 + ".example/",
    ],
)
def test_an_address_that_leads_inward_is_refused(url):
    with pytest.raises(calls.AddressRefused):
        calls.public_address(url)


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch):
    monkeypatch.setattr(calls, "_looked_up", lambda host, port: ["93.184.216.34", "10.0.0.8"])

    with pytest.raises(calls.AddressRefused):
        calls.public_address("https://flips.example/")


def test_a_name_that_turns_inward_after_it_was_switched_on_is_not_called(serve):
    handler = saying(200)
    task = connected(serve(handler))  # "receiver.example" is looked up for real here, and leads nowhere

    calls.call_due(at=timezone.now())

    task.refresh_from_db()
    assert (task.stage, handler.heard) == (TaskStage.PARKED, [])


def test_the_secret_lies_sealed(inside, serve):
    connected(serve(saying(200)))
    shown = calls.renew_secret(Connection.objects.get(), by=UserFactory(), at=timezone.now())

    assert shown.removeprefix("whsec_").encode() not in bytes(Connection.objects.get().secret)


# --- Cut-off orders ------------------------------------------------------------------------------


def ordered(people: int, **hold: Any) -> Task:
    task = fanout.open_task_of(CutoffOrderFactory(), at=NOW)
    named = [PersonFactory(external_id=f"platform-{number}") for number in range(people)]
    by = UserFactory()
    made = LegalHoldFactory(people=named, owner=by, review_on=NOW.date() + timedelta(days=90), **hold)
    holds.place(made, by=by, at=NOW)
    return Task.objects.select_related("order__category").get(pk=task.pk)


def test_a_cut_off_call_names_whom_it_leaves_out():
    said = calls.order_for(ordered(2))["data"]
    assert (said["before"], said["cutoffs"]) == ("2024-03-03", {"last_activity": "2024-03-02"})
    assert said["leave_out"] == {"roles": [], "people": ["platform-0", "platform-1"], "list": None}


def test_a_long_list_goes_as_an_address_instead_of_in_the_call(monkeypatch):
    monkeypatch.setattr(leaving_out, "MOST", 1)
    told = calls.order_for(ordered(2))["data"]["leave_out"]
    assert told["people"] is None
    assert told["list"].startswith(f"{settings.SITE_URL}/tasks/leave-out/")


def test_a_system_is_not_called_while_a_hold_keeps_everybody(inside, serve):
    says = saying(200)
    port = serve(says)
    task = ordered(0, scope="everyone")
    connection = Connection(system=task.system, url=f"https://{HOST}:{port}/privacy", secret=b"")
    with pytest.raises(calls.CallFailed, match="everyone is on hold"):
        calls.call(connection, task, at=timezone.now())
    assert says.heard == []
