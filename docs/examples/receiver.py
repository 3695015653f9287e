"""An example of the other end: a system that hears our calls, checks them, does the work once, answers.

    SECRET=whsec_… python docs/examples/receiver.py 8443

Standard library only. It listens on plain HTTP: put your own TLS in front, for we call https alone.
The protocol: docs/reference/calls-to-systems.md."""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOLERANCE = 5 * 60  # seconds a call may be old: whoever records one cannot play it back tomorrow

# What this system knows. Yours has a database.
PEOPLE: dict[str, dict[str, Any]] = {"platform-000001": {"favorites": ["owls", "fractions"]}}
ANSWERED: dict[str, dict[str, Any]] = {}


def is_genuine(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
    """The signature is right, for this very call, made just now. Compare in constant time."""
    moment = headers.get("webhook-timestamp", "")
    if not moment.isdecimal() or abs(now - int(moment)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers.get('webhook-id', '')}.{moment}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    # During a change of secrets a call carries two signatures, with a space between.
    return any(hmac.compare_digest(wanted, one) for one in headers.get("webhook-signature", "").split(" "))


def answer_to(call: dict[str, Any]) -> dict[str, Any]:
    """Do what is asked, once: a call heard twice gets the answer it got before."""
    task = call["task"]
    if task not in ANSWERED:
        ANSWERED[task] = _done(call["type"], call["data"])
    return ANSWERED[task]


def _done(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    subject = (data.get("subject") or {}).get("id")
    if subject not in PEOPLE:
        return {"answer": "nothing"}
    if kind == "privacy.gather":
        return {"answer": "done", "count": 1, "data": PEOPLE[subject]}
    if kind == "privacy.erase":
        del PEOPLE[subject]
        return {"answer": "done", "count": 1}
    if kind == "privacy.correct":
        return _corrected(PEOPLE[subject], data["corrections"])
    if kind == "privacy.restrict":
        PEOPLE[subject]["restricted"] = data["ground"]  # and from now on read it before using a row
        return {"answer": "done", "count": 1}
    if kind == "privacy.stop":
        stopped = [use["code"] for use in data["uses"]] + data["kinds"]
        PEOPLE[subject]["stopped"] = sorted({*PEOPLE[subject].get("stopped", []), *stopped})
        return {"answer": "done", "count": len(stopped)}
    if kind == "privacy.resume":
        return _resumed(PEOPLE[subject], data)
    return {
        "answer": "exception",
        "text": f"This example does not know how to {kind.removeprefix('privacy.')}.",
    }


def _resumed(person: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """A restriction is over, or one use may go on. What else stands against a use stays."""
    if data["over"] == "privacy.restrict":
        return {"answer": "done" if person.pop("restricted", "") else "nothing"}
    again = {*(use["code"] for use in data["uses"]), *data["kinds"]}
    freed = again.intersection(person.get("stopped", []))
    person["stopped"] = sorted({*person.get("stopped", [])} - again)
    return {"answer": "done", "count": len(freed)} if freed else {"answer": "nothing"}


def _corrected(person: dict[str, Any], corrections: list[dict[str, str]]) -> dict[str, Any]:
    """Write what we hold; say what we do not understand, so that a person looks at it."""
    unknown = [one for one in corrections if one["field"] == "other"]
    known = [one for one in corrections if one["field"] in person]
    if unknown:
        return {"answer": "exception", "text": "A person has to look at what is not one of our fields."}
    person.update({one["field"]: one["value"] for one in known})
    return {"answer": "done", "count": len(known)} if known else {"answer": "nothing"}


class Receiver(BaseHTTPRequestHandler):
    secret = os.environ.get("SECRET", "")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_genuine(
            {name.lower(): value for name, value in self.headers.items()}, body, self.secret, time.time()
        ):
            self._say(401, {})
            return
        self._say(200, answer_to(json.loads(body)))

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        written = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    def log_message(self, *words: object) -> None:
        """Quiet: a log of who was erased would be a copy of what was erased."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
