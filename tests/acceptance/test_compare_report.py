"""`leafhouse compare-report`: a downloaded report against a real warehouse, as its user calls it."""

import csv
import io
import json
import shutil
import tomllib
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeline
from pipeline.reconcile.compare import compare_report

from .commands import House

REPORT = "accounts-receivable"
HEADERS = ("Order #", "Customer", "Due Date", "Balance", "Remark")
MAPPING = """
mart = "marts.ar_aging"
key = ["order_number"]
[columns]
"Nº" = "order_number"
"Offen" = "open_balance"
"Fällig" = { column = "due_date", kind = "text" }
[only]
currency = "CAD"
"""
BY_CUSTOMER = """
mart = "marts.ar_aging_by_customer"
key = ["customer_id", "currency"]
columns = { Id = "customer_id", Currency = "currency", Net = "open_net", Orders = "open_orders" }
"""

Cells = list[str]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return a folder with the published warehouse of an embedded sandbox; comparing changes nothing in it."""
    house = House(tmp_path_factory.mktemp("house"), "")
    assert house.run("run", "--sandbox", LEAFLINK_BASE_URL=None, LEAFLINK_API_KEY=None).code == 0
    return house


def query(warehouse: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(pipeline.connect(warehouse)) as con:
        return con.execute(sql).fetchall()


def open_orders(warehouse: Path) -> list[Cells]:
    """Return the open orders as a download writes them: money and dates as Americans do."""
    rows = query(warehouse, "select short_id, customer_name, due_date, open_balance from marts.ar_aging order by 1")
    return [[number, customer, american(due), dollars(balance), "Kim"] for number, customer, due, balance in rows]


def american(day: date | None) -> str:
    return f"{day:%m/%d/%Y}" if day else ""


def dollars(amount: Decimal) -> str:
    return f"(${-amount:,.2f})" if amount < 0 else f"${amount:,.2f}"


def download(folder: Path, rows: list[Cells], headers: tuple[str, ...] = HEADERS, encoding: str = "utf-8-sig") -> str:
    text = io.StringIO()
    csv.writer(text).writerows([headers, *rows])
    (folder / "report.csv").write_text(text.getvalue(), encoding, newline="")
    return "report.csv"


def compared(house: House, *arguments: str) -> tuple[int, dict[str, Any]]:
    outcome = house.run("compare-report", *arguments, "--json")
    assert outcome.stderr == ""
    return outcome.code, json.loads(outcome.stdout)


def test_a_report_that_says_the_same_is_equal(house: House) -> None:
    rows = open_orders(house.warehouse)
    ((total,),) = query(house.warehouse, "select sum(open_balance) from marts.ar_aging")
    file = download(house.folder, [[], *rows, [], ["Grand Total", "", "", dollars(total)]])
    before = house.committed()

    outcome = house.run("compare-report", REPORT, file)

    assert (outcome.code, outcome.stderr) == (0, "")
    *_, total_line, verdict = outcome.stdout.splitlines()
    assert verdict == f"Equal: {len(rows)} rows with the same values in 4 columns."
    assert total_line == (f"Totals in line {len(rows) + 4} of the file: Balance {total:,.2f}, as its rows add up to")
    assert "Order # = short_id (text, key)" in outcome.stdout
    assert "Balance = open_balance (money)" in outcome.stdout
    assert "not compared: Remark" in outcome.stdout
    assert house.committed() == before


def test_a_report_that_says_otherwise_is_taken_apart(house: House) -> None:
    rows = open_orders(house.warehouse)
    missing, dear, early, twice, *_ = rows
    ((balance,),) = query(house.warehouse, "select open_balance from marts.ar_aging order by short_id limit 1 offset 1")
    higher = balance + Decimal("0.01")
    other = [dear[0], dear[1], dear[2], dollars(higher), "Kim"]
    moved = [early[0], "Somebody Else", early[2], early[3], "Kim"]
    file = download(
        house.folder,
        [other, moved, twice, twice, *rows[4:], ["new", "Some Shop", "1/2/26", "-5"], ["long", *"1234567"]],
    )

    outcome = house.run("compare-report", REPORT, file)

    assert (outcome.code, outcome.stderr) == (1, "")
    lines = [" ".join(line.split()) for line in outcome.stdout.splitlines()]
    assert "Only here, in marts.ar_aging: 1 row" in lines
    assert any(line.startswith(f"here {missing[0]}") for line in lines)
    assert "Only there, in report.csv: 1 row" in lines
    assert f"line {len(rows) + 2} new Some Shop 2026-01-02 -5.00" in lines
    assert "Different: 2 rows" in lines
    assert f"line 2 {dear[0]} open_balance {balance:,.2f} {higher:,.2f} -0.01" in lines
    assert f"line 3 {early[0]} customer_name {' '.join(early[1].split())} Somebody Else" in lines
    assert "Not matched, since they share their key: 3 rows" in lines
    assert f"Not read: line {len(rows) + 3} has more cells than there are headers" in lines
    assert lines[-1] == (
        f"Different: 1 only here, 1 only there, 2 different of {len(rows) - 2} matched, "
        "3 with a key that others have too, 1 not read."
    )


def test_a_row_of_totals_that_does_not_add_up_is_said_but_is_no_row(house: House) -> None:
    rows = open_orders(house.warehouse)

    code, result = compared(house, REPORT, download(house.folder, [*rows, ["Total", "", "", "1,000.00"]]))

    assert code == 0
    (stated,) = result["totals_rows"]
    assert (stated["line"], stated["header"], stated["stated"]) == (len(rows) + 2, "Balance", "1000.00")
    assert stated["added_up"] == result["totals"][0]["here"] == result["totals"][0]["there"]


def test_a_last_row_without_a_key_is_a_total_only_when_it_adds_up_the_others(house: House) -> None:
    rows = open_orders(house.warehouse)
    ((total,),) = query(house.warehouse, "select sum(open_balance) from marts.ar_aging")

    adds_up = compared(house, REPORT, download(house.folder, [*rows, ["", "", "", str(total)]]))
    does_not = compared(house, REPORT, download(house.folder, [*rows, ["", "", "", str(total + 1)]]))

    assert (adds_up[0], len(adds_up[1]["totals_rows"])) == (0, 1)
    assert (does_not[0], does_not[1]["totals_rows"]) == (1, [])
    assert [each["line"] for each in does_not[1]["only_there"]] == [len(rows) + 2]


def test_a_mapping_names_the_headers_the_kinds_and_the_rows(house: House) -> None:
    rows = query(
        house.warehouse,
        "select upper(order_number), open_balance, coalesce(cast(due_date as varchar), '') from marts.ar_aging "
        "where currency = 'CAD'",
    )
    file = download(house.folder, [list(map(str, row)) for row in rows], ("Nº", "OFFEN ", "Fällig"), "latin-1")
    (house.folder / "ar.toml").write_text(MAPPING)

    code, result = compared(house, REPORT, file, "--mapping", "ar.toml")

    assert (code, result["is_equal"]) == (0, True)
    assert rows
    assert result["rows"] == {"here": len(rows), "there": len(rows), "matched": len(rows)}
    assert [each["kind"] for each in result["columns"]] == ["text", "money", "text"]


def test_any_report_compares_with_any_mart(house: House) -> None:
    rows = query(house.warehouse, "select customer_id, currency, open_net, open_orders from marts.ar_aging_by_customer")
    cells = [[str(customer), currency, str(net), f"{count}.0"] for customer, currency, net, count in rows]
    cells[0][2] = "n/a"
    file = download(house.folder, cells, ("Id", "Currency", "Net", "Orders"))
    (house.folder / "customers.toml").write_text(BY_CUSTOMER)

    code, result = compared(house, "customer-value", file, "--mapping", "customers.toml")

    assert code == 1
    (wrong,) = result["different"]
    assert (wrong["key"], wrong["column"]) == ([str(rows[0][0]), rows[0][1]], "open_net")
    assert (wrong["here"], wrong["there"], wrong["difference"]) == (str(rows[0][2]), "n/a", None)
    assert {each["currency"] for each in result["totals"]} == {currency for _, currency, _, _ in rows}
    assert [(date.fromisoformat(result["as_of"]),)] == query(house.warehouse, "select max(as_of) from meta.loads")


def test_unknown_headers_bring_a_mapping_to_fill_in(house: House) -> None:
    file = download(house.folder, open_orders(house.warehouse), ("Ref", 'The "who"', "When", "Balance", "Memo"))
    says = ("do not say which columns", "Save what is printed above", "--mapping")
    house.refuses("compare-report", REPORT, file, code=2, says=says)

    template = house.run("compare-report", REPORT, file).stdout
    filled = template.replace("key = []", 'key = ["short_id"]').replace('# "Ref" = ""', '"Ref" = "short_id"')
    filled = filled.replace('# "The \\"who\\"" = ""', '"The \\"who\\"" = "customer_name"')
    (house.folder / "ar.toml").write_text(filled)
    code, result = compared(house, REPORT, file, "--mapping", "ar.toml")

    assert code == 0
    assert [each["column"] for each in result["columns"]] == ["short_id", "customer_name", "open_balance"]
    assert "#   open_balance: total - credits" in template


def test_the_mapping_that_is_written_is_the_one_that_is_guessed(house: House) -> None:
    file = download(house.folder, open_orders(house.warehouse))

    written = house.run("compare-report", REPORT, file, "--write-mapping")
    (house.folder / "ar.toml").write_text(written.stdout)
    guessed, named = compared(house, REPORT, file), compared(house, REPORT, file, "--mapping", "ar.toml")

    assert (written.code, written.stderr) == (0, "")
    assert tomllib.loads(written.stdout)["key"] == ["short_id"]
    assert guessed[0] == named[0] == 0
    assert guessed[1]["columns"] == named[1]["columns"]


def test_of_several_companies_the_mapping_names_the_one_that_the_report_is_of(house: House, tmp_path: Path) -> None:
    shared = House(tmp_path, "")
    shared.data.mkdir()
    shutil.copy(house.warehouse, shared.warehouse)
    with closing(duckdb.connect(str(shared.warehouse))) as con:
        con.execute("insert into marts.ar_aging select * replace ('other' as _company) from marts.ar_aging limit 9")
    file = download(shared.folder, open_orders(house.warehouse))
    shared.refuses("compare-report", REPORT, file, code=2, says=("2 companies (default, other)", "[only]"))

    template = shared.run("compare-report", REPORT, file).stdout
    (shared.folder / "ar.toml").write_text(template.replace("# [only]", "[only]").replace("# _company", "_company"))
    outcome = shared.run("compare-report", REPORT, file, "--mapping", "ar.toml")

    assert outcome.code == 0
    assert "only _company = default. Invented data" in outcome.stdout


def test_an_order_number_is_known_by_its_form(house: House) -> None:
    rows = query(house.warehouse, "select order_number, cast(open_balance as varchar) from marts.ar_aging")

    code, result = compared(house, REPORT, download(house.folder, list(map(list, rows)), ("Order No.", "Balance Due")))

    assert (code, result["key"]) == (0, ["order_number"])


def test_the_inventory_overview_is_compared_as_it_is_exported(house: House) -> None:
    rows = query(
        house.warehouse,
        "select product_id, sku, product_name, brand_name, product_line, strain_classification, listing_state, "
        "wholesale_case_price, on_hand, reserved, available from marts.dim_products order by 1",
    )
    headers = (
        "Product ID,SKU,Name,Brand,Product Line,Classification,Listing State,Wholesale Price ($),Inventory (Units),"
        "Reserved Inventory (Units),Available Inventory (Units)"
    )
    formats = [*("{}",) * 7, "${:,.4f}", *("{:,.4f}",) * 3]
    lines = [
        ["" if cell is None else form.format(cell) for form, cell in zip(formats, row, strict=True)] for row in rows
    ]
    file = download(house.folder, [["As of 11/27/2026"], headers.split(","), *lines], ("Inventory Overview",))

    code, result = compared(house, "inventory-overview", file)

    assert [each["column"] for each in result["columns"]] == [
        "product_id", "product_name", "sku", "brand_name", "product_line", "strain_classification", "listing_state",
        "wholesale_case_price", "on_hand", "reserved", "available",
    ]  # fmt: skip
    assert (code, result["verdict"]) == (0, f"Equal: {len(rows)} rows with the same values in 11 columns.")


def test_products_sold_are_compared_for_the_month_that_the_mapping_names(house: House) -> None:
    rows = query(
        house.warehouse,
        "select product_name, brand_name, product_line, list_case_price, units, cases from marts.product_performance "
        "where month = '2026-10-01' and currency = 'USD' "
        "qualify count(*) over (partition by product_name, brand_name, product_line) = 1",
    )
    names = ("Product", "Brand", "Product Line", "Wholesale Price", "Amount Sold (Units)", "Amount Sold (Cases)")
    file = download(house.folder, [[*row[:3], *map(str, row[3:])] for row in rows], names)
    mapping = house.run("compare-report", "products-sold", file, "--write-mapping").stdout
    (house.folder / "sold.toml").write_text(mapping + '\n[only]\nmonth = "2026-10-01"\ncurrency = "USD"\n')

    code, result = compared(house, "products-sold", file, "--mapping", "sold.toml")

    assert result["key"] == ["product_name", "brand_name", "product_line"]
    # Products that share all three names are told as such, on our side: nothing else may differ.
    assert code == 1
    assert (result["only_here"], result["only_there"], result["different"]) == ([], [], [])


def test_a_report_whose_columns_name_no_row_asks_for_a_mapping(house: House) -> None:
    file = download(house.folder, [["Acme", "1"]], ("Brand", "Units"))

    house.refuses("compare-report", "brand-performance", file, code=2, says=("do not say which columns", "--mapping"))
    template = house.run("compare-report", "brand-performance", file, "--write-mapping").stdout

    assert "marts.brand_performance" in template
    assert '"Units" = "units"' in template


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("mart = ", ("not a mapping",)),
        ('mart = "marts.ar_aging"', ("missing required field `key`", "--write-mapping")),
        ('mart = "marts.ar_aging"\nkey = []\n[columns]', ("the key", "empty")),
        ('mart = "marts.ar_aging"\nkey = ["short_id"]\n[columns]\nBalance = "open_balance"', ("short_id is not",)),
        (
            'mart = "marts.old"\nkey = ["a"]\n[columns]\nA = "a"',
            ("no table marts.old", "marts.ar_aging_by_customer"),
        ),
        ('mart = "marts.ar_aging"\nkey = ["a"]\n[columns]\nA = "a"', ("no column a", "open_balance")),
        (MAPPING, ('header "Nº"', "Order #, Customer")),
        (MAPPING.replace('"text"', '"colour"'), ("not a mapping", "colour")),
        (MAPPING.replace("currency =", "colour ="), ("no column colour",)),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(house: House, mapping: str, says: tuple[str, ...]) -> None:
    file = download(house.folder, open_orders(house.warehouse))
    (house.folder / "ar.toml").write_text(mapping)

    house.refuses("compare-report", REPORT, file, "--mapping", "ar.toml", code=3, says=("ar", *says))


def test_what_cannot_be_compared_is_refused(house: House, tmp_path: Path) -> None:
    file = download(house.folder, open_orders(house.warehouse))

    house.refuses("compare-report", "receivables", file, code=2, says=("not a report", "accounts-receivable"))
    house.refuses("compare-report", REPORT, "gone.csv", code=2, says=("gone.csv", "No such file"))
    house.refuses("compare-report", REPORT, file, "--mapping", "gone.toml", code=3, says=("gone.toml", "No such file"))
    house.refuses("compare-report", REPORT, file, code=2, says=("no warehouse yet",), LEAFHOUSE_DATA_DIR=str(tmp_path))
    both = ("--write-mapping", "--mapping", "ar.toml")
    house.refuses("compare-report", REPORT, file, *both, code=2, says=("leave out either",))


@settings(max_examples=15)
@given(st.data())
def test_what_was_planted_is_what_is_found(house: House, data: st.DataObject) -> None:
    rows = open_orders(house.warehouse)
    changes = data.draw(
        st.dictionaries(st.integers(0, len(rows) - 1), st.sampled_from(["drop", "balance", "twice"]), max_size=9)
    )
    planted: dict[str, set[str]] = {"drop": set(), "balance": set(), "twice": set()}
    written = []
    for place, row in enumerate(rows):
        change = changes.get(place)
        if change:
            planted[change].add(row[0])
        cells = [*row[:3], "0.01" if change == "balance" else row[3], ""]
        written += [cells] * {"drop": 0, "twice": 2}.get(change or "", 1)
    added = [[f"new {number}", "Shop", "", "1"] for number in range(data.draw(st.integers(0, 3)))]
    lines = [*written, *added]
    data.draw(st.randoms()).shuffle(lines)
    file = house.folder / download(house.folder, lines)

    comparison = compare_report(house.data, REPORT, file, None)

    matches = comparison.matches
    assert {row.values[0] for row in matches.only_here} == planted["drop"]
    assert {row.values[0] for row in matches.only_there} == {row[0] for row in added}
    assert {here.values[0] for here, _, _ in matches.different} == planted["balance"]
    assert {each.here[0].values[0] for each in matches.duplicates} == planted["twice"]
    assert comparison.is_equal == (not added and not changes)
