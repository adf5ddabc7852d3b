"""`leafhouse export`: files for other programs that say the same as the warehouse, to the last digit."""

import csv
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pyarrow.parquet as pq
import pytest

from . import commands
from .commands import House

AGING = "select order_number, customer_name, open_balance, due_date, days_past_due, is_stale from ar_aging order by 1"
NASTY = (
    "select '=1+1' as \"=name\", '+1 (303) 555' as phone, '-x' as minus, '@x' as at_sign, chr(9) || 'x' as tab, "
    "'＝1' as wide, 'ok=' as plain, -5 as number, -1.50::decimal(38, 2) as amount, "
    "1234567890123456.78::decimal(38, 2) as large, 100000000000000000::bigint as round, "
    "timestamptz '2026-11-24 12:00:00-07' as at, date '2026-11-24' as day, date '1850-01-01' as old_day, "
    "true as yes, null as nothing, 'a' as twice, 'b' as twice; -- and no more"
)
_XML = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def sheet_of(path: Path, number: int) -> list[dict[str, tuple[str, str]]]:
    """Return the rows of a sheet: by column letters, the kind of each cell (n for a number, f for a formula) and it."""
    root = ElementTree.fromstring(zipfile.ZipFile(path).read(f"xl/worksheets/sheet{number}.xml"))
    return [
        {
            re.sub(r"\d", "", cell.get("r", "")): (
                "f" if cell.find("s:f", _XML) is not None else cell.get("t", "n"),
                "".join(cell.itertext()),
            )
            for cell in row
        }
        for row in root.iterfind(".//s:row", _XML)
    ]


