"""Calling a system over HTTP: signed, repeatable, patient, and never inward.

The protocol is Standard Webhooks 1.0.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`), written
down for whoever builds the other end in docs/reference/calls-to-systems.md. The id of a call is the id of its
task, so a system that hears it twice has to do it once.

*Inward.* Staff type the address, so it is looked up here, every address behind the name has to be a public one,
and the call goes to the very address that was judged (no second look-up, no redirect, no proxy of the environment)."""

import base64
import hashlib
import hmac
import ipaddress
import json
import logging
import secrets
import socket
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from audit.actions import record
from audit.actors import SYSTEM
from audit.refusals import Refused
from audit.text import clean_block
from inventory.letting_go.orders import everybody_is_held
from people.models import User
from requests.keeping import masters
from requests.models import MOST_ROWS, Answer, Connection, Duty, Task, TaskStage

from . import instructions, leaving_out, patience, work

log = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(30, connect=5)
LARGEST_ANSWER = 10 * 1024 * 1024  # bytes
LEASE = timedelta(minutes=5)
TRIES = 8
WAITS = (1, 5, 15, 60, 240, 720, 1440)  # minutes after each failed try
ASK_AGAIN = timedelta(hours=1)  # a system that said “accepted” is asked how it went
SECRET_BYTES = 32
PORTS = (443, 8443)
# Addresses that hold an IPv4 address, for a gateway to call: NAT64 (RFC 6052, 8215), “compatible”, site-local.
TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "fec0::/10")))


class AddressRefused(Refused):
    pass


class CallFailed(Exception):
    """The call did not get an answer we can use. The message holds nothing personal."""

    def __init__(self, what: str, *, is_final: bool = False) -> None:
        super().__init__(what)
        self.is_final = is_final


@dataclass(frozen=True)
class Reply:
    """What a system says. `answer` empty: it has taken the order and is still at it."""

    answer: str = ""
    text: str = ""
    count: int | None = None
    data: Any = None


# --- Connections ------------------------------------------------------------------------------


@transaction.atomic
def renew_secret(connection: Connection, *, by: User, at: datetime, reason: str = "") -> str:
    """A new signing secret, shown this once: give it to whoever runs the system."""
    raw = secrets.token_bytes(SECRET_BYTES)
    shown = "whsec_" + base64.b64encode(raw).decode()
    connection.secret, connection.secret_hint = masters.lock(raw, _about(connection)), shown[-4:]
    connection.save(update_fields=["secret", "secret_hint"])
    record("requests.renew_secret", connection, by=by, at=at, reason=reason)
    return shown


@transaction.atomic
def relock_secrets() -> int:
    """Lock every secret anew with the first master key, and say how many. Raises CannotUnlock."""
    old = [
        connection
        for connection in Connection.objects.select_for_update()
        if connection.secret and masters.locked_by(bytes(connection.secret)) != masters.current()
    ]
    for connection in old:
        connection.secret = masters.lock(_secret(connection), _about(connection))
        connection.save(update_fields=["secret"])
    return len(old)


def switch(connection: Connection, *, on: bool, by: User, at: datetime, reason: str = "") -> Connection:
    """On: tasks go to the system by themselves. Refused for an address that leads inward."""
    if on:
        public_address(connection.url)
        if not connection.secret:
            raise AddressRefused("Make a signing secret first, and give it to whoever runs the system.")
    with transaction.atomic():  # after the look-up, which may take seconds
        connection.is_on = on
        connection.save(update_fields=["is_on"])
        verb = "requests.switch_on" if on else "requests.switch_off"
        record(verb, connection, by=by, at=at, reason=reason)
    return connection


def _about(connection: Connection) -> str:
    return f"secret of system {connection.system_id}"


# --- Where a call may go -----------------------------------------------------------------------


