"""Random companies on two nights, in two warehouse files: whether `diff` and `why` add up there to the cent."""

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipeline.datafolder.paths import kept_file, warehouse_file
from pipeline.jobs.diff import diff, diff_loads
from pipeline.jobs.explanation import Explanation
from pipeline.jobs.why_loads import BUCKETS, why_net_sales_since, why_open_net
from pipeline.jobs.why_months import why_net_sales

from . import test_ledger
from .bench import empty_warehouse
from .ledger.companies import random_source
from .ledger.facts import fct_order_lines, fct_orders
from .ledger.receivables import ar_aging
from .ledger.source import Row, Source, cents, month_start
from .sales.random_companies import random_company
from .test_ledger import FIRST, SECOND

Amounts = Mapping[tuple[Any, ...], Decimal]
# The moves of ar_roll_forward whose parts are called otherwise.
MOVES = {"new": "new_billed", "ticks": "ticked"}
# Parts that are rounded once and not by mover.
ROUNDED = {"new doors", "lost doors", "price", "volume", "mix"}


class Nights:
    """Some companies on two nights, those with even seeds from the ledger's tests and the others from those of sales.

    Each check raises AssertionError.
    """

    def __init__(self, data_dir: Path, seeds: Iterable[int], as_of: date) -> None:
        self.data_dir = data_dir
        self.thens = [_company(seed, as_of, f"company {seed}") for seed in seeds]
        others = [_company(seed + 2, as_of, f"company {seed}") for seed in seeds]
        self.nows = [
            test_ledger.later(then, other, seed) for then, other, seed in zip(self.thens, others, seeds, strict=True)
        ]
        published, kept = warehouse_file(data_dir), kept_file(data_dir, FIRST)
        kept.parent.mkdir(parents=True)
        with closing(empty_warehouse(published)) as con:
            _load(con, self.thens)
        shutil.copy(published, kept)
        with closing(duckdb.connect(published)) as con:
            _load(con, self.nows)

    def check(self) -> None:
        """Check everything: what all sellers and brands have in common, and each of them."""
        self.check_diff()
        self.check_changes()
        months = [month_start(self.nows[0].as_of)]
        for _ in range(3):
            months.append(month_start(months[-1] - timedelta(days=1)))
            self.check_months(months[-2], months[-1])
        for bucket in BUCKETS:
            self.check_bucket(bucket)
        sellers = {row["seller_id"] for now in self.nows for row in fct_orders(now)} - {None}
        for place, seller in enumerate([None, *sorted(sellers)]):
            self.check_open_net(seller)
            self.check_bucket(BUCKETS[place], seller)
            self.check_net_sales(seller)
            self.check_months(months[0], months[2], seller=seller)
        for brand in (10, 11):
            self.check_months(months[0], months[1], brand=brand)

    def check_diff(self) -> None:
        """The headlines of `diff`, from the marts and from the two files, are the differences of two calculations."""
        names = ("_company", "seller_id", "headline", "item", "currency", "before", "after")
        expected = Counter(tuple(row[name] for name in names) for row in self._of_both("changes"))
        for found in (diff(self.data_dir), diff_loads(self.data_dir, FIRST, None)):
            assert (found.since, found.until) == (FIRST, SECOND)
            rows = Counter(
                (each.company, each.seller_id, each.headline, each.item, each.currency, each.before, each.after)
                for each in found.changes
            )
            assert rows == expected

    def check_changes(self) -> None:
        """marts.changes and marts.order_changes add up to the same receivables and sales."""
        with closing(duckdb.connect(warehouse_file(self.data_dir), read_only=True)) as con:
            for headline, name in (("open_net", "open"), ("net_sales", "net_sales")):
                differing = con.execute(
                    f"""
                    SELECT _company, seller_id, currency, sum(change) FROM (
                        SELECT _company, seller_id, currency, change FROM marts.changes
                        WHERE run_id = $run AND headline = $headline AND item = 'total'
                        UNION ALL
                        SELECT _company, seller_id, currency, {name}_before - {name}_after FROM marts.order_changes
                        WHERE run_id = $run
                    ) GROUP BY ALL HAVING sum(change) <> 0
                    """,
                    {"run": SECOND, "headline": headline},
                ).fetchall()
                assert differing == [], headline

    def check_open_net(self, seller: int | None) -> None:
        """The parts of receivables add up to the change, and are the moves of ar_roll_forward."""
        found = why_open_net(self.data_dir, seller=_word(seller))
        _assert_adds_up(found, *(_sums(_open(each), "open_balance", seller) for each in (self.thens, self.nows)))
        moves = self._of_both("ar_roll_forward")
        for each in found:
            for part in each.parts:
                sums = _sums(moves, MOVES.get(part.name, part.name), seller)
                assert part.change == sums.get((each.company, each.currency), 0), (seller, each, part.name)

    def check_bucket(self, bucket: str, seller: int | None = None) -> None:
        """The parts of a bucket add up to the change."""
        found = why_open_net(self.data_dir, seller=_word(seller), bucket=bucket)
        sides = ((row for row in _open(each) if row["bucket"] == bucket) for each in (self.thens, self.nows))
        _assert_adds_up(found, *(_sums(side, "open_balance", seller) for side in sides))

    def check_net_sales(self, seller: int | None) -> None:
        """The parts of sales between two loads are the changes of orders by their kind."""
        found = why_net_sales_since(self.data_dir, FIRST, seller=_word(seller))
        sides = (
            [row for each in side for row in fct_orders(each) if row["is_sale"]] for side in (self.thens, self.nows)
        )
        _assert_adds_up(found, *(_sums(side, "net_sales", seller) for side in sides))
        orders = [
            row | {"change": row["net_sales_after"] - row["net_sales_before"]} for row in self._of_both("order_changes")
        ]
        for each in found:
            for part in each.parts:
                sums = _sums((row for row in orders if row["kind"] == part.name), "change", seller)
                assert part.change == sums.get((each.company, each.currency), 0), (seller, each, part.name)

    def check_months(self, month: date, against: date, *, seller: int | None = None, brand: int | None = None) -> None:
        """The parts of sales between two months add up, and those of doors are what these doors bought."""
        found = why_net_sales(self.data_dir, seller=_word(seller), brand=_word(brand), month=month, against=against)
        lines = [
            row | {"amount": row["net_amount"] or Decimal(0)}
            for now in self.nows
            for row in fct_order_lines(now)
            if row["is_sale"] and seller in (None, row["seller_id"]) and brand in (None, row["brand_id"])
        ]
        now, then = ([row for row in lines if month_start(row["order_date"]) == each] for each in (month, against))
        _assert_adds_up(found, _in_cents(_sums(then, "amount")), _in_cents(_sums(now, "amount")))
        new, lost = _in_cents(_sums(_without(now, then), "amount")), _in_cents(_sums(_without(then, now), "amount"))
        for each in found:
            place, (new_doors, lost_doors, *_) = (each.company, each.currency), each.parts
            assert (new_doors.change, -lost_doors.change) == (new.get(place, 0), lost.get(place, 0)), each

    def _of_both(self, mart: str) -> list[Row]:
        """The rows that a mart of changes should have."""
        return test_ledger.changed(self.thens, self.nows)[mart][1]


