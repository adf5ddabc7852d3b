"""Reading a page: the count, and every row as the bytes it came in.

Rows stay raw here: they are decoded many at a time (see `extract.decode`), which costs a third of decoding
page by page, and a row that turns out to be bad can be set aside exactly as it came.
"""

import json
from dataclasses import dataclass

import msgspec

from pipeline.errors import IncompleteError


@dataclass(frozen=True)
class Page:
    """A page of a listing. `count` is what the API states for the whole listing, `rows` are raw JSON texts."""

    count: int
    rows: list[bytes]


class _Envelope(msgspec.Struct, gc=False):
    count: int
    results: list[msgspec.Raw]


_read_envelope = msgspec.json.Decoder(_Envelope).decode
_read_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


class BrokenPage(IncompleteError):
    """A page that is no page: asking again may help."""


def parse_page(body: bytes) -> Page:
    """Return the page in `body`; a bare JSON list is a listing of one page. Raises BrokenPage."""
    try:
        if body.lstrip()[:1] == b"[":
            rows = _read_list(body)
            return Page(len(rows), [bytes(row) for row in rows])
        envelope = _read_envelope(body)
        return Page(envelope.count, [bytes(row) for row in envelope.results])
    except (msgspec.DecodeError, RecursionError):
        return _parse_leniently(body)


def _parse_leniently(body: bytes) -> Page:
    """Find the rows of a page that holds a value no JSON may hold, such as half a surrogate pair.

    The standard library's parser takes more than msgspec does. The row that is to blame is found, and set
    aside, when the rows are decoded.
    """
    text = body.decode("utf-8", errors="surrogateescape")
    try:
        page = json.loads(text)
        count, results = page["count"], page["results"]
        if isinstance(count, bool) or not isinstance(count, int) or not isinstance(results, list):
            raise TypeError("count is no number, or results is no list")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BrokenPage(f"the answer is not a page of a listing ({type(error).__name__}: {error})") from error
    return Page(count, [row.encode("utf-8", errors="surrogateescape") for row in _split_rows(text, len(results))])


def _split_rows(text: str, expected: int) -> list[str]:
    decoder = json.JSONDecoder()
    rows: list[str] = []
    position = text.index("[", text.index('"results"')) + 1
    while len(rows) < expected:
        while text[position] in " \t\r\n,":
            position += 1
        _, end = decoder.raw_decode(text, position)
        rows.append(text[position:end])
        position = end
    return rows
