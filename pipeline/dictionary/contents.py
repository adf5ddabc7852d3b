"""What the dictionary says, read from a warehouse, from the models and from the contracts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from pipeline.dictionary.fields import Ancestors, Ancestry
from pipeline.dictionary.joins import Join, find_joins
from pipeline.models import Project
from pipeline.models.catalog import Relation, relations
from pipeline.resources import Resource
from pipeline.warehouse.meta import instant, reached

_UNSPACED = re.compile(r",(?! )")
# In the order in which they are met, each with what it is. What `past` holds, `history` shows; `main` shows the marts.
_SCHEMAS = {
    "marts": "What is asked most: facts, dimensions and reports. Each is in main too, so that no schema is written.",
    "history": "Every version of orders, lines, payments, products and customers, and stock by day.",
    "raw": "What LeafLink gave, field by field, with what is deleted there.",
    "staging": "The live rows of raw with the names and types of the marts.",
    "intermediate": "Steps on the way to the marts.",
    "seeds": "Small tables that come with Leafhouse.",
    "extra": "Fields that LeafLink sent and no contract names yet.",
    "meta": "What the warehouse knows of itself: its loads, the runs that it took, and how complete they were.",
    "audit": "What the audits found, load by load.",
}


@dataclass(frozen=True)
class Column:
    """A column with its type and its meaning; `ancestry` is None outside the models."""

    name: str
    kind: str
    meaning: str
    is_key: bool
    ancestry: Ancestry | None


@dataclass(frozen=True)
class Table:
    """A table or view: what a row is, its key, the resources without which it stays as it was, its columns."""

    schema: str
    name: str
    meaning: str
    is_view: bool
    needs: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Schema:
    """The tables of a schema, by name."""

    name: str
    meaning: str
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Audit:
    """An audit of the load: what it holds to be so, and the rows that it found; None when it was skipped."""

    name: str
    severity: str
    description: str
    failures: int | None
    skipped: str | None
    failing_since: date | None


@dataclass(frozen=True)
class Read:
    """The rows of a resource at a company, and the source's time (UTC) up to which they are known."""

    company: str
    resource: str
    until: datetime


@dataclass(frozen=True)
class Load:
    """The load that made the warehouse; times are UTC."""

    load_id: str
    started_at: datetime
    as_of: date
    note: str
    is_invented: bool
    version: str


@dataclass(frozen=True)
class Contents:
    """All that the page says. No row of the data is in it."""

    load: Load | None
    reads: tuple[Read, ...]
    schemas: tuple[Schema, ...]
    joins: tuple[Join, ...]
    audits: tuple[Audit, ...]

    @property
    def tables(self) -> list[Table]:
        """All tables, schema by schema."""
        return [table for schema in self.schemas for table in schema.tables]


def read_contents(
    con: duckdb.DuckDBPyConnection, resources: Mapping[str, Resource], project: Project | None = None
) -> Contents:
    """Read what the dictionary says of the connection's current warehouse."""
    models = {model.name: model for model in (project or Project()).models}
    found = relations(con)
    carried = {f"previous.{name.partition('.')[2]}": model.columns.keys() for name, model in models.items()}
    columns = carried | {name: each.columns.keys() for name, each in found.items()}
    ancestors = Ancestors(models.values(), columns, resources)
    keys = {name: model.key for name, model in models.items()}
    keys |= {f"raw.{name}": ("_company", each.key) for name, each in resources.items()}
    keys |= {f"history.{name}": ("_company", each.key, "_valid_from") for name, each in resources.items()}

    def table(name: str, relation: Relation) -> Table:
        schema, _, short = name.partition(".")
        model = models.get(name)
        return Table(
            schema, short, relation.comment or "", relation.is_view,
            tuple(sorted(model.needs or ())) if model is not None else (),
            tuple(
                Column(
                    column, _UNSPACED.sub(", ", kind.lower()), comment or "", column in keys.get(name, ()),
                    ancestors.of(name, column) if model is not None else None,
                )
                for column, (kind, comment) in relation.columns.items()
            ),
        )  # fmt: skip

    schemas = tuple(
        Schema(schema, meaning, tables)
        for schema, meaning in _SCHEMAS.items()
        if (tables := tuple(table(name, each) for name, each in sorted(found.items()) if name.startswith(f"{schema}.")))
    )
    marts = {name.partition(".")[2]: each.columns.keys() for name, each in sorted(found.items()) if _is_mart(name)}
    joins = find_joins(marts, {name.partition(".")[2]: key for name, key in keys.items() if _is_mart(name)})
    load = _load(con)
    audits = () if load is None or "audit.results" not in found else _audits(con, load.load_id)
    reads = tuple(Read(company, *read) for company, times in reached(con).items() for read in times.items())
    return Contents(load, reads, schemas, tuple(joins), audits)


def _is_mart(name: str) -> bool:
    return name.startswith("marts.")


def _load(con: duckdb.DuckDBPyConnection) -> Load | None:
    row = con.execute(
        "SELECT load_id, epoch_us(started_at), as_of, note, source = 'sandbox', leafhouse "
        "FROM meta.loads, meta.warehouse ORDER BY load_id DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    load_id, started, *rest = row
    return Load(load_id, instant(started), *rest)


def _audits(con: duckdb.DuckDBPyConnection, load_id: str) -> tuple[Audit, ...]:
    rows = con.execute(
        "SELECT audit_id, severity, coalesce(description, ''), failures, skipped, failing_since FROM audit.results "
        "WHERE run_id = ? ORDER BY severity, audit_id",
        [load_id],
    ).fetchall()
    return tuple(Audit(*row) for row in rows)
