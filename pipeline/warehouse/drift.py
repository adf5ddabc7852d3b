"""Drift in the warehouse: `meta.drift` says what was met, and the views of `extra` make new fields queryable."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from pipeline.decoding.fields import Drift
from pipeline.landing import Manifest, ResourceRead
from pipeline.resources import Resource
from pipeline.resources.columns import columns_of
from pipeline.sql import identifier, literal
from pipeline.warehouse.tables import describe

# In fewer rows than this the share of nulls says nothing.
FEWEST_ROWS = 100
# A share of nulls that moved by more than so many points has jumped.
JUMP = 30
_CONTROL = re.compile(r"[\x00-\x1f]")


@dataclass(frozen=True)
class FoundDrift:
    """A difference that a run met."""

    resource: str
    field: str
    kind: str
    detail: str


def record_drift(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    """Write the drift of a run: what its manifest says, and how the shares of nulls compare with the read before.

    Only reads of the same scope are compared: what changed in a night is other rows than everything.
    """
    before = _nulls_before(con, manifest.company)
    for read in manifest.resources:
        jumps = _jumps(read, *before.get((read.resource, read.scope), (0, {})))
        for drift in (*read.fields.drift, *jumps):
            _insert(con, manifest, read.resource, drift)
    _replace_nulls(con, manifest, [read for read in manifest.resources if read.fields.rows >= FEWEST_ROWS])


def _replace_nulls(con: duckdb.DuckDBPyConnection, manifest: Manifest, reads: list[ResourceRead]) -> None:
    """Keep how many nulls the reads had instead of what was kept of their like; a statement for each takes 20 ms."""
    known = {
        "company": manifest.company,
        "resources": [read.resource for read in reads],
        "scopes": [read.scope for read in reads],
    }
    con.execute(
        "DELETE FROM meta.nulls WHERE _company = $company "
        "AND (resource, scope) IN (SELECT unnest($resources::VARCHAR[]), unnest($scopes::VARCHAR[]))",
        known,
    )
    con.execute(
        "INSERT INTO meta.nulls SELECT $run, $company, unnest($resources::VARCHAR[]), unnest($scopes::VARCHAR[]), "
        "unnest($rows::BIGINT[]), map(unnest($names::VARCHAR[][]), unnest($counts::BIGINT[][]))",
        known
        | {
            "run": manifest.run_id,
            "rows": [read.fields.rows for read in reads],
            "names": [list(read.fields.nulls) for read in reads],
            "counts": [list(read.fields.nulls.values()) for read in reads],
        },
    )


def _nulls_before(con: duckdb.DuckDBPyConnection, company: str) -> dict[tuple[str, str], tuple[int, dict[str, int]]]:
    found = con.execute(
        "SELECT resource, scope, rows, map_keys(nulls), map_values(nulls) FROM meta.nulls WHERE _company = ?", [company]
    ).fetchall()
    return {
        (resource, scope): (rows, dict(zip(names, counts, strict=True)))
        for resource, scope, rows, names, counts in found
    }


def _jumps(read: ResourceRead, rows_before: int, nulls_before: Mapping[str, int]) -> Iterable[Drift]:
    rows, nulls = read.fields.rows, read.fields.nulls
    if rows < FEWEST_ROWS:
        return
    for name, count in nulls_before.items():
        if name in nulls:
            old, new = 100 * count / rows_before, 100 * nulls[name] / rows
            if abs(new - old) > JUMP:
                yield Drift(field=name, kind="null rate", detail=f"{old:.0f} % null before, now {new:.0f} %")


def _insert(con: duckdb.DuckDBPyConnection, manifest: Manifest, resource: str, drift: Drift) -> None:
    con.execute(
        "INSERT INTO meta.drift "
        "SELECT $run, $company, $resource, $field, $kind, $detail, coalesce(min(first_seen), $at) FROM meta.drift "
        "WHERE _company = $company AND resource = $resource AND field = $field AND kind = $kind",
        {
            "run": manifest.run_id, "company": manifest.company, "resource": resource, "field": drift.field,
            "kind": drift.kind, "detail": drift.detail, "at": manifest.server_time,
        },
    )  # fmt: skip


def drift_of(con: duckdb.DuckDBPyConnection, load_id: str) -> list[FoundDrift]:
    """Return the drift of the runs that a load took up."""
    rows = con.execute(
        "SELECT resource, field, kind, min(detail) FROM meta.drift "
        "WHERE run_id IN (SELECT run_id FROM meta.runs WHERE load_id = ?) GROUP BY ALL ORDER BY kind, resource, field",
        [load_id],
    ).fetchall()
    return [FoundDrift(*row) for row in rows]


def create_extra(con: duckdb.DuckDBPyConnection, resources: Mapping[str, Resource]) -> None:
    """Create a view in `extra` for each resource in which fields were met that its contract does not name."""
    con.execute("CREATE SCHEMA IF NOT EXISTS extra")
    found = con.execute(
        "SELECT resource, list(DISTINCT field ORDER BY field) FROM meta.drift WHERE kind = 'new field' GROUP BY ALL"
    ).fetchall()
    views = con.execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = current_database() AND schema_name = 'extra'"
    ).fetchall()
    for name, paths in found:
        if name in resources:
            _create_view(con, resources[name], paths, exists=(name,) in views)


def _create_view(con: duckdb.DuckDBPyConnection, resource: Resource, paths: list[str], *, exists: bool) -> None:
    columns = _view_columns(resource, paths)
    view = f"extra.{resource.name}"
    if exists and list(describe(con, view)) == ["_company", resource.key, *columns]:
        return
    values = "".join(f", {_value(path)} AS {identifier(name)}" for name, path in columns.items())
    con.execute(
        f"CREATE OR REPLACE VIEW {view} AS SELECT _company, {identifier(resource.key)}{values} "
        f"FROM raw.{resource.name} WHERE _extra IS NOT NULL AND _deleted_at IS NULL"
    )
    comment = f"What the rows of {resource.path} have that their contract does not name, as JSON."
    con.execute(f"COMMENT ON VIEW {view} IS {literal(comment)}")
    comments = {"_company": "The company that the row was read for.", resource.key: "Key of the row in raw."}
    comments |= {name: f"{path}, as the API gave it." for name, path in columns.items()}
    for name, text in comments.items():
        con.execute(f"COMMENT ON COLUMN {view}.{identifier(name)} IS {literal(text)}")


def _view_columns(resource: Resource, paths: Iterable[str]) -> dict[str, str]:
    """Return the names of the columns with the paths that they hold.

    What the contract has come to name is in raw; names that SQL does not take stay in `_extra`.
    """
    named = {column.name for column in columns_of(resource)}
    columns: dict[str, str] = {}
    taken = {"_company", resource.key.casefold()}
    for path in paths:
        if path and path not in named and not _CONTROL.search(path):
            name, number = path, 1
            while name.casefold() in taken:  # SQL does not tell Foo from foo
                number += 1
                name = f"{path} {number}"
            taken.add(name.casefold())
            columns[name] = path
    return columns


def _value(path: str) -> str:
    """Return the expression for what `_extra` holds under a path; of objects in a list, the list of their values."""
    if "[]" not in path:
        pointer = "/" + path.replace("~", "~0").replace("/", "~1")
        return f"json_extract(_extra, {literal(pointer)})"
    keys = (
        r"list_filter(json_keys(_extra), lambda name: "
        rf"regexp_replace(name, '\[[0-9]+\]', '[]', 'g') = {literal(path)})"
    )
    pointer = "'/' || replace(replace(name, '~', '~0'), '/', '~1')"
    return f"to_json(list_transform({keys}, lambda name: json_extract(_extra, {pointer})))"
