"""On any data the facts, dimensions and receivables equal the same definitions in plain Python."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models import run_models

from ..marks import long_from
from .bench import PROJECT, SETTINGS, clear, failed_audits, insert_api_rows, rows_of
from .comparison import differences
from .ledger import MARTS, dimensions, loads
from .ledger.companies import SIZES, random_source
from .ledger.source import Row, Source
from .many import on_200_companies

KEPT = ["ar_daily", "order_changes", "changes", "ar_roll_forward"]  # carried from one load to the next


def tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {
        name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts'").fetchall()
    }


def load(con: duckdb.DuckDBPyConnection, sources: Sequence[Source], run_id: str = SETTINGS.run_id) -> None:
    """Run the models over the rows of all companies, as a load of this id."""
    for name in {name for source in sources for name in source.rows}:
        con.execute(f"DELETE FROM raw.{name}")
        for source in sources:
            insert_api_rows(con, name, source.of(name), source.company)
    con.execute("DELETE FROM meta.companies")
    for source in sources:
        if source.timezone != SETTINGS.timezone:  # a company that is not listed has the zone of the settings
            con.execute("INSERT INTO meta.companies VALUES (?, ?)", [source.company, source.timezone])
    chosen = replace(SETTINGS, as_of=sources[0].as_of, run_id=run_id, last_day=sources[0].last_day)
    run_models(con, chosen, PROJECT)
    assert failed_audits(con, chosen) == set()


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """As before a first load."""
    clear(con)
    con.execute("DELETE FROM intermediate.headlines; DELETE FROM intermediate.order_positions")
    for name in tables(con) & {*KEPT, "fct_orders"}:
        con.execute(f"DELETE FROM marts.{name}")


def compared(con: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> str:
    found = []
    for mart, (key, calculate) in MARTS.items():
        if mart in tables(con):
            expected = [row for source in sources for row in calculate(source)]
            found.append(differences(mart, ["_company", *key.split()], rows_of(con, f"marts.{mart}"), expected))
    expected = dimensions.dim_date(sources[0].as_of)
    found.append(differences("dim_date", ["date"], rows_of(con, "marts.dim_date"), expected))
    return "\n".join(filter(None, found))


def some(first: int, as_of: date, count: int = 5, sizes: Sequence[int] = SIZES) -> list[Source]:
    """Companies for one load: to run the models costs as much for one."""
    seeds = range(first, first + count)
    return [replace(random_source(seed, as_of, f"company {seed}", sizes), run_id=SETTINGS.run_id) for seed in seeds]


DAYS = [SETTINGS.as_of, date(2026, 3, 1), date(2026, 2, 14), date(2025, 12, 31)]


@pytest.mark.parametrize("as_of", long_from(1, DAYS[:2]))
def test_every_table_of_the_ledger_equals_the_independent_calculation(
    con: duckdb.DuckDBPyConnection, as_of: date
) -> None:
    sources = some(0, as_of, 8)

    forget(con)
    load(con, sources)

    assert compared(con, sources) == ""


@pytest.mark.long
@given(first=st.integers(0, 10**9), as_of=st.sampled_from(DAYS))
@on_200_companies
def test_every_table_of_the_ledger_equals_the_independent_calculation_on_200_companies(
    con: duckdb.DuckDBPyConnection, first: int, as_of: date
) -> None:
    sources = some(first, as_of)

    forget(con)
    load(con, sources)

    assert compared(con, sources) == ""


LOADS: dict[str, tuple[str, Callable[[Source, Source], list[Row]]]] = {
    "order_changes": ("order_number", loads.order_changes),
    "ar_roll_forward": ("seller_id currency", loads.ar_roll_forward),
    "changes": ("seller_id headline item currency", loads.changes),
}
OLDER, FIRST, SECOND = "20260331T020000Z-0001", "20260401T020000Z-0001", "20260402T020000Z-0002"


def later(source: Source, other: Source, seed: int) -> Source:
    """The company a day later: some orders edited, some gone, some new, as another random company has them.

    Of others only one thing changed: the status, the total, the credits, the seller, or a line that is gone.
    """
    random = Random(seed)
    edits = [
        {"status": "Complete"},
        {"status": "Rejected"},
        {"credits": "4"},
        {"total": None},
        {"seller": 2},
        {},
        {},
        {},
    ]
    orders = {order["number"]: (other, order) for order in other.of("orders_received") if random.random() < 0.4}
    orders |= {order["number"]: (source, order) for order in source.of("orders_received") if random.random() < 0.7}
    payments = [payment for payment in source.of("order_payments") if random.random() < 0.8]
    lines = [line for number, (owner, _) in orders.items() for line in owner.lines_of[number]]
    rows = source.rows | {
        "orders_received": [order | random.choice(edits) for _, order in orders.values()],
        "line_items": [line for line in lines if random.random() < 0.95],
        "order_payments": payments,
        "customers": source.of("customers")[:4],
    }
    return Source(rows, source.as_of + timedelta(days=1), source.timezone, source.company, SECOND)


@pytest.mark.parametrize("as_of", long_from(1, DAYS[:2]))
def test_what_a_load_changed_equals_the_independent_calculation(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    thens, nows = two_nights(range(5), as_of)

    assert two_loads(con, thens, nows) == ""


def two_nights(seeds: Iterable[int], as_of: date, sizes: Sequence[int] = SIZES) -> tuple[list[Source], list[Source]]:
    """Companies on a night, and on the next one."""
    thens = [replace(random_source(seed, as_of, f"company {seed}", sizes), run_id=FIRST) for seed in seeds]
    return thens, [
        later(then, random_source(seed + 1, as_of, then.company, sizes), seed)
        for then, seed in zip(thens, seeds, strict=True)
    ]


def two_loads(con: duckdb.DuckDBPyConnection, thens: Sequence[Source], nows: Sequence[Source]) -> str:
    """Load both, and tell how the marts of changes differ from the oracle's."""
    forget(con)
    load(con, thens, FIRST)
    note_load(con, replace(thens[0], run_id=OLDER))  # not the load to compare with
    note_load(con, thens[0])
    load(con, nows, SECOND)
    found = [
        differences(mart, key.split(), rows_of(con, f"marts.{mart}"), rows)
        for mart, (key, rows) in changed(thens, nows).items()
    ]
    return "\n".join(filter(None, found))


def changed(thens: Iterable[Source], nows: Iterable[Source]) -> dict[str, tuple[str, list[Row]]]:
    """The key of each mart of changes, and its rows of all companies."""
    pairs = list(zip(thens, nows, strict=True))
    return {
        mart: (f"_company {key}", [row for then, now in pairs for row in calculate(then, now)])
        for mart, (key, calculate) in LOADS.items()
    }


def note_load(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Note the load of some companies, of which this is one, as published."""
    con.execute(
        "INSERT INTO meta.loads (load_id, as_of, known_at, timezone, sell_through_days) VALUES (?, ?, ?, ?, 90)",
        [source.run_id, source.as_of, SETTINGS.known_at, source.timezone],
    )
