"""`leafhouse report`: one file that needs no network, whose figures are those of the marts."""

import gzip
import json
import math
import shutil
import stat
from base64 import b64decode
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import pipeline
from pipeline.report.figures import FIGURES
from pipeline.report.server import serve_report

from ..pages.checks import Reading, assert_self_contained
from .commands import House

pytestmark = pytest.mark.every_mart


@pytest.fixture(scope="module")
def reported(second_night: Path, base_url: str, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return a folder whose second load has written the report."""
    folder = Path(shutil.copytree(second_night, tmp_path_factory.mktemp("reported") / "night", symlinks=True))
    house = House(folder, base_url)
    assert house.run("load", LEAFHOUSE_REPORT="1").code == 0
    return house


@pytest.fixture(scope="module")
def reading(reported: House) -> Reading:
    return assert_self_contained((reported.data / "report.html").read_text())


def unpacked(reading: Reading) -> dict[str, Any]:
    """Return the data of a page."""
    found: dict[str, Any] = json.loads(gzip.decompress(b64decode(reading.data[0])))
    return found


def figures(reading: Reading) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that the page holds, by figure."""
    found = unpacked(reading)["figures"]
    return {
        name: [dict(zip((column[0] for column in each["columns"]), row, strict=True)) for row in each["rows"]]
        for name, each in found.items()
    }


def test_a_load_writes_the_page_for_its_owner_alone(reported: House) -> None:
    page = reported.data / "report.html"

    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert page.stat().st_size < 2_000_000


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_each_figure_is_what_its_query_says_of_the_marts(reported: House, reading: Reading, figure: Any) -> None:
    with closing(pipeline.connect(reported.warehouse)) as con:
        asked = con.sql(figure.sql).to_arrow_table().to_pylist()

    shown = figures(reading)[figure.name]
    assert len(shown) == len(asked)
    for row, source in zip(shown, asked, strict=True):
        for column in figure.columns:
            if column.kind == "money" and source[column.name] is not None:
                assert round(row[column.name] * 100) == source[column.name].scaleb(2), (figure.name, column.name)
            elif column.kind in ("number", "share", "days") and source[column.name] is not None:
                assert math.isclose(row[column.name], source[column.name])
            else:
                assert row[column.name] == (None if source[column.name] is None else plain(source[column.name]))


def plain(value: Any) -> Any:
    return value.isoformat()[:10] if hasattr(value, "isoformat") else value


def test_the_receivables_foot(reading: Reading) -> None:
    rows, called = figures(reading)["receivables"], figures(reading)["collections"]

    assert rows
    for row in rows:
        ages = [value for name, value in row.items() if name.startswith(("current", "days_", "no_due"))]
        cents = sum(round(value * 100) for value in ages) + round(row["unapplied_credit"] * 100)
        assert cents == round(row["open_net"] * 100)
        listed = [each for each in called if (each["seller"], each["currency"]) == (row["seller"], row["currency"])]
        assert sum(round(each["past_due"] * 100) for each in listed) == round(row["past_due"] * 100)


def test_each_table_says_what_its_columns_mean_and_what_was_asked(reading: Reading) -> None:
    words = " ".join(reading.words)

    for figure in FIGURES:
        if figure.title:
            assert figure.title in words
            assert figure.sql in words


def test_the_page_can_be_written_elsewhere_and_says_where(reported: House) -> None:
    done = reported.run("report", "--to", "morning.html", "--json")

    document = json.loads(done.stdout)
    assert (reported.folder / "morning.html").stat().st_size == document["bytes"]
    assert document["report"] == "morning.html"


def test_marts_that_could_not_be_made_are_named(house: House) -> None:
    """The warehouse of `house` has one mart, which the report does not show."""
    assert house.run("report").code == 0

    page = assert_self_contained((house.data / "report.html").read_text())
    assert "expected_cash could not be made; `leafhouse status` says why." in " ".join(page.words)
    assert figures(page)["cash"] == []


def test_without_a_warehouse_it_says_what_to_run(empty: House) -> None:
    empty.refuses("report", code=2, says=("no warehouse yet", "make extract load"))


def test_what_is_no_page_is_not_written_over(reported: House) -> None:
    (reported.folder / "mine.html").write_text("mine")

    reported.refuses("report", "--to", "mine.html", code=2, says=("mine.html", "there already, and no page"))


def test_a_report_that_cannot_be_written_does_not_undo_the_load(house: House) -> None:
    (house.data / "report.html").mkdir()

    loaded = house.run("load", "--json", LEAFHOUSE_REPORT="1")

    assert loaded.code == 0
    (note,) = json.loads(loaded.stdout)["notes"]
    assert "report.html: not written" in note and "leafhouse report" in note


async def test_the_server_shows_the_page_to_whoever_asks_it_by_its_own_name(reported: House) -> None:
    async with serve_report(reported.data, 0) as address, aiohttp.ClientSession() as session:
        async with session.get(address) as answer:
            page = await answer.text()
            assert (answer.status, answer.headers["X-Frame-Options"]) == (200, "DENY")
        async with session.get(f"{address}load") as answer:
            assert await answer.text() == reported.warehouse.resolve().stem
        async with session.get(address, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403
    assert Reading(page).policy["connect-src"] == "'self'"
    assert unpacked(Reading(page))["follows"]
