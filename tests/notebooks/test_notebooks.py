"""The notebooks run, and each picture says what the marts say, as a sentence, sorted as shown, without the network."""

import re
import shutil
from collections import defaultdict
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import duckdb
import pytest

import pipeline
from pipeline.extract.selection import selected
from tests.forked import run_command

from .running import FOLDER, NAMES, Output, environment, execute, pictures, specification, still, words

pytestmark = pytest.mark.long  # `make test-docs` runs it

HOSTILE = "</script><script>alert(1)</script>"
OFFERED = len(selected(None)) - 1  # the sandbox has no listing of states
# Bars in an order that their names have by nature; all others run from one end of their values to the other.
NATURAL = {
    "bucket-chart": ["not due yet", "1–30 days late", "31–60 days", "61–90 days", "91–120 days", "over 120 days",
                     "no due date", "unapplied credit"],
    "band-chart": ["in the last 30 days", "31–60 days ago", "61–90 days ago", "over 90 days ago"],
    "supply-chart": ["sold out", "up to 4 weeks", "5–13 weeks", "14–26 weeks", "27–52 weeks", "over a year",
                     "no sales"],
    "recording-chart": ["before it was dated", "on the day", "a day later", "2–7 days", "8–30 days", "over 30 days"],
    "retention-chart": ["after 1 month", *(f"after {n} months" for n in range(2, 7))],
}  # fmt: skip
Shown = dict[str, list[Output]]


def layers(picture: Output) -> list[dict[str, Any]]:
    """Return the layers of a picture; that of its bars is the last but one."""
    return specification(picture).get("layer", [])


def drawn(picture: Output) -> list[dict[str, Any]]:
    """Return the rows of a picture's bars."""
    return layers(picture)[-2]["data"]["values"]


