"""A mail server that takes everything at once and notes only when the first and the last mail came.

It does as little as SMTP allows (RFC 5321 §3), so that it costs both senders the same and little."""

import asyncio
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter
from types import TracebackType
from typing import cast

END = b"\r\n.\r\n"
ANSWERS = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


@dataclass
class Taken:
    """What came, with seconds of one clock that is only good for differences."""

    mails: int = 0
    first: float = 0.0
    last: float = 0.0


class _Server(asyncio.Protocol):
    def __init__(self, taken: Taken) -> None:
        self.taken = taken
        self.buffer = b""
        self.in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self._mail() if self.in_mail else self._command():
            pass

    def _command(self) -> bool:
        line, found, rest = self.buffer.partition(b"\r\n")
        if not found:
            return False
        self.buffer = rest
        verb = line[:4].upper()
        self.in_mail = verb == b"DATA"
        self.transport.write(ANSWERS.get(verb, b"250 ok\r\n"))
        return True

    def _mail(self) -> bool:
        _text, found, rest = self.buffer.partition(END)
        if not found:
            return False
        self.buffer, self.in_mail = rest, False
        self.taken.last = perf_counter()
        self.taken.first = self.taken.first or self.taken.last
        self.taken.mails += 1
        self.transport.write(b"250 taken\r\n")
        return True


class Sink:
    """In a process of its own: `with Sink() as sink: … sink.port, sink.taken()`."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self.line, other = context.Pipe()
        self.process = context.Process(target=_run, args=(other,), daemon=True)

    def __enter__(self) -> "Sink":
        self.process.start()
        self.port: int = self.line.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.join()

    def taken(self) -> Taken:
        """What came since this was asked last."""
        self.line.send("taken")
        answer: Taken = self.line.recv()
        return answer


def _run(line: Connection) -> None:
    asyncio.run(_serve(line))


async def _serve(line: Connection) -> None:
    taken = Taken()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Server(taken), "127.0.0.1", 0)

    def answer() -> None:
        line.recv()
        line.send(taken)
        taken.mails, taken.first, taken.last = 0, 0.0, 0.0

    loop.add_reader(line.fileno(), answer)
    line.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()