def public_address(url: str) -> str:
    """The checked address behind a URL. Raises AddressRefused for anything but https to the open internet."""
    host, port = _host_and_port(url)
    if port not in PORTS:
        raise AddressRefused(f"Only the ports {' and '.join(map(str, PORTS))} are called.")
    found = _looked_up(host, port)
    if not found or not all(_is_public(address) for address in found):
        raise AddressRefused(
            "This name leads into a private network, or nowhere. Only public addresses are called."
        )
    return found[0]


def _host_and_port(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:  # a port past 65535, half a bracket
        raise AddressRefused("This is no address of a web server.") from None
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        raise AddressRefused("Write an address that begins with https:// and holds no password.")
    return parts.hostname, port


def _looked_up(host: str, port: int) -> list[str]:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if any(found in net for net in TRANSLATED if net.version == found.version):
        return False
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (inner is None or inner.is_global)


# --- The call ----------------------------------------------------------------------------------


def call(connection: Connection, task: Task, *, at: datetime) -> Reply:
    """One signed call. Raises AddressRefused or CallFailed."""
    if task.order and everybody_is_held(task.order.category, task.order.role):
        raise CallFailed("everyone is on hold: nothing may go now")
    body = json.dumps(order_for(task), separators=(",", ":"), ensure_ascii=False).encode()
    parts = urlsplit(connection.url)
    address = public_address(connection.url)
    host = f"[{address}]" if ":" in address else address
    url = parts._replace(netloc=f"{host}:{parts.port or 443}").geturl()
    headers = {**signed(f"task_{task.pk}", body, _secret(connection), at), "host": parts.netloc}
    headers["accept-encoding"] = "identity"  # a small answer must not unpack into a large one
    try:
        with (
            _client() as client,
            client.stream(
                "POST", url, content=body, headers=headers, extensions={"sni_hostname": parts.hostname}
            ) as response,
        ):
            return _read(response.status_code, _limited(response.iter_raw()))
    except httpx.HTTPError as error:
        raise CallFailed(type(error).__name__) from error


def _client() -> httpx.Client:
    """For one call: the time of all its waits together is limited too."""
    return httpx.Client(
        timeout=TIMEOUT, follow_redirects=False, trust_env=False, transport=patience.Transport(patience.TOTAL)
    )


def order_for(task: Task) -> Mapping[str, Any]:
    """What the system is told: whom, what, until when; no word more."""
    if task.order:
        order = task.order
        about: Mapping[str, Any] = {
            "category": order.category.code, "before": order.before.isoformat(), "role": order.role,
            "then": order.then, "cutoffs": order.cutoffs, "leave_out": leaving_out.told(task, order),
        }  # fmt: skip
    else:
        request = task.request
        subject = request.subject if request else None
        about = {
            "reference": request.reference if request else "",
            "subject": {"id": subject.external_id, "email": subject.email} if subject else None,
            **instructions.of(task),
        }
    return {
        "type": f"privacy.{task.duty}",
        "task": f"task_{task.pk}",
        "due_at": task.due_at.isoformat(),
        "data": about,
    }


def signed(call_id: str, body: bytes, secret: bytes, at: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks, and the body's type."""
    moment = str(int(at.timestamp()))
    mac = hmac.digest(secret, f"{call_id}.{moment}.".encode() + body, hashlib.sha256)
    return {
        "content-type": "application/json",
        "webhook-id": call_id,
        "webhook-timestamp": moment,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }


def _secret(connection: Connection) -> bytes:
    return masters.unlock(bytes(connection.secret), _about(connection))


def _limited(pieces: Iterable[bytes]) -> bytes:
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) > LARGEST_ANSWER:
            raise CallFailed(f"an answer of more than {LARGEST_ANSWER // 2**20} MB", is_final=True)
    return bytes(held)


def _read(status: int, body: bytes) -> Reply:
    if status == 202:
        return Reply()
    if status in (408, 409, 425, 429) or status >= 500:
        raise CallFailed(f"HTTP {status}")
    if status != 200:
        raise CallFailed(f"HTTP {status}", is_final=True)
    try:
        said = json.loads(body)
        return _checked(said)
    except (ValueError, TypeError, KeyError, RecursionError, ValidationError):
        raise CallFailed("an answer that is not the JSON we agreed on", is_final=True) from None


def _checked(said: Any) -> Reply:
    answer, text, count = Answer(said["answer"]), said.get("text", ""), said.get("count")
    if not isinstance(text, str) or isinstance(count, bool) or not isinstance(count, int | None):
        raise TypeError
    text = clean_block(text)  # a NUL, or half a letter, fits no column
    if not 0 <= (count or 0) <= MOST_ROWS or (answer == Answer.EXCEPTION and not text):
        raise ValueError
    return Reply(answer.value, text[:2000], count, said.get("data"))


# --- The queue ---------------------------------------------------------------------------------


def call_due(*, at: datetime) -> int:
    """Call every system whose turn it is, one at a time; returns how many answered. Any number of workers."""
    answered = 0
    while task := _claim():
        answered += _try(task)
    return answered


def _claim() -> Task | None:
    """The next one, in nobody's hands; tries are counted before the work, so one that kills us parks itself."""
    with transaction.atomic():
        waiting = Task.objects.select_for_update(skip_locked=True, of=("self",)).to_call()
        task = (
            waiting.select_related("request__subject", "order__category", "system")
            .order_by("next_try_at")
            .first()
        )
        if task:
            task.lease_token = uuid.uuid4()
            Task.objects.filter(pk=task.pk).update(
                lease_token=task.lease_token, lease_until=Now() + LEASE, attempts=F("attempts") + 1
            )
            task.attempts += 1
        return task


def _try(task: Task) -> bool:
    connection = Connection.objects.filter(system=task.system, is_on=True).first()
    at = timezone.now()
    if connection is None:
        work.park(task, failure="the connection is switched off", at=at)
        return False
    try:
        reply = call(connection, task, at=at)
    except (CallFailed, AddressRefused, masters.CannotUnlock) as trouble:
        _failed(task, connection, trouble, at)
        return False
    Connection.objects.filter(pk=connection.pk).update(last_ok_at=at)
    return _take(task, reply, timezone.now())


def _take(task: Task, reply: Reply, at: datetime) -> bool:
    if not Task.objects.filter(pk=task.pk, lease_token=task.lease_token).exists():
        return False  # so slow that somebody else has it by now
    if not reply.answer:
        if task.stage == TaskStage.WAITING:
            work.mark_asked(task, at=at)
        Task.objects.filter(pk=task.pk).update(
            next_try_at=at + ASK_AGAIN, attempts=0, lease_token=None, lease_until=None
        )
        return False
    uploads = [_Data(reply.data)] if reply.data is not None and task.duty == Duty.GATHER else []
    work.answer(
        task, answer=reply.answer, text=reply.text, count_done=reply.count, uploads=uploads, by=SYSTEM, at=at
    )
    return True


class _Data:
    """What a system sent along, as a file like any other."""

    def __init__(self, data: Any) -> None:
        # Half of a surrogate pair stays the escape it was.
        written = json.dumps(data, ensure_ascii=False, indent=1).encode(errors="backslashreplace")
        self.name: str | None = "data.json"
        self.size: int | None = len(written)
        self.file = BytesIO(written)


def _failed(task: Task, connection: Connection, trouble: Exception, at: datetime) -> None:
    """Later, with growing patience; staff see it when patience is over, or when it cannot get better."""
    what = str(trouble)[:100]
    Connection.objects.filter(pk=connection.pk).update(last_failure=what, last_failure_at=at)
    log.warning("the call of task %s failed (%s)", task.pk, type(trouble).__name__)
    if getattr(trouble, "is_final", not isinstance(trouble, CallFailed)) or task.attempts >= TRIES:
        work.park(task, failure=what, at=at)
        return
    wait = timedelta(minutes=WAITS[min(task.attempts, len(WAITS)) - 1])
    Task.objects.filter(pk=task.pk, lease_token=task.lease_token).update(
        next_try_at=Now() + wait, failure=what, lease_token=None, lease_until=None
    )