def _company(seed: int, as_of: date, name: str) -> Source:
    if seed % 2 == 0:
        return replace(random_source(seed, as_of, name), run_id=FIRST)
    company = random_company(seed, as_of, name)
    return Source(company.rows(), as_of, company.timezone, name, FIRST)


def _load(con: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> None:
    test_ledger.load(con, sources, sources[0].run_id)
    test_ledger.note_load(con, sources[0])


def _open(sources: Iterable[Source]) -> Iterable[Row]:
    return (row for source in sources for row in ar_aging(source))


def _word(key: int | None) -> str | None:
    return None if key is None else str(key)


def _sums(rows: Iterable[Row], name: str, seller: int | None = None) -> dict[tuple[str, str | None], Decimal]:
    """A column's sum by company and currency, of one seller or all."""
    found: dict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
    for row in rows:
        if seller in (None, row["seller_id"]):
            found[row["_company"], row["currency"]] += row[name]
    return found


def _in_cents(amounts: Amounts) -> Amounts:
    return {place: cents(amount) for place, amount in amounts.items()}


def _without(lines: list[Row], others: list[Row]) -> list[Row]:
    """The lines of doors that have none among the others."""
    names = ("_company", "currency", "customer_id")
    doors = {tuple(row[name] for name in names) for row in others}
    return [row for row in lines if tuple(row[name] for name in names) not in doors]


def _assert_adds_up(explanations: Iterable[Explanation], before: Amounts, after: Amounts) -> None:
    """The amounts are those that were calculated, and the parts add up to the change, their movers to the part."""
    found = {(each.company, each.currency): each for each in explanations}
    for place in {*found, *before, *after}:
        expected = before.get(place, Decimal(0)), after.get(place, Decimal(0))
        if place not in found:
            assert expected == (0, 0), place
            continue
        each = found[place]
        assert (each.before, each.after) == expected, each
        assert sum(part.change for part in each.parts) == each.change, each
        for part in each.parts:
            if part.movers == len(part.largest) and part.name not in ROUNDED:
                assert sum(mover.change for mover in part.largest) == part.change, each
