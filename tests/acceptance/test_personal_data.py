"""What LEAFHOUSE_PII promises of everything that a night writes: nothing personal in any file, and the same marts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline.datafolder.paths import personal_key_file
from pipeline.errors import ConfigurationError
from pipeline.landing import Landing
from pipeline.resources import all_resources
from pipeline.resources.columns import shape_of
from pipeline.resources.personal import is_personal
from pipeline.resources.types import Kind, Record
from pipeline.sandbox import Sandbox
from pipeline.sandbox.world.tables import TABLES
from pipeline.terminal.load_view import describe_remnants

from ..marks import long_from
from . import commands
from .nights import ONLY, House, open_house

SECRET, LATER = "Quirkenbos", "Zwetsloot"
LATITUDE = "39.73923581"
# A field of each that is not personal, with a value that breaks its contract.
BAD = {
    "customers": {"discount_percent": f"ask {SECRET}"},
    "line_items": {"is_sample": [SECRET]},
    "order_payments": {"total": {"amount": "5.00", "currency": [SECRET]}},
    "orders_received": {"paid": f"soon, says {SECRET}"},
    "products": {"brand": {"of": SECRET}},
}
# A customer is worth something without any of its fields but the key.
SET_ASIDE = sorted(BAD.keys() - {"customers"})


def plant(sandbox: Sandbox, secret: str) -> None:
    """Put something to find into every personal field, and an unknown one, of all rows, and let some be bad."""
    with sandbox.transaction():
        for name in all_resources().keys() & TABLES.keys():
            record = all_resources()[name].record
            for number, row in enumerate(list(sandbox.rows(name))):
                planted = planted_row(row, record, secret) | {"unheard_of": {"by": [secret]}}
                sandbox.store.put(name, [planted | (BAD.get(name, {}) if number == 1 else {})])


def planted_row(row: dict[str, Any], record: type[Record], secret: str) -> dict[str, Any]:
    """Return a row, or an object inside one, with `secret` in those personal fields that it has."""
    planted = dict(row)
    for name in row.keys() & record.model_fields.keys():
        info, value = record.model_fields[name], row[name]
        shape = shape_of(info)
        if is_personal(info):
            planted[name] = LATITUDE if shape.kind is Kind.EXACT else planted_everywhere(value, f"{secret} of {name}")
        elif shape.record is not None and isinstance(value, dict):
            planted[name] = planted_row(value, shape.record, secret)
        elif shape.record is not None and isinstance(value, list):
            planted[name] = [
                planted_row(each, shape.record, secret) if isinstance(each, dict) else each for each in value
            ]
    return planted


def planted_everywhere(value: Any, secret: str) -> Any:
    if isinstance(value, dict):
        return {name: planted_everywhere(inner, secret) for name, inner in value.items()}
    if isinstance(value, list):
        return [planted_everywhere(inner, secret) for inner in value]
    return secret


def holds_secret(content: object) -> bool:
    text = repr(content)
    return any(secret in text for secret in (SECRET, LATER, LATITUDE))


def found_in(folder: Path) -> Iterator[str]:
    """Yield the files of the data folder, and the tables of its warehouses, in which something planted is found."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            if holds_secret(path.read_bytes()):
                yield path.name
            if path.suffix == ".parquet" and holds_secret(pq.read_table(path).to_pylist()):
                yield path.parent.name
            if path.suffix == ".duckdb":
                yield from tables_in(path)


def tables_in(path: Path) -> Iterator[str]:
    con = duckdb.connect(str(path), read_only=True)
    try:
        tables = con.execute("select table_schema, table_name from information_schema.tables").fetchall()
        for schema, table in tables:
            found = con.execute(f'select * from {schema}."{table}"').fetchall()
            if holds_secret(found):
                yield f"{schema}.{table}"
    finally:
        con.close()


async def two_nights(house: House) -> None:
    plant(house.sandbox, SECRET)
    await house.read(full=True)
    plant(house.sandbox, LATER)
    await house.night(full=True)


