"""Models run two at a time, each after those that it reads; the order in which they end shows in nothing."""

import threading
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.models.model import Model
from pipeline.models.pool import make_each

from .bench import SETTINGS

PATIENCE = 30


def model(name: str, *inputs: str) -> Model:
    return Model(name, Path(f"{name}.sql"), "", inputs=inputs)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sets(st.integers(0, 11)), min_size=1, max_size=12))
def test_each_is_made_once_after_those_it_reads(reads: list[set[int]]) -> None:
    models = [model(str(n), "raw.orders", *(str(i) for i in inputs if i < n)) for n, inputs in enumerate(reads)]
    made: list[str] = []

    def make(con: duckdb.DuckDBPyConnection, each: Model) -> str:
        assert {name for name in each.inputs if name != "raw.orders"} <= set(made)
        made.append(each.name)
        return each.name

    with duckdb.connect() as con:
        assert make_each(con, SETTINGS, models, make) == {each.name: each.name for each in models}
    assert sorted(made) == sorted(each.name for each in models)


def test_what_reads_a_view_that_is_there_waits_for_what_the_view_reads() -> None:
    made: list[str] = []

    def make(con: duckdb.DuckDBPyConnection, each: Model) -> None:
        made.append(each.name)

    with duckdb.connect() as con:
        wanted = [model("reader", "view"), model("table")]
        make_each(con, SETTINGS, wanted, make, there=[model("view", "deeper"), model("deeper", "table")])
    assert made == ["table", "reader"]


def test_two_run_side_by_side_on_the_current_database_in_its_zone_with_the_settings(tmp_path: Path) -> None:
    together = threading.Barrier(2, timeout=PATIENCE)

    def make(con: duckdb.DuckDBPyConnection, each: Model) -> object:
        together.wait()
        con.execute(f"CREATE TABLE {each.name} AS SELECT 1 AS n")
        return con.execute(
            "SELECT current_database(), current_setting('TimeZone'), getvariable('as_of'), getvariable('run_id')"
        ).fetchone()

    with duckdb.connect() as con:
        con.execute(f"ATTACH '{tmp_path}/w.duckdb' AS w; USE w; SET TimeZone = 'Asia/Tokyo'")
        seen = make_each(con, SETTINGS, [model("a"), model("b")], make)
        assert con.execute("FROM w.a NATURAL JOIN w.b").fetchall() == [(1,)]
    assert seen == dict.fromkeys("ab", ("w", "Asia/Tokyo", SETTINGS.as_of, SETTINGS.run_id))


def test_one_that_lacks_memory_beside_another_is_made_on_its_own() -> None:
    running, tried = set[str](), list[str]()

    def make(con: duckdb.DuckDBPyConnection, each: Model) -> int:
        running.add(each.name)
        tried.append(each.name)
        try:
            if each.name == "large" and tried.count("large") == 1:
                con.execute("CREATE TABLE large AS SELECT 0 AS n")
                raise duckdb.OutOfMemoryException("no more")
            if each.name == "large":
                assert running == {"large"}
                con.execute("CREATE TABLE large AS SELECT 1 AS n")
            return tried.count(each.name)
        finally:
            running.remove(each.name)

    with duckdb.connect() as con:
        made = make_each(con, SETTINGS, [model("a"), model("large"), model("b"), model("c", "large")], make)
        assert con.execute("FROM large").fetchall() == [(1,)]
    assert made == {"a": 1, "large": 2, "b": 1, "c": 1}


def test_one_that_lacks_memory_on_its_own_ends_it() -> None:
    def make(con: duckdb.DuckDBPyConnection, each: Model) -> None:
        raise duckdb.OutOfMemoryException("no more")

    with duckdb.connect() as con, pytest.raises(duckdb.OutOfMemoryException):
        make_each(con, SETTINGS, [model("a")], make)


def test_an_error_stops_what_runs_beside_it() -> None:
    begun = threading.Event()

    def make(con: duckdb.DuckDBPyConnection, each: Model) -> object:
        if each.name == "endless":
            begun.set()
            return con.execute("SELECT count(*) FROM range(1000000000000) WHERE range % 3 = 7").fetchall()
        assert begun.wait(PATIENCE)
        raise ValueError("wrong")

    with duckdb.connect() as con, pytest.raises(ValueError, match="wrong"):
        make_each(con, SETTINGS, [model("endless"), model("wrong")], make)
