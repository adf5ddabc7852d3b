"""Whatever is read in whatever order, `raw` equals what a plain dictionary makes of it."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .seller import LINES, ORDERS, Read, Seller, line, order, read_all, read_changed, read_sets, refused

NUMBERS = st.sampled_from("abcd")
STATUSES = st.sampled_from(["Draft", "Shipped"])
ORDER_ROWS = st.dictionaries(NUMBERS, STATUSES, max_size=4)
LINE_ROWS = st.dictionaries(st.integers(1, 6), st.tuples(NUMBERS, st.integers(1, 3)), max_size=6)
BAD_ORDERS = st.sets(NUMBERS | st.none(), max_size=1)
BAD_LINES = st.sets(st.integers(1, 6).map(str) | st.none(), max_size=1)


@dataclass
class Model:
    """The same rules over dictionaries: key to row, and the keys that are marked deleted, with whose fault it was."""

    orders: dict[str, str] = field(default_factory=dict)
    lines: dict[int, tuple[str, int]] = field(default_factory=dict)
    gone_orders: set[str] = field(default_factory=set)
    gone_lines: dict[int, str] = field(default_factory=dict)
    changed: int = 0

    def take(self, kind: str, orders: dict[str, str], lines: dict[int, tuple[str, int]], bad: tuple[Any, Any]) -> None:
        bad_orders, bad_lines = bad
        for held, gone, read in ((self.orders, self.gone_orders, orders), (self.lines, self.gone_lines, lines)):
            self.changed += sum(key in held and (held[key] != row or key in gone) for key, row in read.items())
        self.orders |= orders
        self.gone_orders -= orders.keys()
        self.lines |= lines
        for key in lines:
            self.gone_lines.pop(key, None)
        if kind == "all" and None not in bad_orders:
            self.gone_orders |= self.orders.keys() - orders.keys() - bad_orders
        for key, (number, _) in self.lines.items():
            if number in self.gone_orders:
                self.gone_lines.setdefault(key, "order")
            elif number in self.orders and self.gone_lines.get(key) == "order":
                del self.gone_lines[key]
        if kind == "refused lines" or None in bad_lines:
            return
        for key, (number, _) in self.lines.items():
            expected = kind == "all" or number in orders
            if expected and key not in lines and str(key) not in bad_lines:
                self.gone_lines.setdefault(key, "line")


@st.composite
def reads(draw: st.DrawFn) -> tuple[str, dict[str, str], dict[int, tuple[str, int]], tuple[Any, Any]]:
    kind = draw(st.sampled_from(["all", "changed", "refused lines"]))
    orders, lines, bad_orders, bad_lines = draw(ORDER_ROWS), draw(LINE_ROWS), draw(BAD_ORDERS), draw(BAD_LINES)
    if kind == "refused lines":
        lines, bad_lines = {}, set()
    bad = (bad_orders - orders.keys(), {key for key in bad_lines if key is None or int(key) not in lines})
    return kind, orders, lines, bad


def reads_of(kind: str, orders: dict[str, str], lines: dict[int, tuple[str, int]], bad: tuple[Any, Any]) -> list[Read]:
    order_rows = [order(number, status) for number, status in orders.items()]
    line_rows = [line(key, number, quantity) for key, (number, quantity) in lines.items()]
    of_orders = read_all if kind == "all" else read_changed
    of_lines = read_all if kind == "all" else read_sets
    return [
        of_orders(ORDERS, *order_rows, bad=sorted(bad[0], key=str)),
        refused(LINES) if kind == "refused lines" else of_lines(LINES, *line_rows, bad=sorted(bad[1], key=str)),
    ]


# The versions of history, a view of raw, are proved over the same sequences in `test_history`.
@pytest.mark.long
@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(st.lists(reads(), min_size=1, max_size=5))
def test_any_sequence_of_reads_equals_a_dictionary(sequence: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        seller, model = Seller(Path(folder)), Model()
        for read in sequence:
            seller.land(*reads_of(*read))
            model.take(*read)

        with seller.build() as build:
            for manifest in build.pending():
                build.merge(manifest)
            orders = build.con.execute("SELECT number, status, _deleted_at IS NOT NULL FROM raw.orders").fetchall()
            lines = build.con.execute(
                'SELECT id, "order", CAST(quantity AS INTEGER), _deleted_at IS NOT NULL FROM raw.lines'
            ).fetchall()

    assert sum(merged.changed for merged in build.merges.values()) == model.changed
    assert sorted(orders) == sorted((key, status, key in model.gone_orders) for key, status in model.orders.items())
    assert sorted(lines) == sorted((key, *row, key in model.gone_lines) for key, row in model.lines.items())


@settings(max_examples=4, deadline=None, derandomize=True, database=None)
@given(st.lists(reads(), min_size=1, max_size=4))
def test_loading_the_same_landing_twice_changes_nothing(sequence: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        seller = Seller(Path(folder))
        for read in sequence:
            seller.land(*reads_of(*read))
        everything = [
            f"SELECT * REPLACE (CAST(_extracted_at AS VARCHAR) AS _extracted_at, CAST(_deleted_at AS VARCHAR) AS "
            f"_deleted_at) FROM raw.{name} ORDER BY ALL"
            for name in ("orders", "lines")
        ]

        seller.load()
        first = [seller.rows(query) for query in everything]
        seller.load()

        assert [seller.rows(query) for query in everything] == first
        assert len(seller.rows("SELECT * FROM meta.runs")) == len(sequence)


def test_a_row_that_is_read_again_unchanged_stays_as_it_is(tmp_path: Path) -> None:
    seller = Seller(tmp_path)
    rows = [order("a"), order("b", "Shipped")]
    values = "SELECT * FROM raw.orders ORDER BY number"
    run = seller.land(read_all(ORDERS, *rows))
    seller.load()
    before = seller.rows(values)

    seller.land(read_all(ORDERS, *rows))
    seller.load()

    assert seller.rows(values) == before
    assert seller.rows("SELECT DISTINCT _run_id FROM raw.orders") == [(run.run_id,)]
