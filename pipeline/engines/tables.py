"""The tables that an engine's loads publish: Delta, each a folder of Parquet files with a log beside them.

Apache Spark writes Delta only with a jar that no Python package brings, while both engines write Parquet. So tasks and
engine write the files, and this program alone commits them, with delta-rs. A load changes a hundred tables and Delta
commits each by itself: `published.json`, put last, names the version of each that belong together.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from pipeline.errors import ConfigurationError
from pipeline.landing.files import write_aside

FORMAT = 1
COMPANY = "_company"
_PUBLISHED = "published.json"
_INSTALL = "Install an engine's packages: `pip install 'leafhouse[sail]'` or `pip install 'leafhouse[spark]'`."


class TableVersion(msgspec.Struct, frozen=True):
    """A table as a load published it: the version in Delta's log, and its columns with DuckDB's types."""

    version: int
    columns: dict[str, str]


class Published(msgspec.Struct, frozen=True):
    """What a load published: its tables, and the views of these, in DuckDB's SQL and in an order that works."""

    format: int
    load_id: str
    tables: dict[str, TableVersion]
    views: dict[str, str]


@dataclass(frozen=True)
class TableFile:
    """A Parquet file of a table; `company` is whose rows it has, in a table that is kept by company."""

    path: str
    rows: int
    company: str | None = None


class Tables:
    """The tables under a folder that all workers of the engine see."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def folder(self, table: str) -> Path:
        """Return the folder of a table, which is a schema and a name."""
        schema, _, name = table.partition(".")
        return self.root / schema / name

    def published(self) -> Published | None:
        """Return what is published; None before the first load. Raises ConfigurationError when it cannot be read."""
        path = self.root / _PUBLISHED
        try:
            found = msgspec.json.decode(path.read_bytes(), type=Published)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise ConfigurationError(f"{path}: cannot be read ({error}). Restore it.") from error
        if found.format > FORMAT:
            raise ConfigurationError(
                f"{path}: written by a newer Leafhouse (format {found.format}, this one reads {FORMAT}). Use that one."
            )
        return found

    def files(self, table: str, version: int) -> list[TableFile]:
        """Return the files of a version of a table, those of each company in the order in which they were written."""
        actions = pa.table(_delta().DeltaTable(str(self.folder(table)), version=version).get_add_actions(flatten=True))
        companies = f"partition.{COMPANY}"
        rows = actions.select([name for name in ("path", "num_records", companies) if name in actions.column_names])
        found = [
            TableFile(str(self.folder(table) / row["path"]), row["num_records"], row.get(companies))
            for row in rows.to_pylist()
        ]
        return sorted(found, key=lambda file: file.path)

    def commit(self, table: str, form: pa.Schema, files: Iterable[TableFile]) -> int:
        """Commit files as all that a table has, and return its new version."""
        delta, folder = _delta(), self.folder(table)
        folder.mkdir(parents=True, exist_ok=True)
        actions = [_added(folder, file) for file in files]
        schema = delta.Schema.from_arrow(form)
        delta.transaction.create_table_with_add_actions(str(folder), schema, actions, mode="overwrite")
        return int(delta.DeltaTable(str(folder)).version())

    def commit_companies(
        self, table: str, form: pa.Schema, files: Iterable[TableFile], since: int | None, companies: Sequence[str]
    ) -> int:
        """Commit files as all that a table has of these companies; those of others stay. Return its new version."""
        if COMPANY not in form.names:  # whose rows these are then is in Delta's log alone
            form = form.append(pa.field(COMPANY, pa.string()))
        delta, folder = _delta(), self.folder(table)
        schema, actions = delta.Schema.from_arrow(form), [_added(folder, file) for file in files]
        if since is None:
            folder.mkdir(parents=True, exist_ok=True)
            delta.transaction.create_table_with_add_actions(
                str(folder), schema, actions, mode="overwrite", partition_by=[COMPANY]
            )
            return int(delta.DeltaTable(str(folder)).version())
        held = self._restored(table, since)
        known = {field.name for field in held.schema().fields}
        if fresh := [field for field in schema.fields if field.name not in known]:
            held.alter.add_columns(fresh)
        if companies:
            chosen = [(COMPANY, "in", list(companies))]
            held.create_write_transaction(
                actions, "overwrite", held.schema(), partition_by=[COMPANY], partition_filters=chosen
            )
        return int(delta.DeltaTable(str(folder)).version())

    def keep(self, table: str, since: int) -> int:
        """Let a table stay as it is published, and return its version."""
        return int(self._restored(table, since).version())

    def _restored(self, table: str, since: int) -> Any:
        """Return a table as it is published: what an unfinished load has committed after it is undone."""
        held = _delta().DeltaTable(str(self.folder(table)))
        if held.version() != since:
            held.restore(since)
            held = _delta().DeltaTable(str(self.folder(table)))
        return held

    def publish(self, load_id: str, tables: Mapping[str, TableVersion], views: Mapping[str, str]) -> Path:
        """Let readers see these versions of the tables from now on, all at once."""
        path = self.root / _PUBLISHED
        content = msgspec.json.encode(Published(FORMAT, load_id, dict(tables), dict(views)))
        write_aside(path, lambda aside: aside.write_bytes(msgspec.json.format(content, indent=1)))
        return path


def _added(folder: Path, file: TableFile) -> Any:
    path = Path(file.path)
    return _delta().transaction.AddAction(
        path=path.relative_to(folder).as_posix(),
        size=path.stat().st_size,
        partition_values={} if file.company is None else {COMPANY: file.company},
        modification_time=int(time.time() * 1000),
        data_change=True,
        stats=json.dumps({"numRecords": file.rows}),
    )


def _delta() -> Any:
    """Return the package that reads and writes Delta's log. Raises ConfigurationError where it is not installed."""
    try:
        import deltalake
        import deltalake.transaction
    except ImportError as error:
        raise ConfigurationError(f"deltalake is not installed ({error}). {_INSTALL}") from error
    return deltalake
