import os
import re
import shutil
from collections import Counter, defaultdict
from decimal import Decimal
from html import unescape
from json import JSONDecoder
from pathlib import Path
from typing import Any

import duckdb
import pytest

import pipeline
from pipeline.extract.selection import selected
from tests.forked import run_command

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "receivables.ipynb"
CHARTS = ["bucket-chart", "customer-chart", "brand-chart", "stock-chart"]
TABLES = ["customer-table", "order-table", "stock-table"]
HOSTILE = "</script><script>alert(1)</script>"
OFFERED = len(selected(None)) - 1  # the sandbox has no listing of states


def environment(data_dir: Path) -> dict[str, str]:
    """Return this process's environment with no setting of ours but the data folder."""
    ours = ("LEAFLINK_", "LEAFHOUSE_")
    rest = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return rest | {
        "LEAFHOUSE_SANDBOX": "1",
        "LEAFHOUSE_DATA_DIR": str(data_dir),
        "IPYTHONDIR": str(data_dir / "ipython"),
    }


def execute(data_dir: Path, folder: Path) -> dict[str, str]:
    """Execute the committed notebook from `folder`; return the HTML that each of its cells shows, by the cell's id."""
    # Imported here: it takes two seconds, which every process of the tests would spend when it collects them.
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}})
    client.execute(env=environment(data_dir))
    return {
        cell.id: "".join(output.data["text/html"] for output in cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


def specification(html: str) -> dict[str, Any]:
    """Return the Vega-Lite specification that a chart's HTML draws."""
    return JSONDecoder().raw_decode(html, html.index("})({") + 3)[0]


def drawn(html: str) -> list[dict[str, Any]]:
    """Return the rows that a chart draws."""
    return [row for rows in specification(html)["datasets"].values() for row in rows]


def listed(html: str) -> list[dict[str, str]]:
    """Return the rows of an HTML table as they are read, by column."""
    rows = [
        [unescape(text) for text in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", html)
    ]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


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
def shown(data_dir: Path) -> dict[str, str]:
    return execute(data_dir, ROOT / "notebooks")


@pytest.fixture(scope="module")
def shown_odd(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the notebook shows, from the checkout's root, of live data that are odd in every way it must stand."""
    folder = tmp_path_factory.mktemp("odd")
    shutil.copy(data_dir / "warehouse.duckdb", folder)
    with duckdb.connect(folder / "warehouse.duckdb") as odd:
        odd.execute("UPDATE meta.warehouse SET source = 'live', note = NULL")
        odd.execute("UPDATE meta.completeness SET verdict = 'refused' WHERE resource = 'order_payments'")
        odd.execute("UPDATE marts.ar_aging SET customer_name = ?", [HOSTILE])
        odd.execute("UPDATE marts.ar_aging SET currency = NULL WHERE days_past_due IS NULL")
        odd.execute("DELETE FROM marts.brand_performance")
        odd.execute("DELETE FROM marts.sell_through")
    return execute(folder, ROOT)


def test_the_committed_notebook_holds_no_outputs_and_keeps_its_ids() -> None:
    import nbformat

    notebook = nbformat.read(NOTEBOOK, as_version=4)

    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert [cell.id for cell in code if cell.id in CHARTS] == CHARTS
    assert [cell.id for cell in code if cell.id in TABLES] == TABLES


def test_every_chart_and_table_shows_rows(shown: dict[str, str]) -> None:
    assert all(drawn(shown[chart]) for chart in CHARTS)
    assert all(listed(shown[table]) for table in TABLES)


def test_it_says_what_the_data_are(shown: dict[str, str], con: duckdb.DuckDBPyConnection) -> None:
    as_of, rows = con.execute(
        "SELECT (SELECT DISTINCT as_of FROM marts.ar_aging), (SELECT sum(distinct_keys) FROM meta.completeness)"
    ).fetchone()

    assert "SANDBOX: ALL OF THIS IS INVENTED" in shown["about"]
    assert "NOT COMPLETE" not in shown["about"]
    assert f"{as_of} (days in UTC)" in shown["about"]
    assert f"{OFFERED} of {OFFERED} resources, {rows:,} rows" in shown["about"]


def test_the_buckets_hold_every_open_balance_of_their_currency(
    shown: dict[str, str], con: duckdb.DuckDBPyConnection
) -> None:
    expected = con.execute("SELECT currency, bucket, sum(open_balance) FROM marts.ar_aging GROUP BY ALL").fetchall()

    bars = drawn(shown["bucket-chart"])

    assert {(bar["currency"], bar["bucket"]): bar["open_balance"] for bar in bars} == {
        (currency, bucket): pytest.approx(float(balance)) for currency, bucket, balance in expected
    }
    assert len(bars) == len(expected)


def test_no_chart_adds_or_compares_two_currencies(shown: dict[str, str]) -> None:
    for chart in ("bucket-chart", "customer-chart", "brand-chart"):
        datasets = specification(shown[chart])["datasets"].values()

        assert {len({row["currency"] for row in rows}) for rows in datasets} == {1}, chart


def test_the_customers_listed_are_the_ten_furthest_behind(
    shown: dict[str, str], con: duckdb.DuckDBPyConnection
) -> None:
    owed = con.execute(
        "SELECT currency, customer_name || ' · ' || customer_id, sum(open_balance) AS past_due FROM marts.ar_aging "
        "WHERE open_balance > 0 AND days_past_due > 0 GROUP BY currency, customer_name, customer_id "
        "ORDER BY currency, past_due DESC, customer_id"
    ).fetchall()
    place: Counter[str] = Counter()
    worst = []
    for currency, customer, past_due in owed:
        place[currency] += 1
        if place[currency] <= 10:
            worst.append((currency, customer, past_due))

    rows = listed(shown["customer-table"])
    bars = drawn(shown["customer-chart"])

    assert [(row["currency"], row["customer"], amount(row["past_due"])) for row in rows] == worst
    assert {(bar["currency"], bar["customer"], bar["past_due"]) for bar in bars} == {
        (currency, customer, float(past_due)) for currency, customer, past_due in worst
    }
    cuts: dict[str, float] = defaultdict(float)
    for bar in bars:
        cuts[bar["currency"] + bar["customer"]] += bar["open_balance"]
    for row in rows:
        assert cuts[row["currency"] + row["customer"]] == pytest.approx(float(amount(row["open_net"])))


def test_bars_run_in_the_natural_order_of_buckets_from_the_worst_customer_down(shown: dict[str, str]) -> None:
    for chart in specification(shown["customer-chart"])["vconcat"]:
        rows = specification(shown["customer-chart"])["datasets"][chart["data"]["name"]]
        past_due = {row["customer"]: row["past_due"] for row in rows}

        assert chart["encoding"]["y"]["sort"] == sorted(past_due, key=past_due.__getitem__, reverse=True)
        assert chart["encoding"]["color"]["scale"]["domain"] == [
            "current", "1_30", "31_60", "61_90", "91_120", "over_120", "no_due_date", "unapplied_credit"
        ]  # fmt: skip


def test_the_largest_overdue_orders_are_listed_to_the_cent(
    shown: dict[str, str], con: duckdb.DuckDBPyConnection
) -> None:
    expected = con.execute(
        "SELECT short_id, open_balance, days_past_due FROM marts.ar_aging WHERE currency = 'USD' AND days_past_due > 0 "
        "ORDER BY open_balance DESC, order_number LIMIT 10"
    ).fetchall()

    rows = [row for row in listed(shown["order-table"]) if row["currency"] == "USD"]

    assert [(row["order"], amount(row["open_balance"]), int(row["days_past_due"])) for row in rows] == expected


def test_brand_lines_are_the_marts_months(shown: dict[str, str], con: duckdb.DuckDBPyConnection) -> None:
    expected = con.execute(
        "SELECT currency, coalesce('brand ' || brand_id, 'no brand'), cast(month AS varchar), sum(net_sales), "
        "sum(doors) FROM marts.brand_performance GROUP BY ALL"
    ).fetchall()

    points = drawn(shown["brand-chart"])

    assert {(p["currency"], p["brand"], p["month"][:10]): (p["net_sales"], p["doors"]) for p in points} == {
        (currency, brand, month): (pytest.approx(float(sales)), doors)
        for currency, brand, month, sales, doors in expected
    }


def test_products_that_sell_and_that_sit_are_the_ends_of_the_mart(
    shown: dict[str, str], con: duckdb.DuckDBPyConnection
) -> None:
    known = con.execute(
        "SELECT product_name || ' · ' || product_id, weeks_of_supply, sell_through FROM marts.sell_through "
        "WHERE weeks_of_supply IS NOT NULL ORDER BY weeks_of_supply, units_sold DESC, product_id"
    ).fetchall()

    points = drawn(shown["stock-chart"])
    sells = [row["product"] for row in listed(shown["stock-table"]) if row["what"] == "sells"]

    assert {(point["product"], point["weeks_of_supply"], point["sell_through"]) for point in points} == {
        (product, float(weeks), float(share)) for product, weeks, share in known
    }
    assert sells == [product for product, _, _ in known[:8]]


def test_live_data_are_not_called_invented_but_what_was_refused_is_named(shown_odd: dict[str, str]) -> None:
    assert "INVENTED" not in shown_odd["about"]
    assert "NOT COMPLETE: order_payments" in shown_odd["about"]
    assert f"{OFFERED - 1} of {OFFERED} resources" in shown_odd["about"]


def test_a_customers_name_cannot_run_code_in_the_notebook(shown_odd: dict[str, str]) -> None:
    assert any(HOSTILE in row["customer"] for row in drawn(shown_odd["customer-chart"]))
    assert any(HOSTILE in row["customer"] for row in listed(shown_odd["order-table"]))
    assert all("<script>alert" not in html for html in shown_odd.values())


def test_orders_without_a_currency_and_marts_without_rows_are_shown_as_such(shown_odd: dict[str, str]) -> None:
    assert {"USD", "no currency"} <= {bar["currency"] for bar in drawn(shown_odd["bucket-chart"])}
    assert "No rows." in shown_odd["brand-chart"]
    assert listed(shown_odd["stock-table"]) == []
