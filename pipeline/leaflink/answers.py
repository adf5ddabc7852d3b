"""What an answer means: a page, a failure worth another try, or one that is final."""

import codecs
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp
import msgspec
from yarl import URL

from pipeline.errors import ConfigurationError, IncompleteError, LeafhouseError
from pipeline.leaflink.errors import ForbiddenError, Hiccup, NotFoundError, RejectedError
from pipeline.leaflink.proxy import ADVICE
from pipeline.leaflink.source import Source
from pipeline.leaflink.source_clock import SourceClock, Stamp
from pipeline.leaflink.waiting import asked_wait

_MEGABYTE = 1024 * 1024
_LONGEST_DETAIL = 200
_LARGEST_REFUSAL_BYTES = 64 * 1024
_CLOSING = {ord("{"): ord("}"), ord("["): ord("]")}
_JSON_SPACE = b" \t\r\n"
_LONGEST_EXCUSE_BYTES = 4096
_THROTTLED = re.compile("throttl|rate limit|too many", re.IGNORECASE)
_NOTHING = (b"", b"null")


@dataclass(frozen=True, slots=True)
class Response:
    """A good answer: `body` is JSON text as it came, `stamp` says when it was made and when it came.

    `headers` are the answer's own, found in any case. Ask the client's clock about the stamp: the answer itself may
    come from a cache, or from a server whose clock is wrong.
    """

    body: bytes
    stamp: Stamp
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def server_time(self) -> datetime:
        """When it was made, by its own account (UTC, whole seconds)."""
        return self.stamp.date


async def read_answer(
    answer: aiohttp.ClientResponse, source: Source, path: str, max_body_bytes: int, clock: SourceClock
) -> Response:
    """Return the page that `answer` brings, with the vote that `clock` takes of it, or raise what it means instead.

    Hiccup: try again. ForbiddenError, NotFoundError, RejectedError: not this path. ConfigurationError: not this key,
    or not this URL. IncompleteError: a body above `max_body_bytes`, counted after decompression.
    """
    status = answer.status
    if status == 200:
        return await _read_page(answer, source, path, max_body_bytes, clock)
    if 300 <= status < 400:
        raise _redirect(answer, source)
    if status == 429 or status >= 500:
        raise Hiccup(
            f"status {status}",
            wait_seconds=asked_wait(answer.headers, throttled=status == 429),
            throttled=status == 429,
            overloaded=status in (429, 503),
        )
    if 400 <= status < 500:
        raise _refusal(status, source, path, await _read_detail(answer, source))
    raise Hiccup(f"status {status}", empty=status == 204)


