"""Each fault of a row spoils what it names, in the same rows wherever they are served, until the schedule ends."""

import json
from typing import Any

import pytest

from pipeline.resources import all_resources
from pipeline.sandbox import Faults, Sandbox, serve
from pipeline.sandbox.store.store import from_json
from pipeline.sandbox.trouble.faults import ROW_FAULTS
from pipeline.sandbox.trouble.spoiling import bad_field

from .conftest import RESOURCES, client_of
from .raw import ask_raw


async def spoiled_row(sandbox: Sandbox, resource: str, fault: str, settings: str = "") -> bytes:
    """Return the first row of the resource as bytes, from a server whose rows all have the fault."""
    async with serve(sandbox, faults=Faults({fault: 1.0})) as base:
        answer = await ask_raw(base, f"{resource.replace('_', '-')}/?limit=1{settings}")
    assert answer.status == 200
    return answer.body.partition(b'"results":[')[2].removesuffix(b"]}")


def value_in(row: bytes, path: str) -> bytes:
    """Return what stands behind the field's name, up to the end of the row."""
    for name in path.split("."):
        row = row.partition(f'"{name}":'.encode())[2]
    return row


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize(
    ("fault", "written"),
    [
        ("nan", b"NaN"),
        ("big-float", b"1e400"),
        ("lone-surrogate", b'"half \\ud83c of a leaf"'),
        ("nul", b'"before\\u0000after"'),
        ("bad-utf8", b'"caf\xe9 \xff"'),
        ("null-key", b"null"),
        ("wrong-type", b'["not",'),
        ("year-0001", b'"0001-01-01T00:00:00+05:00"'),
        ("year-9999", b'"9999-12-31T23:59:59.999999-07:00"'),
        ("huge-row", b'"' + b"x" * 4 * 2**20),
        ("deep", b"[" * 5000 + b"]" * 5000),
    ],
)
async def test_a_bad_value_stands_in_its_field(shared: Sandbox, resource: str, fault: str, written: bytes):
    row = await spoiled_row(shared, resource, fault)

    assert value_in(row, bad_field(resource, fault)).startswith(written)


@pytest.mark.parametrize("resource", RESOURCES)
async def test_an_id_can_be_written_as_a_float(shared: Sandbox, resource: str):
    name = bad_field(resource, "float-id")
    row = json.loads(await spoiled_row(shared, resource, "float-id"))

    assert isinstance(row[name], float)
    assert row[name] == next(shared.rows(resource))[name]


@pytest.mark.parametrize("resource", RESOURCES)
async def test_a_name_can_come_twice_with_two_values(shared: Sandbox, resource: str):
    name = bad_field(resource, "duplicate-key")
    pairs = from_pairs(await spoiled_row(shared, resource, "duplicate-key"))

    values = [value for each, value in pairs if each == name]
    assert len(values) == 2
    assert values[0] != values[1]


def from_pairs(body: bytes) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = json.loads(body, object_pairs_hook=lambda found: found)
    return pairs


def test_every_fault_spoils_a_field_that_the_contract_knows_except_the_new_one():
    contracts = {resource.name: resource.record.model_fields for resource in all_resources().values()}

    for resource in RESOURCES:
        known = contracts[resource]
        for fault in ROW_FAULTS:
            name = bad_field(resource, fault).partition(".")[0]
            assert (name in known or name in {field.alias for field in known.values()}) != (fault == "deep")


async def test_bad_rows_are_those_that_the_schedule_picks_and_no_others(shared: Sandbox):
    faults = Faults({"wrong-type": 0.05, "null-key": 0.05, "year-9999": 0.05}, seed=3)

    async with client_of(shared, faults=faults) as client:
        rows = await client.everything("customers/?limit=30")
        again = await client.everything("customers/?limit=7")

    bad = {key: faults.of_row("customers", key) for key in (row["id"] for row in shared.rows("customers"))}
    assert {fault for fault in bad.values() if fault} == {"wrong-type", "null-key", "year-9999"}
    for right, row, (_, fault) in zip(shared.rows("customers"), rows, bad.items(), strict=True):
        differing = {name for name in right if right[name] != row[name]}
        assert differing == ({bad_field("customers", fault)} if fault else set())
    assert again == rows


async def test_a_bad_row_is_bad_wherever_it_is_served(shared: Sandbox):
    faults = Faults({"wrong-type": 0.2})
    order = next(shared.rows("orders_received"))["number"]
    bad = {line["id"] for line in shared.lines_of(order) if faults.of_row("line_items", line["id"])}

    async with client_of(shared, faults=faults) as client:
        ways = [
            (await client.get(f"orders-received/{order}/?include_children=line_items"))["line_items"],
            (await client.get("orders-received/?limit=1&include_children=line_items"))["results"][0]["line_items"],
            await client.everything(f"line-items/?order={order}"),
            await client.everything(f"orders-received/{order}/line-items/"),
        ]

    for lines in ways:
        assert {line["id"] for line in lines if isinstance(line["quantity"], list)} == bad
    assert 0 < len(bad) < len(ways[0])


async def test_a_field_that_was_left_out_is_not_bad(shared: Sandbox):
    row = from_json(await spoiled_row(shared, "customers", "nan", "&fields_include=id,name"))

    assert row == {name: next(shared.rows("customers"))[name] for name in ("id", "name")}


async def test_bad_rows_are_well_when_the_schedule_ends(shared: Sandbox):
    async with client_of(shared, faults=Faults({"wrong-type": 1.0}, until=1)) as client:
        bad, good = await client.get("products/?limit=5"), await client.get("products/?limit=5")

    assert all(isinstance(row["wholesale_price"]["amount"], list) for row in bad["results"])
    assert good["results"] == list(shared.rows("products"))[:5]
