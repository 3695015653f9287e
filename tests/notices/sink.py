"""A mail server on loopback that notes what it takes and misbehaves on demand.

An address says how its mail is treated: `amina+451@family.example` is always put off,
`amina+451x2@family.example` twice and then taken. The tricks:

    451, 550, 421               answer to RCPT (421 hangs up)
    data451, data554            answer to the message
    before                      hangs up after the message, not having taken it
    after                       takes the message, hangs up without saying so
    silent                      takes the message, never answers
    drip                        takes the message, answers a byte every half second

Run on its own:  python -m tests.notices.sink --port 2525 --log mails.log
Each mail taken is one line, `Message-ID<TAB>recipient`."""

import argparse
import asyncio
import logging
import re
import threading
from collections import Counter
from collections.abc import Sequence
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from aiosmtpd.smtp import SMTP

# It would print every address.
logging.getLogger("mail.log").setLevel(logging.WARNING)
TRICK = re.compile(r"\+(?P<trick>\d{3}|data\d{3}|before|after|silent|drip)(x(?P<times>\d+))?@")


class Sink:
    """Runs in a thread of its own: `with Sink() as sink: … sink.port, sink.mails`."""

    def __init__(self, port: int = 0, log: Path | None = None, *, offers: Sequence[str] = ()) -> None:
        self.port = port
        self.offers = offers
        self.log = log.open("a", buffering=1) if log else None
        self.mails: list[Message] = []
        self.recipients: list[str] = []
        self.message_ids: list[str] = []
        self.connections = 0
        self.attempts: Counter[str] = Counter()
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self) -> "Sink":
        self.thread.start()
        assert self.ready.wait(10), "the sink did not start"
        return self

    def __exit__(self, *error: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        if self.log:
            self.log.close()

    def serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(
            self.loop.create_server(self.connect, "127.0.0.1", self.port, backlog=100)
        )
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        self.loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0.05))
        self.loop.close()

    def connect(self) -> SMTP:
        self.connections += 1
        return SMTP(self, hostname="sink.example", loop=self.loop, timeout=3600)

    def trick(self, address: str) -> str:
        found = TRICK.search(address)
        if not found:
            return ""
        over = found["times"] and self.attempts[address] > int(found["times"])
        return "" if over else found["trick"]

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        return [responses[0], *(f"250-{extension}" for extension in self.offers), *responses[1:]]

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        self.attempts[address] += 1
        trick = self.trick(address)
        if trick == "421":
            server.transport.write(b"421 4.3.2 closing\r\n")
            server.transport.close()
        if trick.isdigit():
            return f"{trick} {trick[0]}.1.1 scripted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        trick = self.trick(envelope.rcpt_tos[0])
        if trick.startswith("data"):
            return f"{trick[4:]} {trick[4]}.7.1 scripted"
        if trick != "before":
            self.take(envelope)
        if trick in ("before", "after"):
            server.transport.abort()
        if trick == "silent":
            await asyncio.sleep(3600)
        if trick == "drip":
            for byte in b"250-" + b"." * 3600:
                server.transport.write(bytes([byte]))
                await asyncio.sleep(0.5)
        return "250 taken"

    def take(self, envelope) -> None:
        mail = message_from_bytes(envelope.content)
        self.mails.append(mail)
        for recipient in envelope.rcpt_tos:
            self.message_ids.append(mail["Message-ID"])
            self.recipients.append(recipient)
            if self.log:
                self.log.write(f"{mail['Message-ID']}\t{recipient}\n")


def main() -> None:
    options = argparse.ArgumentParser(description="A mail server that notes what it takes.")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--log", type=Path, required=True)
    chosen = options.parse_args()
    with Sink(chosen.port, chosen.log) as sink:
        print(sink.port, flush=True)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main()
