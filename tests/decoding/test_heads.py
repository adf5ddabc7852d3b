"""The key of a row is read whatever the rest of it holds: a row without one cannot be told from one that is gone."""

import pytest

from pipeline.decoding.heads import HeadReader

UNREADABLE = {
    "half of a surrogate pair": b'"half \\ud83c of a leaf"',
    "a number that is none": b"NaN",
    "bytes that are no UTF-8": b'"\xff"',
    "too deep": b"[" * 5_000 + b"]" * 5_000,
    "in a line": b'[{"id": 1, "notes": "\\ud83c"}]',
}


@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
def test_the_key_is_read_beside_a_value_that_cannot_be(value: bytes) -> None:
    rows = [b'{"number": "a", "notes": ' + value + b', "modified": "2026-01-02T00:00:00Z"}', b'{"number": "b"}']

    heads = HeadReader("number", ("modified", "notes")).read(rows)

    assert [head.key for head in heads] == ["a", "b"]
    assert heads[0].values["modified"] == "2026-01-02T00:00:00Z"


@pytest.mark.parametrize("row", [b'{"number": "\\ud83c"}', b'{"number": null}', b'{"id": 1}', b"[1]", b"{"])
def test_a_key_that_cannot_be_read_is_none(row: bytes) -> None:
    assert HeadReader("number", ()).read([row])[0].key is None