def listed(html: str) -> list[dict[str, str]]:
    """Return the rows of an HTML table as they are read, by column."""
    rows = [
        [unescape(text) for text in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", html)
    ]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for command in ("extract", "load"):
        code, _, errors = run_command(command, folder=folder, environment=environment(folder))
        assert code == 0, errors
    return folder


@pytest.fixture(scope="module")
def con(data_dir: Path) -> duckdb.DuckDBPyConnection:
    return pipeline.connect(data_dir / "warehouse.duckdb")


@pytest.fixture(scope="module")
def receivables(data_dir: Path) -> Shown:
    return execute("receivables", data_dir)


@pytest.fixture(scope="module")
def odd(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """What the notebook shows of live data that are odd in every way it must stand."""
    folder = tmp_path_factory.mktemp("odd")
    shutil.copy(data_dir / "warehouse.duckdb", folder)
    with duckdb.connect(folder / "warehouse.duckdb") as changed:
        changed.execute("UPDATE meta.warehouse SET source = 'live', note = NULL")
        changed.execute("UPDATE meta.completeness SET verdict = 'refused' WHERE resource = 'order_payments'")
        changed.execute("UPDATE marts.ar_aging SET customer_name = ? || customer_id", [HOSTILE])
        changed.execute("UPDATE marts.ar_aging SET currency = NULL WHERE days_past_due IS NULL")
        changed.execute("DELETE FROM marts.collections")
        changed.execute("DROP VIEW main.ar_by_rep")
    return execute("receivables", folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_committed_notebook_holds_no_outputs_and_asks_the_tables_of_main(name: str) -> None:
    import nbformat

    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)

    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert not any(f" {schema}." in cell.source for cell in code for schema in ("raw", "staging", "marts", "history"))
    assert all(len(cell.source.splitlines()) <= 50 for cell in code)


@pytest.mark.parametrize("name", NAMES)
def test_every_section_shows_a_finding_that_needs_no_network(
    name: str, data_dir: Path, request: pytest.FixtureRequest
) -> None:
    shown = request.getfixturevalue(name) if name == "receivables" else execute(name, data_dir)

    for cell, outputs in shown.items():
        if cell.endswith("-chart"):
            assert pictures(outputs), cell
        elif cell.endswith("-table"):
            assert all(listed(output["text/html"]) for output in outputs), cell
        for picture in pictures(outputs):
            check(cell, picture)
        for output in outputs:
            assert not re.search(r"""(src|href)=["']?(https?:)?//""", output.get("text/html", "")), cell
    assert "window.vegaEmbed=" in "".join(output["text/html"] for output in shown["about"])


def check(cell: str, picture: Output) -> None:
    """Hold a picture against the rules of the house."""
    drawing = specification(picture)
    title = " ".join(drawing["title"]["text"])
    assert re.fullmatch(r"[^a-z].*\w.*\.", title), title
    assert len(title.split()) >= 4, title
    assert drawing["title"]["subtitle"], title
    assert title == picture["text/plain"] and all(word in " ".join(words(still(picture))) for word in title.split())
    assert still(picture) == picture["image/svg+xml"]
    assert "cdn" not in picture["text/html"]
    if layers(picture) and "sort" in layers(picture)[-1]["encoding"]["y"]:
        check_bars(cell, picture)


def check_bars(cell: str, picture: Output) -> None:
    """Hold bars against the rules: one currency, names that people know, and sorted as shown."""
    axis = layers(picture)[-1]["encoding"]["y"]
    names, length = axis["sort"], layers(picture)[-2]["encoding"]["x"]["field"]
    assert len({row.get("currency") for row in drawn(picture)}) == 1
    assert not any(re.fullmatch(r"(\w+ )?\d+|None", name) for name in names), names
    if cell in NATURAL:
        assert names == [name for name in NATURAL[cell] if name in names]
        return
    lengths: dict[str, float] = defaultdict(float)
    for row in drawn(picture):
        lengths[row[axis["field"]]] += row[length]
    values = [round(lengths[name], 6) for name in names]
    assert values in (sorted(values), sorted(values, reverse=True)), names


def test_it_says_what_the_data_are(receivables: Shown, con: duckdb.DuckDBPyConnection) -> None:
    as_of, load_id, rows = con.execute(
        "SELECT (SELECT DISTINCT as_of FROM ar_aging), (SELECT max(load_id) FROM meta.loads), "
        "(SELECT sum(distinct_keys) FROM meta.completeness)"
    ).fetchone()

    load, about = (output["text/html"] for output in receivables["about"])

    assert f"Load {load_id}: as of {as_of}" in load and "INVENTED" in load
    assert "SANDBOX: ALL OF THIS IS INVENTED" in about
    assert "NOT COMPLETE:" not in about
    assert f"As of <b>{as_of}</b> (days in UTC)" in about
    assert f"{OFFERED} of {OFFERED} resources complete, {rows:,} rows" in about


def test_the_buckets_hold_every_open_balance_of_their_currency(
    receivables: Shown, con: duckdb.DuckDBPyConnection
) -> None:
    expected = con.execute("SELECT currency, bucket, sum(open_balance) FROM ar_aging GROUP BY ALL").fetchall()

    bars = [bar for picture in pictures(receivables["bucket-chart"]) for bar in drawn(picture)]

    assert {(bar["currency"], bar["bucket"]): bar["open_balance"] for bar in bars} == {
        (currency, bucket): pytest.approx(float(balance)) for currency, bucket, balance in expected
    }
    assert len(bars) == len(expected)


def test_the_customers_shown_are_the_twelve_furthest_behind(receivables: Shown, con: duckdb.DuckDBPyConnection) -> None:
    expected = con.execute(
        "SELECT customer_id, sum(open_balance) FROM ar_aging WHERE currency = 'USD' AND open_balance > 0 "
        "AND days_past_due > 0 GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT 12"
    ).fetchall()
    owed: dict[int, float] = defaultdict(float)

    for bar in drawn(pictures(receivables["customer-chart"])[0]):
        owed[bar["customer_id"]] += bar["open_balance"]

    assert owed == {customer: pytest.approx(float(past_due)) for customer, past_due in expected}


def test_the_calls_are_the_most_urgent_of_the_collection_list(
    receivables: Shown, con: duckdb.DuckDBPyConnection
) -> None:
    expected = con.execute(
        "SELECT round(past_due, 0), worst_days FROM collections WHERE currency = 'USD' AND priority <= 3 "
        "ORDER BY priority, past_due DESC, customer_id LIMIT 12"
    ).fetchall()

    rows = listed(receivables["call-table"][0]["text/html"])

    assert [int(row["Days late"]) for row in rows] == [days for _, days in expected]
    shown = [Decimal(row["Past due, USD"].replace(",", "")) for row in rows]
    assert shown == [pytest.approx(past_due, abs=1) for past_due, _ in expected]


def test_live_data_are_not_called_invented_but_what_was_refused_is_named(odd: Shown) -> None:
    assert "INVENTED" not in "".join(output["text/html"].partition("<script>")[0] for output in odd["about"])
    assert "NOT COMPLETE: order_payments" in odd["about"][-1]["text/html"]
    assert f"{OFFERED - 1} of {OFFERED} resources" in odd["about"][-1]["text/html"]


def test_a_customers_name_cannot_run_code_in_the_notebook(odd: Shown) -> None:
    assert any(HOSTILE in row["customer"] for row in drawn(pictures(odd["customer-chart"])[0]))
    forms = ("text/html", "image/svg+xml")
    assert all("<script>alert" not in each.get(form, "") for shown in odd.values() for each in shown for form in forms)


def test_orders_without_a_currency_and_tables_without_rows_or_not_made_are_shown_as_such(odd: Shown) -> None:
    titles = [output.get("text/plain", "") + output["text/html"] for output in odd["bucket-chart"]]
    assert len(titles) == 3 and all(any(currency in title for title in titles) for currency in ("CAD", "no currency"))
    assert "No rows" in odd["call-table"][0]["text/html"]
    assert "ar_by_rep" in odd["rep-chart"][0]["text/html"]
