"""The summary of a night says what really changed: row for row in `raw`, to the cent in the first numbers."""

from contextlib import ExitStack, closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

import pipeline
from pipeline.jobs.load_result import LoadResult
from pipeline.warehouse.rollback import list_warehouses

from .nights import NOW, open_house

OF_RUNS = "_company, _run_id, _extracted_at, _deleted_reason"


def rows_of(con: duckdb.DuckDBPyConnection, table: str, key: str) -> dict[str, str]:
    """Return the rows of a table by key, without what tells of runs; null for a deleted one."""
    names = [name for name, *_ in con.execute(f"describe {table}").fetchall()]
    left_out = ", ".join([OF_RUNS, *({"_valid_from"} & set(names))])
    return dict(
        con.execute(
            f'select cast("{key}" as varchar), case when _deleted_at is null then cast(whole_row as varchar) end '
            f"from (select * exclude ({left_out}) from {table}) as whole_row"
        ).fetchall()
    )


def sums(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, Decimal]:
    return dict(con.execute(query).fetchall())


@pytest.mark.every_resource
@pytest.mark.marts("changes")
@pytest.mark.long
async def test_a_night_tells_what_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, monkeypatch, orders=80) as house:
        first = await house.night()
        house.sandbox.advance(NOW + timedelta(days=6))
        second = await house.night()
        quiet = await house.night(full=True)
        newest, middle, oldest = (each.path for each in list_warehouses(house.data_dir))

        with ExitStack() as opened:
            before, after, last = (opened.enter_context(closing(pipeline.connect(p))) for p in (oldest, middle, newest))
            check_rows(second, before, after)
            check_headlines(first, second, before, after)
            assert quiet.intake.runs[0].kind == "full"
            check_rows(quiet, after, last)


def check_rows(result: LoadResult, before: duckdb.DuckDBPyConnection, after: duckdb.DuckDBPyConnection) -> None:
    keys = {read.resource: read.key for run in result.intake.runs for read in run.resources if read.was_read}
    for merged in result.intake.merges:
        if merged.resource not in keys:
            continue
        then, now = (rows_of(con, f"raw.{merged.resource}", keys[merged.resource]) for con in (before, after))
        changed = [key for key, row in now.items() if row is not None and key in then and then[key] != row]
        gone = [key for key, row in now.items() if row is None and then.get(key) is not None]
        assert (merged.inserted, merged.changed, merged.deleted) == (
            len(now.keys() - then.keys()),
            len(changed),
            len(gone),
        ), merged


def check_headlines(
    first: LoadResult, second: LoadResult, before: duckdb.DuckDBPyConnection, after: duckdb.DuckDBPyConnection
) -> None:
    open_by_currency = "select currency, sum(open_balance) from ar_aging group by 1"
    then, now = sums(before, open_by_currency), sums(after, open_by_currency)
    late = sums(
        after,
        f"select currency, count(*) from ar_aging where open_balance > 0 and due_date >= date '{first.as_of}' "
        f"and due_date < date '{second.as_of}' group by 1",
    )
    assert all(each.change is None and each.newly_late is None for each in first.outcome.headlines)
    assert {each.currency: each.open_balance for each in second.outcome.headlines} == now
    assert {each.currency: each.change for each in second.outcome.headlines} == {
        currency: amount - then.get(currency, 0) for currency, amount in now.items()
    }
    assert {each.currency: each.newly_late for each in second.outcome.headlines if each.newly_late} == late
    assert sum(late.values()) > 0, "or this shows nothing"
    sold = "select currency, sum(net_sales) from fct_orders where is_sale group by 1"
    moved = {
        each.currency: (each.amount, each.change) for each in second.outcome.movements if each.headline == "net_sales"
    }
    assert moved == {
        currency: (amount, amount - sums(before, sold).get(currency, 0))
        for currency, amount in sums(after, sold).items()
    }