def emails(house: House) -> list[str]:
    return sorted({row["email"] for row in house.raw("customers").to_pylist() if row["email"]})


@pytest.mark.parametrize("mode", long_from(1, ["hash", "drop"]))
async def test_no_file_holds_anything_personal(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEAFHOUSE_PII", mode)
    async with open_house(tmp_path, monkeypatch, orders=15) as house:
        await two_nights(house)

        assert list(found_in(house.data_dir)) == []
        assert not holds_secret(capfd.readouterr())
        con = house.connect()
        set_aside = con.execute("select distinct resource, path from meta.quarantine order by all").fetchall()
        assert [resource for resource, _ in set_aside] == SET_ASIDE
        assert all(path for _, path in set_aside)
        assert all(house.raw(name).num_rows for name in BAD)
        con.close()


@pytest.mark.long
async def test_kept_personal_data_are_found_in_all_those_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=15) as house:
        await two_nights(house)

        found = set(found_in(house.data_dir))
        assert found >= {*BAD, "_quarantine", "meta.quarantine"}
        assert found >= {f"{schema}.{name}" for schema in ("raw", "past", "history") for name in BAD} - {
            "past.products", "history.products",  # nothing of them is personal, and history has no unknown fields
        }  # fmt: skip
        assert not personal_key_file(house.data_dir).exists()


@pytest.mark.long
async def test_the_marts_are_the_same_whatever_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, monkeypatch, orders=60, only=ONLY) as house:
        marts = {}
        for mode in ("keep", "hash", "drop"):
            monkeypatch.setenv("LEAFHOUSE_PII", mode)
            monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(tmp_path / mode))
            house.data_dir = tmp_path / mode
            await house.night()
            con = house.connect()
            names = [row[0] for row in con.execute(
                "select table_name from information_schema.tables where table_schema = 'marts' order by all"
            ).fetchall()]  # fmt: skip
            kept = "columns(lambda c: c <> 'reps')"  # all but the names of people
            marts[mode] = {
                name: con.execute(f"select {kept} from marts.{name} order by all").fetchall() for name in names
            }
            con.close()

        assert all(marts["keep"].values())
        assert marts["hash"] == marts["keep"]
        assert marts["drop"] == marts["keep"]


async def test_hashes_are_the_same_in_every_run_and_others_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAFHOUSE_PII", "hash")
    async with open_house(tmp_path, monkeypatch, orders=15, only="customers") as house:
        await house.read()
        first = emails(house)
        await house.read(full=True)
        again = emails(house)
        versions = house.connect().execute("select count(*) from past.customers").fetchone()
        house.data_dir = tmp_path / "other"
        monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(house.data_dir))
        await house.read()

        assert first == again
        assert versions == (0,)
        assert len(first) == len(emails(house)) > 1
        assert not set(first) & set(emails(house))


async def test_the_key_lies_beside_the_data_folder_and_is_its_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAFHOUSE_PII", "hash")
    async with open_house(tmp_path, monkeypatch, orders=20, only=ONLY) as house:
        await house.read()

        key = personal_key_file(house.data_dir)
        assert key.parent == house.data_dir.parent
        assert key.stat().st_mode & 0o777 == 0o600
        text = key.read_text().strip()
        for path in filter(Path.is_file, house.data_dir.rglob("*")):
            assert text.encode() not in path.read_bytes()
            assert bytes.fromhex(text) not in path.read_bytes()
        key.chmod(0o640)
        with pytest.raises(ConfigurationError, match=f"chmod 600 {key}"):
            await house.extract()
        key.chmod(0o600)
        key.write_text("not a key\n")
        with pytest.raises(ConfigurationError, match="holds no key"):
            await house.extract()


