"""How answers go wrong on their way: answers that are none, and bodies that do not arrive as they were."""

import asyncio
import gzip
import socket
import struct
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache

from aiohttp import web

from pipeline.sandbox.store.store import to_json
from pipeline.sandbox.trouble.faults import Turn

_PAGE = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"
_BOMB_BYTES = 64 * 2**20
_DRIPS = 20
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def instead_of_an_answer(turn: Turn, request: web.BaseRequest, now: datetime) -> web.Response | None:
    """Return what the fault answers instead, without looking at the data; nothing if it is not that kind."""
    fault = turn.fault or ""
    if fault.startswith("429"):
        return _problem(429, "Too many requests.", _retry_after(fault, now))
    if fault in ("500", "503"):
        return _problem(int(fault), "This did not work.", {})
    if fault == "504":
        return web.Response(status=504)
    if fault in ("502-html", "html-200"):
        status, title = (502, "Bad Gateway") if fault == "502-html" else (200, "Down for maintenance")
        return web.Response(status=status, text=_PAGE.format(title), content_type="text/html")
    if fault == "redirect":
        return web.Response(status=302, headers={"Location": turn.faults.elsewhere + request.path_qs})
    if fault == "bomb":
        headers = {"Content-Encoding": "gzip"}
        return web.Response(body=_bomb(), content_type="application/json", headers=headers)
    return None


def _retry_after(fault: str, now: datetime) -> dict[str, str]:
    values = {
        "429": "1",
        "429-garbage": "soon, please",
        "429-past": format_datetime(now - timedelta(hours=1), usegmt=True),
        "429-date": format_datetime(now + timedelta(seconds=1), usegmt=True),
    }
    return {"Retry-After": values[fault]} if fault in values else {}


def _problem(status: int, detail: str, headers: dict[str, str]) -> web.Response:
    body = to_json({"detail": detail})
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


@cache
def _bomb() -> bytes:
    """Return a page whose emptiness weighs 64 MiB; it states a row, so that nobody may take it for the truth."""
    head = b'{"count":1,"next":null,"previous":null,"results":['
    return gzip.compress(head + b" " * (_BOMB_BYTES - len(head) - 2) + b"]}", compresslevel=9, mtime=0)


def deformed(turn: Turn, response: web.Response) -> web.Response:
    """Return the answer with its body or charset as the fault leaves it, before it is compressed."""
    if turn.fault == "short-json":
        body = body_of(response)
        response.body = body[: len(body) * 2 // 3]
    elif turn.fault == "wrong-charset":
        response.charset = "iso-8859-1"
    return response


def body_of(response: web.Response) -> bytes:
    """Return the body of an answer that is made in one piece."""
    return response.body if isinstance(response.body, bytes) else b""


async def deliver(turn: Turn, request: web.BaseRequest, response: web.Response) -> web.StreamResponse:
    """Send the answer as the fault lets it through; what is returned has been sent, or is still to be."""
    try:
        return await _deliver(turn, request, response)
    except ConnectionError:
        # Whoever asked has gone away, as is wise when an answer drips.
        return response


async def _deliver(turn: Turn, request: web.BaseRequest, response: web.Response) -> web.StreamResponse:
    seconds = turn.faults.hang_seconds
    if turn.fault == "reset":
        _reset(request)
    elif turn.fault == "hang":
        await asyncio.sleep(seconds)
        _reset(request)
    elif turn.fault == "reset-midway":
        body = body_of(response)
        begun = await _begin(request, response, body[: len(body) // 2])
        _reset(request)
        return begun
    elif turn.fault == "truncate":
        body = body_of(response)
        return await _begin(request, response, body[: len(body) * 2 // 3])
    elif turn.fault == "drip":
        begun = await _begin(request, response, b"")
        for position in range(_DRIPS):
            await begun.write(body_of(response)[position : position + 1])
            await asyncio.sleep(seconds / _DRIPS)
        return begun
    return response


async def _begin(request: web.BaseRequest, response: web.Response, part: bytes) -> web.StreamResponse:
    """Promise the whole body and send a part of it; the connection ends with the answer."""
    begun = web.StreamResponse(status=response.status, headers=response.headers)
    begun.content_length = len(body_of(response))
    begun.force_close()
    await begun.prepare(request)
    await begun.write(part)
    return begun


def _reset(request: web.BaseRequest) -> None:
    """Cut the connection so that the other side is told of a reset, and not of an end."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