def shown(text: str) -> str:
    """Return foreign text fit for a terminal: one line, nothing but printable characters, at most 200 of them."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _LONGEST_DETAIL else line[: _LONGEST_DETAIL - 1] + "…"


async def _read_page(
    answer: aiohttp.ClientResponse, source: Source, path: str, max_body_bytes: int, clock: SourceClock
) -> Response:
    if "html" in answer.headers.get("Content-Type", "").lower():
        raise Hiccup("HTML where JSON was due")
    stamp = clock.hear(answer.headers, time.monotonic())
    if stamp is None:
        # Watermarks are made of it, and our own clock cannot stand in: it may run ahead and skip changes.
        raise Hiccup("an answer without a readable Date header")
    body = await _read_body(answer, max_body_bytes)
    if body is None:
        raise IncompleteError(
            f"{source.host}: the answer for {path} is larger than {max_body_bytes / _MEGABYTE:.0f} MB. "
            "Set LEAFLINK_PAGE_SIZE to a smaller number."
        )
    body = body.removeprefix(codecs.BOM_UTF8)
    if body.strip(_JSON_SPACE) in _NOTHING:
        raise Hiccup("an empty body", empty=True)
    if not _is_closed(body):
        raise Hiccup("a body that is not JSON, or not all of it")
    if excuse := _excuse_in(body):
        throttled = bool(_THROTTLED.search(excuse))
        wait = asked_wait(answer.headers, throttled=throttled)
        raise Hiccup(f"status 200 with an excuse: {source.redact(excuse)}", wait_seconds=wait, throttled=throttled)
    return Response(body, stamp, answer.headers)


async def _read_body(answer: aiohttp.ClientResponse, max_bytes: int) -> bytes | None:
    """Return the whole body, or None once it is larger than allowed.

    aiohttp inflates piece by piece, so that a small body that inflates to a huge one is left off in time; it raises
    ClientPayloadError for a body shorter than its Content-Length.
    """
    pieces: list[bytes] = []
    size = 0
    async for piece in answer.content.iter_any():
        size += len(piece)
        if size > max_bytes:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _is_closed(body: bytes) -> bool:
    """Say whether the body starts and ends as a JSON object or array does: a cheap look, not a check of what it holds.

    It finds bodies that were cut where neither a length nor chunks tell.
    """
    start, end = body[:64].lstrip(_JSON_SPACE), body[-64:].rstrip(_JSON_SPACE)
    return bool(start and end) and _CLOSING.get(start[0]) == end[-1]


class _Excuse(msgspec.Struct, forbid_unknown_fields=True):
    """An object that says why there is nothing, and holds nothing else."""

    detail: str = ""
    message: str = ""
    error: str = ""
    code: str | int | None = None
    status: str | int | None = None
    status_code: str | int | None = None


def _excuse_in(body: bytes) -> str:
    """Return the excuse that a body is instead of a page, in a line fit to be shown; empty where it is none."""
    if len(body) > _LONGEST_EXCUSE_BYTES:
        return ""
    try:
        said = msgspec.json.decode(body, type=_Excuse)
    except (ValueError, RecursionError):
        return ""
    return shown(said.detail or said.message or said.error)


def _redirect(answer: aiohttp.ClientResponse, source: Source) -> LeafhouseError:
    try:
        target = URL(source.base_url).join(URL(answer.headers.get("Location", ""))).origin()
        where = f"points to {shown(source.redact(str(target)))}"
    except ValueError:
        where = "points nowhere that can be read"
    return ConfigurationError(
        f"{source.host} answers with a redirect ({answer.status}) that {where}. It was not followed, so that the key "
        "stays with the host it was given for. Set LEAFLINK_BASE_URL to the API's own address."
    )


class _Detail(msgspec.Struct):
    detail: str


async def _read_detail(answer: aiohttp.ClientResponse, source: Source) -> str:
    """Return what the API says about a refusal, in a line fit to be shown; empty when it says nothing."""
    body = await _read_body(answer, _LARGEST_REFUSAL_BYTES) or b""
    if not _is_closed(body):
        return ""
    try:
        said = msgspec.json.decode(body, type=_Detail).detail
    except (ValueError, RecursionError):
        # Errors of fields come as {"field": ["what is wrong with it"]}: shown as they are.
        said = body.decode("utf-8", "replace")
    # The key first: cut to length, half of it would not be found.
    return shown(source.redact(said))


def _refusal(status: int, source: Source, path: str, detail: str) -> LeafhouseError:
    said = f": {detail}" if detail else ""
    if status == 401:
        other = "Token" if source.scheme == "App" else "App"
        return ConfigurationError(
            f"{source.host} does not know the key (401{said}). Check "
            f"{source.key_name}, and LEAFLINK_AUTH_SCHEME: it is {source.scheme}, some keys need {other}."
        )
    if status == 403:
        return ForbiddenError(
            path,
            f"{path}: refused by {source.host} (403{said}). Its last rows stay. Give the key the permission for it; "
            f"if every path is refused, LEAFLINK_AUTH_SCHEME ({source.scheme}) may be the wrong one for the key.",
        )
    if status == 404:
        return NotFoundError(
            path,
            f"{path}: not found at {source.host} (404{said}). If every path is not found, check LEAFLINK_BASE_URL.",
        )
    if status == 407 and source.proxy is not None:
        return ConfigurationError(f"{source.proxy}: the proxy wants a user name and a password (407). {ADVICE}")
    return RejectedError(
        path,
        f"{path}: {source.host} does not accept the request ({status}{said}).",
    )