def published(house: House, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(house.warehouse, read_only=True) as con:
        return con.execute(sql).fetchall()


def test_the_three_formats_say_what_the_warehouse_says(house: House) -> None:
    for ending in ("parquet", "csv", "xlsx"):
        done = house.run("export", "--sql", AGING, "--to", f"out/aging.{ending}")
        assert done.code == 0, done

    out = house.folder / "out"
    rows = published(house, AGING)
    assert rows
    with duckdb.connect() as con:
        assert con.execute("from read_parquet(?)", [str(out / "aging.parquet")]).fetchall() == rows
        types = "columns = {a: 'varchar', b: 'varchar', c: 'decimal(38, 2)', d: 'date', e: 'int', f: 'boolean'}"
        found = con.execute(f"from read_csv(?, header = true, {types})", [str(out / "aging.csv")]).fetchall()
        assert found == rows
    sheet = sheet_of(out / "aging.xlsx", 1)
    assert [line["C"] for line in sheet[1:]] == [("n", str(row[2])) for row in rows]
    commands.assert_private(out)


def test_a_mart_goes_under_its_name_into_a_folder_and_says_of_which_load_it_is(house: House) -> None:
    done = house.run("export", "marts.ar_aging", "--to", "out", "--format", "parquet", "--json")
    sheet = house.run("export", "ar_aging", "--to", "out/", "--format", "xlsx")

    path = house.folder / "out" / "ar_aging.parquet"
    ((load, as_of),) = published(house, "select load_id, cast(as_of as varchar) from meta.loads")
    document = json.loads(done.stdout)
    ((count,),) = published(house, "select count(*) from ar_aging")
    assert (document["load"], document["as_of"], document["rows"]) == (load, as_of, count)
    assert document["files"] == [
        {
            "name": "ar_aging", "path": "out/ar_aging.parquet", "rows": count, "bytes": path.stat().st_size,
            "numbers_as_text": 0,
        }
    ]  # fmt: skip
    metadata = pq.read_schema(path).metadata
    assert (metadata[b"leafhouse.load"], metadata[b"leafhouse.as_of"]) == (str(load).encode(), str(as_of).encode())
    assert f"load {load}, as of {as_of}, read until " in sheet.stdout
    about = {line["A"][1]: line["B"][1] for line in sheet_of(path.with_suffix(".xlsx"), 2)}
    assert (about["name"], about["load"], about["as_of"], about["rows"]) == ("ar_aging", load, as_of, str(count))
    assert about["note"] == "Data of a LeafLink account."


def test_all_marts_become_a_file_each(house: House) -> None:
    done = house.run("export", "--all", "--to", "out", "--format", "csv", "--json")

    names = {
        name
        for (name,) in published(
            house,
            "select table_name from information_schema.tables where table_schema = 'marts'",
        )
    }
    assert {path.name for path in (house.folder / "out").iterdir()} == {f"{name}.csv" for name in names}
    assert {each["name"] for each in json.loads(done.stdout)["files"]} == names
    commands.assert_private(house.folder / "out")


def test_no_text_becomes_a_formula_and_every_number_stays_one(house: House) -> None:
    assert house.run("export", "--sql", NASTY, "--to", "nasty.csv").code == 0
    told = house.run("export", "--sql", NASTY, "--to", "nasty.xlsx")

    with (house.folder / "nasty.csv").open(encoding="utf-8", newline="") as file:
        names, values = csv.reader(file)
    assert names[0] == "'=name"
    assert values == [
        "'=1+1", "'+1 (303) 555", "'-x", "'@x", "'\tx", "'＝1", "ok=", "-5", "-1.50", "1234567890123456.78",
        "100000000000000000", "2026-11-24T19:00:00.000000Z", "2026-11-24", "1850-01-01", "true", "", "a", "b",
    ]  # fmt: skip
    _, cells = sheet_of(house.folder / "nasty.xlsx", 1)
    assert list(cells.values()) == [
        ("inlineStr", "=1+1"), ("inlineStr", "+1 (303) 555"), ("inlineStr", "-x"), ("inlineStr", "@x"),
        ("inlineStr", "\tx"), ("inlineStr", "＝1"), ("inlineStr", "ok="), ("n", "-5"), ("n", "-1.50"),
        ("inlineStr", "1234567890123456.78"), ("n", "1E+17"), ("inlineStr", "2026-11-24T19:00:00.000000Z"),
        ("n", "46350"), ("inlineStr", "1850-01-01"), ("b", "1"), ("inlineStr", "a"), ("inlineStr", "b"),
    ]  # fmt: skip
    assert "1 number written as text: a cell of Excel holds 15 digits" in told.stdout


def test_rows_that_the_last_load_kept_are_exported_with_a_warning(house: House) -> None:
    with duckdb.connect(house.warehouse) as con:
        con.execute(
            "update meta.models set as_of = '2026-11-01', kept_because = 'order_payments was refused' "
            "where model = 'marts.ar_aging'"
        )
    why = "marts.ar_aging: kept as of 2026-11-01 for the company default, since order_payments was refused."

    mart, other, every = (
        house.run("export", *selection, "--json")
        for selection in (
            ["ar_aging", "--to", "aging.xlsx"],
            ["--sql", "select 1", "--to", "one.csv"],
            ["--all", "--to", "out", "--format", "parquet"],
        )
    )

    warned = [why in json.loads(done.stdout)["warnings"] for done in (mart, other, every)]
    assert warned == [True, False, True]
    about = {line["A"][1]: line["B"][1] for line in sheet_of(house.folder / "aging.xlsx", 2)}
    assert why in about["warnings"]
    assert why.encode() in pq.read_schema(house.folder / "out" / "ar_aging.parquet").metadata[b"leafhouse.warnings"]


def test_what_is_there_is_written_over_only_by_force(house: House) -> None:
    path = house.folder / "aging.csv"
    path.write_text("mine")

    house.refuses("export", "ar_aging", "--to", "aging.csv", code=2, says=("aging.csv: there already", "--force"))
    assert path.read_text() == "mine"

    assert house.run("export", "ar_aging", "--to", "aging.csv", "--force").code == 0
    assert path.read_text().startswith("_company,")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--to", "x.csv"], "one of the three"),
        (["ar_aging", "--all", "--to", "out", "--format", "csv"], "one of the three"),
        (["ar_agin", "--to", "x.csv"], "ar_agin: no such mart. The nearest: ar_aging"),
        (["ar_aging", "--to", "out"], "Add --format parquet, csv or xlsx"),
        (["ar_aging", "--to", "x.csv", "--format", "xlsx"], "does not go with this ending"),
        (["ar_aging", "--to", "x.txt", "--format", "csv"], "neither a folder nor a file"),
        (["--all", "--to", "x.csv"], "neither a folder nor a file"),
        (["--sql", "select 1", "--to", "out", "--format", "csv"], "out/answer.csv"),
        (["--sql", "drop table raw.brands", "--to", "x.csv"], "DROP: the warehouse is only read"),
        (["--sql", "select 1; select 2", "--to", "x.csv"], "2 statements"),
        (["--sql", "select nope", "--to", "x.csv"], "The query failed."),
        (["--sql", "select interval 1 day", "--to", "x.parquet"], "Parquet cannot hold"),
        (["--sql", "select repeat('x', 40000) as long_text", "--to", "x.xlsx"], "long_text: a text of more than"),
        pytest.param(
            ["--sql", "from range(1048576)", "--to", "x.xlsx"], "More than 1,048,575 rows", marks=pytest.mark.long
        ),
        (["ar_aging", "--to", "data/landing/x.parquet"], "which is the loads' own"),
        (["ar_aging", "--to", "data/kept/x.csv"], "which is the loads' own"),
    ],
)
def test_what_cannot_be_exported_is_2_and_leaves_nothing(house: House, arguments: list[str], says: str) -> None:
    before = set(house.folder.rglob("*"))

    house.refuses("export", *arguments, code=2, says=(says,))

    assert set(house.folder.rglob("*")) == before


def test_without_a_warehouse_it_says_what_to_run(empty: House) -> None:
    empty.refuses("export", "ar_aging", "--to", "x.csv", code=2, says=("no warehouse yet. Run `make extract load`",))


def test_without_its_library_xlsx_says_what_to_install(house: House) -> None:
    program = "import sys; sys.modules['xlsxwriter'] = None; from pipeline import cli; cli.main()"

    done = subprocess.run(
        [sys.executable, "-c", program, "export", "ar_aging", "--to", "x.xlsx"], cwd=house.folder,
        env=house.environment(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(
        "--format xlsx: needs the package xlsxwriter, which is not installed. Run `make xlsx`"
    )
    assert not (house.folder / "x.xlsx").exists()
