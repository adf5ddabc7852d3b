"""`leafhouse load --known-at --into`: the marts of a past load once more, in a file of their own."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import pytest_asyncio

import pipeline
from pipeline.jobs.job import open_job
from pipeline.jobs.load import load_aside
from pipeline.jobs.load_result import LoadResult
from pipeline.settings import read_settings
from pipeline.terminal.console import Output
from pipeline.terminal.load_view import LoadView
from pipeline.warehouse.rollback import list_warehouses
from tests.few_marts import few_marts

from .commands import House as Folder
from .commands import assert_one_sentence
from .nights import NOW, open_house

# They show rows whose past is not kept, or columns of them: contacts, staff, credits, the log, orders placed.
TODAYS = {
    "brand_owner_inventory_overview", "credits_and_returns", "dim_staff", "fct_order_events", "orders_sent",
    "sales_rep_activity_feed",
}  # fmt: skip
TODAYS_COLUMNS = (
    "contact",
    "manager",
    "rep_name",
    "reps",
    "events",
    "edits",
    "_at",
    "hours_to",
    "last_logged",
    "next_",
)


@dataclass(frozen=True)
class Past:
    """A data folder after three nights, the file that its second load left, and the same once more."""

    data: Path
    kept: Path
    again: Path
    result: LoadResult
    published: bytes
    as_of: date
    known_at: datetime


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def past(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Past]:
    folder = tmp_path_factory.mktemp("past")
    with pytest.MonkeyPatch.context() as patched:
        async with open_house(folder, patched, orders=60) as house:
            for days, marts in ((0, few_marts(every_resource=True)), (1, nullcontext()), (3, few_marts("fct_orders"))):
                house.sandbox.advance(NOW + timedelta(days=days))
                with marts:
                    await house.night(full=True)
            kept = list_warehouses(house.data_dir)[1].path
            with closing(pipeline.connect(kept)) as con:
                as_of, known_at = con.execute(
                    "select as_of, known_at from meta.loads order by load_id desc"
                ).fetchall()[0]
            published = (house.data_dir / "warehouse.duckdb").read_bytes()
            again = Path(shutil.copy(house.data_dir / "warehouse.duckdb", folder / "then.duckdb"))  # to be written over
            result = load_aside(open_job(read_settings()), again, as_of=as_of, known_at=known_at)
            nights = Past(house.data_dir, kept, again, result, published, as_of, known_at)
    yield nights  # our own clock is right again: other fixtures are made beside this one


def rows_of(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    names = [name for name, *_ in con.execute(f"describe marts.{table}").fetchall()]
    wanted = [each for each in names if each != "run_id" and not any(part in each for part in TODAYS_COLUMNS)]
    return con.execute(f"select {', '.join(wanted)} from marts.{table} order by all").fetchall()


def tables_of(con: duckdb.DuckDBPyConnection) -> set[str]:
    rows = con.execute(
        "select view_name from duckdb_views() where schema_name = 'main' and database_name = current_database()"
    ).fetchall()
    return {name for (name,) in rows}


def test_a_past_load_is_computed_again_row_for_row(past: Past) -> None:
    files = past.kept, past.again, past.data / "warehouse.duckdb"
    with ExitStack() as opened:
        kept, again, newest = (opened.enter_context(closing(pipeline.connect(file))) for file in files)
        tables = tables_of(kept) - TODAYS
        assert tables == tables_of(again) - TODAYS
        differing = {table for table in tables if rows_of(kept, table) != rows_of(again, table)}
        assert differing == set()
        assert rows_of(newest, "fct_orders") != rows_of(again, "fct_orders"), "more nights changed something"


def test_nothing_is_published_and_the_file_says_what_it_is(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    LoadView(Output(as_json=False)).done(past.result)

    assert (past.data / "warehouse.duckdb").read_bytes() == past.published
    assert past.again.stat().st_mode & 0o777 == 0o600
    assert f"Nothing was published; wrote {past.again}" in capsys.readouterr().out
    with closing(pipeline.connect(past.again)) as con:
        (note,) = con.execute("select note from meta.warehouse").fetchone() or ("",)
        loads = con.execute("select as_of, known_at from meta.loads order by load_id").fetchall()
    assert f"Computed aside for {past.as_of} from what was known at {past.known_at.isoformat()}." in note
    assert len(loads) == 3  # those that were known then, and its own
    assert loads[-1] == (past.as_of, past.known_at)


def test_before_the_first_load_nothing_was_known(past: Past) -> None:
    folder = Folder(past.data.parent, "https://localhost")
    outcome = folder.run("load", "--known-at", "2020-01-01T00:00:00Z", "--into", "early.duckdb")

    assert outcome.code == 2
    assert_one_sentence(outcome, ("--known-at 2020-01-01", "before anything was known"))
    assert not (past.data.parent / "early.duckdb").exists()


def test_a_file_that_may_not_be_written_is_refused(house: Folder) -> None:
    notes = house.folder / "notes.txt"
    notes.write_text("mine")
    kept = house.data / "kept" / "mine.duckdb"
    (house.data / "kept").mkdir(exist_ok=True)
    for file, says in (
        (house.warehouse, "the published warehouse"), (kept, "the loads' own"), (notes, "no warehouse"),
        (house.folder / "nowhere" / "then.duckdb", "there is no folder"), (house.data, "no warehouse"),
    ):  # fmt: skip
        house.refuses("load", "--into", str(file), code=2, says=(str(file), says))
    assert notes.read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--known-at", "2026-11-23T07:30:00Z"), ("--into FILE",)),
        (("--known-at", "2026-11-23T07:30:00", "--into", "then.duckdb"), ("not an instant", "offset")),
        (("--known-at", "yesterday", "--into", "then.duckdb"), ("not an instant",)),
        (("--accept-shrink", "--into", "then.duckdb"), ("--accept-shrink",)),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    house: Folder, arguments: tuple[str, ...], says: tuple[str, ...]
) -> None:
    house.refuses("load", *arguments, code=2, says=says)


def test_without_an_instant_the_file_is_as_the_next_load_would_be(house: Folder) -> None:
    before = house.committed()

    outcome = house.run("load", "--into", "next.duckdb", "--json")

    assert outcome.code == 0, outcome
    assert json.loads(outcome.stdout)["warehouse"] == "next.duckdb"
    assert house.committed() == before
    assert len(json.loads(house.run("load", "--json").stdout)["runs"]) == 1  # it still waits to be loaded
