"""Reading a page: the count, and every row as the bytes it came in.

Rows stay raw here: they are decoded many at a time (see `decoding.rows`), which costs a third of decoding
page by page, and a row that turns out to be bad can be set aside exactly as it came.
"""

import re

import msgspec

from pipeline.errors import IncompleteError


class _Envelope(msgspec.Struct, gc=False):
    count: int
    results: list[msgspec.Raw]


_read_envelope = msgspec.json.Decoder(_Envelope).decode
_read_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+|"', re.DOTALL)


class BrokenPage(IncompleteError):
    """A page that is no page: asking again may help. Another error tells of it."""

    ending = ""


def parse_page(body: bytes) -> tuple[int, list[bytes]]:
    """Return the count that a page states for the whole listing, and its rows as raw JSON texts.

    Raises BrokenPage for anything without `count` and `results`, a bare list too.
    """
    try:
        envelope = _read_envelope(body)
        return envelope.count, [bytes(row) for row in envelope.results]
    except (msgspec.DecodeError, RecursionError):
        return _parse_by_brackets(body)


def parse_set(body: bytes) -> tuple[int, list[bytes]]:
    """Return the count and the rows of all that belongs to one parent: a page, or a bare JSON list.

    Raises BrokenPage.
    """
    if body.lstrip()[:1] != b"[":
        return parse_page(body)
    try:
        rows = [bytes(row) for row in _read_list(body)]
    except (msgspec.DecodeError, RecursionError):
        _, rows = _parse_by_brackets(b'{"count":0,"results":%b}' % body)
    return len(rows), rows


def _parse_by_brackets(body: bytes) -> tuple[int, list[bytes]]:
    """Find the rows of a page that holds what no JSON may hold, by its brackets and strings alone.

    The row that is to blame, with half of a surrogate pair, say, or nested thousands deep, is found and set aside
    when the rows are decoded; the others must not suffer for it.
    """
    rows, count, name, start = list[bytes](), -1, b"", -1
    depth, in_rows, had_rows = 0, False, False
    for token in _TOKEN.finditer(body):
        text = token[0]
        depth -= text in (b"]", b"}")
        if in_rows and ((depth == 2 and text == b",") or (depth == 1 and text == b"]")):
            if start >= 0:
                rows.append(body[start : token.start()].strip())
            start, in_rows = -1, text == b","
        elif in_rows:
            start = token.start() if start < 0 else start
        elif depth == 1 and text[:1] == b'"':
            name = text
        elif depth == 1 and text == b"[" and name == b'"results"':
            in_rows = had_rows = True
        elif depth == 1 and text.isdigit() and name == b'"count"':
            count = int(text)
        depth += text in (b"[", b"{")
    if depth or count < 0 or not had_rows:
        raise BrokenPage("the answer is not a page of a listing")
    return count, rows