async def test_another_treatment_asks_for_everything_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "5")  # else reading all customers is no dearer than asking what changed
    async with open_house(tmp_path, monkeypatch, orders=15, only=ONLY) as house:
        await house.read()
        kept = emails(house)
        monkeypatch.setenv("LEAFHOUSE_PII", "hash")
        with pytest.raises(ConfigurationError, match="LEAFHOUSE_PII is hash, but the last run was read with keep"):
            await house.extract()
        await house.extract(full=True, only="customers")
        rest = {read.resource: read.scope for read in (await house.extract()).resources}
        house.merge()
        hashed = emails(house)
        personal_key_file(house.data_dir).unlink()
        with pytest.raises(ConfigurationError, match="its key beside the data folder is gone"):
            await house.extract()
        await house.read(full=True)

        assert rest["orders_received"] == rest["order_payments"] == "all", "what was last read otherwise is read whole"
        assert rest["customers"] == "changed"
        assert len(kept) == len(hashed) == len(emails(house))
        assert not set(kept) & set(hashed)
        assert not set(hashed) & set(emails(house))
        assert (await house.extract()).kind == "incremental"


async def test_a_change_of_treatment_reaches_the_rows_that_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbidden: set[str] = set()
    async with open_house(tmp_path, monkeypatch, orders=20, only=ONLY, forbidden=forbidden) as house:
        published = house.data_dir / "warehouse.duckdb"
        for secret in (SECRET, LATER):
            plant(house.sandbox, secret)
            await house.night(full=True)
        plain = set(tables_in(published))
        looked_after = next(each for each in house.sandbox.rows("orders_received") if each["sales_reps"])
        house.sandbox.delete_order(looked_after["number"])
        forbidden.add("products")
        monkeypatch.setenv("LEAFHOUSE_PII", "hash")

        result = await house.night(full=True)

        con = house.connect()
        runs = con.execute("select personal from meta.runs order by run_id").fetchall()
        gone = con.execute(
            "select sales_reps from raw.orders_received where number = ? and _deleted_at is not null",
            [looked_after["number"]],
        ).fetchall()
        set_aside = con.execute("select reason, raw from meta.quarantine where resource = 'products'").fetchall()
        con.close()
        assert plain >= {"raw.products", "past.orders_received", "extra.products", "meta.quarantine"}
        assert sorted(tables_in(published)) == []
        assert not holds_secret(published.read_bytes())
        assert [mode.partition(" ")[0] for (mode,) in runs] == ["keep", "keep", "hash"]
        assert gone == [([{"id": rep["id"], "user": None} for rep in looked_after["sales_reps"]],)]
        assert set_aside == [(None, None)]
        assert house.raw("products").num_rows == len(list(house.sandbox.rows("products"))) - 1
        assert result.remnants is not None
        assert result.remnants.kept == 2
        assert describe_remnants(result.remnants).startswith("LEAFHOUSE_PII was changed")

        runs = [run.run_id for run in result.intake.runs]
        for path in (*house.data_dir.glob("kept/*.duckdb"), *house.data_dir.glob("landing/_manifests/*")):
            if path != published.resolve() and path.stem not in runs:
                path.unlink()

        assert (await house.night()).remnants is None
        assert list(found_in(house.data_dir)) == []


async def test_a_run_that_was_cut_short_does_not_go_on_under_another_treatment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(landing: Landing, manifest: object, upon: object = None) -> None:
        raise OSError("no more space")

    async with open_house(tmp_path, monkeypatch, orders=15, only=ONLY) as house:
        plant(house.sandbox, SECRET)
        with monkeypatch.context() as patch:
            patch.setattr(Landing, "commit", fail)
            with pytest.raises(OSError, match="no more space"):
                await house.extract()
        left_behind = set(found_in(house.data_dir))
        monkeypatch.setenv("LEAFHOUSE_PII", "drop")
        await house.extract()
        await house.read()  # whose first act is to sweep away what no run names

        assert left_behind >= set(BAD)
        assert list(found_in(house.data_dir)) == []


def test_the_command_says_in_a_sentence_that_everything_must_be_read(house: commands.House) -> None:
    for command in ("extract", "run", "plan"):
        house.refuses(command, code=3, says=("LEAFHOUSE_PII is drop", "--full"), LEAFHOUSE_PII="drop")
    house.refuses("extract", code=3, says=("LEAFHOUSE_PII: ", "'keep', 'hash' or 'drop'"), LEAFHOUSE_PII="mask")
