"""The rows of a page, each as it came, whatever one of them holds."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.leaflink.paging import BrokenPage, _parse_by_brackets, parse_page, parse_set

GOOD = b'{"id": 1, "name": "a, ]}\\" [", "inside": {"results": [1, {"count": 9}]}}'
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def page_of(*rows: bytes, count: int = 7) -> bytes:
    return b'{"count": %d, "next": null, "previous": null, "results": [%s]}' % (count, b", ".join(rows))


def test_rows_come_as_they_are() -> None:
    assert parse_page(page_of(GOOD, b"{}")) == (7, [GOOD, b"{}"])


def test_a_bare_list_is_a_set_that_belongs_to_one_parent_and_no_listing() -> None:
    assert parse_set(b'[{"id": 1}, {"id": 2}]') == (2, [b'{"id": 1}', b'{"id": 2}'])
    with pytest.raises(BrokenPage):
        parse_page(b'[{"id": 1}, {"id": 2}]')


@pytest.mark.parametrize(
    "odd",
    [
        b'{"id": 2, "name": "\\ud800"}',
        b'{"id": 2, "price": NaN}',
        b'{"id": 2, "name": "\xff\xfe"}',
        b'{"id": 2, "nested": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"id": 02}',
        b"tru",
    ],
)
def test_one_odd_row_does_not_cost_the_others(odd: bytes) -> None:
    assert parse_page(page_of(GOOD, odd, GOOD)) == (7, [GOOD, odd, GOOD])
    assert parse_set(b"[%b, %b, %b]" % (GOOD, odd, GOOD)) == (3, [GOOD, odd, GOOD])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"<html></html>",
        page_of(GOOD)[:-1],
        page_of(GOOD)[:-30],
        page_of(GOOD).replace(b'"count": 7', b'"count": "7"'),
        page_of(GOOD).replace(b"results", b"rows"),
        b'{"count": 1, "results": {"id": 1}}',
        b'{"detail": "Not found."}',
        b'[{"id": 1}, NaN',
    ],
)
def test_what_is_no_page_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(BrokenPage):
        parse_page(body)


@given(
    rows=st.lists(st.dictionaries(st.text(max_size=5), json_values, max_size=4), max_size=5), count=st.integers(0, 99)
)
def test_both_ways_of_finding_rows_agree(rows: list[Any], count: int) -> None:
    body = json.dumps({"count": count, "next": "x", "results": rows}).encode()

    found = _parse_by_brackets(body)

    assert found == parse_page(body)
    assert [json.loads(row) for row in found[1]] == rows
