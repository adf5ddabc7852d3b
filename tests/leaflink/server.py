"""A server on a loopback port that answers, byte for byte, what a test tells it to, however wrong."""

import asyncio
import contextlib
import gzip
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

DATE = "Tue, 24 Nov 2026 02:00:07 GMT"
PAGE = b'{"count": 1, "next": null, "results": [{"id": 7, "name": "Lemon Cr\xc3\xa8me"}]}'


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]


Behaviour = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def answer(status: int = 200, body: bytes = PAGE, headers: dict[str, str | None] | None = None) -> Behaviour:
    """A whole answer. Headers override the usual ones; None leaves one out."""
    usual: dict[str, str | None] = {
        "Date": DATE,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    lines = [f"{name}: {value}" for name, value in {**usual, **(headers or {})}.items() if value is not None]
    head = "\r\n".join([f"HTTP/1.1 {status} Whatever", *lines])
    return raw(head.encode() + b"\r\n\r\n" + body, close=(headers or {}).get("Content-Length", "") is None)


def raw(content: bytes, *, close: bool = True) -> Behaviour:
    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        if close:
            writer.close()

    return behave


def cut(kept: int, body: bytes = PAGE) -> Behaviour:
    """An answer that promises the whole body and stops after `kept` bytes of it."""
    return answer_cut({"Content-Length": str(len(body))}, body[:kept])


def cut_chunks(kept: int, body: bytes = PAGE) -> Behaviour:
    piece = body[:kept]
    return answer_cut({"Content-Length": None, "Transfer-Encoding": "chunked"}, b"%x\r\n%b\r\n" % (len(piece), piece))


def answer_cut(headers: dict[str, str | None], sent: bytes) -> Behaviour:
    whole = answer(200, sent, headers)

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        await whole(request, writer)
        writer.close()

    return behave


def gzipped(body: bytes = PAGE, kept: int | None = None) -> Behaviour:
    packed = gzip.compress(body, mtime=0)[:kept]
    return answer(200, packed, {"Content-Encoding": "gzip"})


async def reset(request: Request, writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang_up(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(request: Request, writer: asyncio.StreamWriter) -> None:
    """A byte now and then, often enough for each read and too slow for the whole."""
    writer.write(f"HTTP/1.1 200 OK\r\nDate: {DATE}\r\nContent-Length: 100000\r\n\r\n".encode())
    while not writer.is_closing():
        writer.write(b"{")
        await writer.drain()
        await asyncio.sleep(0.02)


@dataclass
class Server:
    """Follows `script`, one behaviour a request, then `always`; keeps what it was asked in `seen`."""

    script: list[Behaviour] = field(default_factory=list)
    always: Behaviour = field(default_factory=answer)
    seen: list[Request] = field(default_factory=list)
    port: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/api/v2/"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while not writer.is_closing():
                    request = _parse(await reader.readuntil(b"\r\n\r\n"))
                    self.seen.append(request)
                    await (self.script.pop(0) if self.script else self.always)(request, writer)
        finally:
            self._tasks.discard(task)
            writer.close()


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    return Request(method, target, {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)})
