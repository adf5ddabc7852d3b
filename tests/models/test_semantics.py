"""What a company's own orders decide equals the independent count, also where they say nothing, or as much for both."""

from collections.abc import Iterator
from random import Random

import duckdb
import pytest

from pipeline.models import run_models

from ..marks import long_from
from .bench import SETTINGS, Part, clear, empty_warehouse, insert_api_rows, rows_of
from .comparison import differences
from .ledger.companies import undecided_source
from .ledger.semantics import semantics
from .ledger.source import Row

PART = Part(tables=("marts.semantics",))
READ = ("orders_received", "line_items", "order_payments", "products")


def load(con: duckdb.DuckDBPyConnection, seed: int, companies: int) -> list[Row]:
    """Fill raw with small companies whose orders contradict each other, and return what is to be decided for each."""
    random, found = Random(seed), []
    clear(con)
    for number in range(companies):
        source = undecided_source(random.randrange(10**9), SETTINGS.as_of, f"company {number}")
        for name in READ:
            insert_api_rows(con, name, source.of(name), source.company)
        if source.of("orders_received"):
            found.append(semantics(source))
    return found


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_warehouse()
    yield connection
    connection.close()


@pytest.mark.parametrize("seed", long_from(1, range(10)))
def test_what_orders_decide_equals_the_independent_count(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    expected = load(con, seed, 60)

    run_models(con, SETTINGS, PART)

    assert differences("semantics", ["_company"], rows_of(con, "marts.semantics"), expected) == ""
