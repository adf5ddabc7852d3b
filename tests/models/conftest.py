"""What tests of many companies share."""

from collections.abc import Iterator

import duckdb
import pytest

from pipeline.models import run_models

from .bench import PROJECT, SETTINGS, empty_warehouse


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse without rows, whose models have run; a file of tests may have its own."""
    connection = empty_warehouse()
    run_models(connection, SETTINGS, PROJECT)
    yield connection
    connection.close()
