"""The Python Data Source `leafhouse`: a partition for each owner of keys, a row for each company."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

from pipeline.engines.night import AccountTask, Night, Row

# The columns of a row, in the order of its fields.
SCHEMA = (
    "company string, run_id string, resources int, rows bigint, requests bigint, seconds double, exit_code int, "
    "message string, is_resumed boolean"
)


class LeafhouseSource(DataSource):
    """Extracts the accounts of the option `accounts`, in a night of the option `night`, both in JSON.

    What is in the options shows in plans and logs: keys are not among them.
    """

    @classmethod
    def name(cls) -> str:
        """Return what `spark.read.format` takes."""
        return "leafhouse"

    def schema(self) -> str:
        """Return the columns of a row."""
        return SCHEMA

    def reader(self, schema: Any) -> DataSourceReader:
        """Return what reads the accounts."""
        return _Reader(self.options["night"], self.options["accounts"])


class _Reader(DataSourceReader):
    def __init__(self, night: str, accounts: str) -> None:
        self._night = night
        self._accounts = accounts

    def partitions(self) -> Sequence[InputPartition]:
        tasks = msgspec.json.decode(self._accounts, type=list[msgspec.Raw])
        self._accounts = ""  # what is left of the reader goes to every task
        return [InputPartition(bytes(task)) for task in tasks]

    def read(self, partition: InputPartition) -> Iterator[tuple[Any, ...]]:
        from pipeline.engines.account import read_account  # it imports all that reads, which planning needs not

        night = msgspec.json.decode(self._night, type=Night)
        for row in read_account(night, msgspec.json.decode(partition.value, type=AccountTask)):
            yield as_columns(row)


def as_columns(row: Row) -> tuple[Any, ...]:
    """Return a row as the engine takes it."""
    return msgspec.structs.astuple(row)
