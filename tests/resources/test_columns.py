"""From a contract to its table."""

import duckdb
import pytest

from pipeline.resources import Resource, all_resources
from pipeline.resources.columns import columns_of
from pipeline.warehouse.tables import create_raw


@pytest.mark.parametrize("resource", all_resources().values(), ids=lambda each: each.name)
def test_every_resource_makes_a_table_with_a_description_for_every_column(resource: Resource) -> None:
    con = duckdb.connect()
    create_raw(con, [resource])

    held = con.execute("select column_name, comment from duckdb_columns() where schema_name = 'raw'").fetchall()
    names = [name for name, _ in held]
    columns = columns_of(resource)

    assert names[: len(columns)] == [column.name for column in columns]
    assert all(comment for _, comment in held)
    assert resource.key in names
    assert resource.path.endswith("/")


def test_names_follow_the_path() -> None:
    paths = {"customers": "customers/", "orders_received": "orders-received/", "line_items": "line-items/"}

    assert {name: all_resources()[name].path for name in paths} == paths
    assert list(all_resources()) == sorted(all_resources())


def test_money_becomes_an_amount_and_a_currency_in_exact_decimals() -> None:
    columns = {column.name: column.duckdb_type for column in columns_of(all_resources()["order_payments"])}

    assert columns["total_amount"] == "DECIMAL(38, 9)"
    assert columns["total_currency"] == "VARCHAR"
    assert columns["payment_date"] == "TIMESTAMPTZ"
