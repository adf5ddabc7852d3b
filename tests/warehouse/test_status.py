"""What is published, for people and for notebooks."""

import os
from datetime import timedelta
from pathlib import Path

import duckdb
import msgspec
import pytest

import pipeline
from pipeline.errors import ConfigurationError, UsageError
from pipeline.extract.plan import Habits, make_plan
from pipeline.landing.holdings import Holdings
from pipeline.models import ModelSettings, Project, run_audits
from pipeline.warehouse.meta import instant, newest_runs, reached
from pipeline.warehouse.status import read_status

from .seller import FIRST_RUN, LINES, ORDERS, Seller, finish, line, order, read_all, read_changed, refused


def load_with_audits(seller: Seller) -> None:
    """Publish with one audit that warns."""
    audits = seller.data_dir / "sql" / "audits"
    audits.mkdir(parents=True, exist_ok=True)
    (audits / "no_drafts.sql").write_text("-- severity: warn\nselect number from raw.orders where status = 'Draft'\n")
    with seller.build() as build:
        for manifest in build.pending():
            build.merge(manifest)
        build.close_inputs()
        settings = ModelSettings(FIRST_RUN.date(), FIRST_RUN, "UTC", 90, build.load_id)
        run_audits(build.con, settings, Project(seller.data_dir / "sql"))
        build.record_load(settings)
        build.publish()


def test_the_status_says_of_each_resource_what_is_there_and_how_it_was_read(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")), read_all(LINES, line(1, "a")))
    second = seller.land(read_changed(ORDERS, order("a", "Draft"), bad=["x"]), refused(LINES))
    third = seller.land(read_all(ORDERS, order("a", "Draft"), bad=["x"]))
    load_with_audits(seller)

    status = read_status(seller.data_dir, seller.resources)

    lines, orders = status.resources
    assert (orders.resource, orders.rows, orders.deleted, orders.quarantined) == ("orders", 1, 1, 1)
    assert (orders.last_run, orders.completeness) == (third.run_id, "complete: 2 of 2")
    assert (lines.resource, lines.rows, lines.last_run) == ("lines", 1, second.run_id)
    assert lines.completeness.startswith("refused")
    assert (status.source, status.as_of, status.loaded_runs) == ("sandbox", "2026-11-01", 3)
    assert (status.path, status.bytes) == (str(seller.published), seller.published.stat().st_size)
    ((began,),) = seller.rows("SELECT epoch_us(max(started_at)) FROM meta.loads")
    assert status.published_at == instant(began)
    assert status.failed_audits == [{"audit_id": "no_drafts", "severity": "warn", "failures": 1}]


def test_the_status_of_a_database_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()

    with pytest.raises(ConfigurationError, match="not a warehouse that Leafhouse built"):
        read_status(tmp_path, {})


def test_without_a_warehouse_the_status_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="make extract load"):
        read_status(tmp_path, {})


def test_a_notebook_connects_to_the_newest_warehouse_and_cannot_write(seller: Seller) -> None:
    for numbers in ("a", "ab"):
        seller.land(read_all(ORDERS, *map(order, numbers)))
        seller.load()

        con = pipeline.connect(seller.published)

        assert con.execute("SELECT count(*) FROM raw.orders").fetchall() == [(len(numbers),)]
        with pytest.raises(Exception, match="read-only"):
            con.execute("DELETE FROM raw.orders")
        con.close()


def test_a_notebook_finds_the_warehouse_of_the_data_folder(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(seller.data_dir))
    with pytest.raises(UsageError, match="make extract load"):
        pipeline.connect()
    seller.land(read_all(ORDERS, order("a")))
    seller.load()

    con = pipeline.connect()

    assert con.execute("SELECT number FROM raw.orders").fetchall() == [("a",)]
    con.close()


def test_instants_are_shown_in_utc_wherever_the_reader_is(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TZ", "America/Denver")
    run = seller.land(read_all(ORDERS, order("a")))
    seller.load()

    assert seller.rows("SELECT CAST(_extracted_at AS VARCHAR) FROM raw.orders") == [
        (f"{run.started_at:%Y-%m-%d %H:%M:%S}+00",)
    ]


def test_a_folder_whose_name_holds_quotes_works(tmp_path: Path) -> None:
    seller = Seller(tmp_path / "o'brien [1] *")
    seller.land(read_all(ORDERS, order("a")))

    seller.load()

    assert seller.live(ORDERS) == {"a"}


def test_a_build_knows_the_companies_and_the_clock_of_the_newest_run(seller: Seller) -> None:
    with seller.build() as build:
        assert newest_runs(build.con) == {}
    other = seller.land(read_all(ORDERS, order("a")), company="zenith")
    newest = seller.land(read_all(ORDERS, order("a")), company="acme")

    with seller.build() as build:
        for manifest in build.pending():
            build.merge(manifest)
        found = newest_runs(build.con)
        assert list(found.items()) == [("zenith", other.server_time), ("acme", newest.server_time)]
        finish(build)


def test_a_clock_that_was_wrong_for_a_night_is_believed_for_that_night_only(seller: Seller) -> None:
    right = seller.write(read_all(ORDERS, order("a")))
    ahead = msgspec.structs.replace(right, server_time=right.server_time + timedelta(days=4_000))
    seller.landing.commit(ahead)
    now = right.started_at + timedelta(days=8)
    plan = make_plan({ORDERS.name: ORDERS}, [ahead], Holdings(), now, Habits(page_size=100, trailing_days=60))
    newest = seller.land(read_all(ORDERS, order("a")))

    with seller.build() as build:
        for manifest in build.pending():
            build.merge(manifest)
        (found,) = newest_runs(build.con).values()
        finish(build)

    assert found == newest.server_time
    assert plan.steps[ORDERS.name].reason == f"last read whole {right.started_at:%Y-%m-%d}"


def test_how_far_rows_are_known_is_a_matter_of_the_newest_run_that_read_them(seller: Seller) -> None:
    both = seller.land(read_all(ORDERS, order("a")), read_all(LINES, line(1, "a")))
    cached = both.started_at - timedelta(hours=5)
    seller.land(refused(ORDERS), read_all(LINES, line(1, "a")))
    seller.land(read_all(LINES, line(1, "a"), server_time=cached))

    with seller.build() as build:
        for manifest in build.pending():
            build.merge(manifest)
        found = reached(build.con)
        finish(build)

    assert found == {"acme": {"orders": both.server_time, "lines": cached}}


def test_runs_of_a_warehouse_from_before_their_times_were_written_reach_to_their_start(seller: Seller) -> None:
    run = seller.land(read_all(ORDERS, order("a")))
    seller.load()
    with duckdb.connect(seller.published) as con:
        con.execute("ALTER TABLE meta.reads DROP COLUMN server_time")
        con.execute("ALTER TABLE meta.runs DROP COLUMN warnings")
    later = seller.land(read_all(LINES, line(1, "a")))

    seller.load()

    con = pipeline.connect(seller.published)
    assert reached(con) == {"acme": {"orders": run.server_time, "lines": later.server_time}}
    con.close()


def test_a_damaged_warehouse_is_said_to_a_notebook(seller: Seller) -> None:
    seller.published.write_bytes(b"not a database" * 900)

    with pytest.raises(ConfigurationError, match="damaged"):
        pipeline.connect(seller.published)
