"""The `meta` schema: what the warehouse knows of itself, its runs, their completeness and the rows set aside."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import duckdb

from pipeline import clock
from pipeline.errors import ConfigurationError
from pipeline.landing import Manifest, ResourceRead, WindowRead
from pipeline.models.catalog import create_or_follow, read_columns

# 2: history is a view, and raw says since when its rows are as they are.
FORMAT = 2

# Per table: its comment, and its columns with their types and comments.
_TABLES: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "warehouse": (
        "One row: what this file is.",
        (
            ("format", "INTEGER", "Version of the layout."),
            ("leafhouse", "VARCHAR", "Version of Leafhouse that wrote it last."),
            ("source", "VARCHAR", "sandbox: embedded and invented data; live: a LeafLink account."),
            ("note", "VARCHAR", "What a reader must know before using the numbers."),
            ("created_at", "TIMESTAMPTZ", "When the file was first made."),
        ),
    ),
    "companies": (
        "One row per company that is read.",
        (
            ("_company", "VARCHAR", "Its name in leafhouse.toml, or default."),
            ("timezone", "VARCHAR", "The zone in which its days begin and end."),
        ),
    ),
    "runs": (
        "One row per extract that was loaded.",
        (
            ("run_id", "VARCHAR", "Key of the run; it sorts by time."),
            ("kind", "VARCHAR", "full or incremental."),
            ("source", "VARCHAR", "sandbox or live."),
            ("base_url", "VARCHAR", "Where the rows were read."),
            ("_company", "VARCHAR", "The company they were read for."),
            ("started_at", "TIMESTAMPTZ", "When the extract began, by our clock."),
            ("finished_at", "TIMESTAMPTZ", "When it was committed, by our clock."),
            ("server_time", "TIMESTAMPTZ", "The source's clock when it began."),
            ("requests", "BIGINT", "Requests sent."),
            ("retries", "BIGINT", "Requests that were repeated."),
            ("load_id", "VARCHAR", "The load that took it."),
            ("personal", "VARCHAR", "What became of personal data: keep, drop, or hash with the mark of its key."),
            ("slow_rows", "BIGINT", "Rows that had to be taken apart one by one: no documented form needs that."),
            ("skew_seconds", "DOUBLE", "Over how many seconds the data stand apart: how long the last pass took."),
            ("passes", "INTEGER", "Passes over what changed since the reading began."),
            ("warnings", "VARCHAR[]", "What whoever looks at the run should know."),
        ),
    ),
    "reads": (
        "One row per run and resource: how it was read.",
        (
            ("run_id", "VARCHAR", "The run."),
            ("resource", "VARCHAR", "The resource."),
            ("scope", "VARCHAR", "all, changed, or sets (children with their parents)."),
            ("quarantined", "BIGINT", "Rows that broke their contract."),
            ("requests", "BIGINT", "Requests it took."),
            ("seconds", "DOUBLE", "Seconds it took."),
            ("refused", "VARCHAR", "Why the API refused it; null when it did not."),
            ("not_offered", "BOOLEAN", "Whether the API does not know the listing (404)."),
            ("server_time", "TIMESTAMPTZ", "The source's time up to which its rows are known."),
        ),
    ),
    "completeness": (
        "One row per run, resource and window that was read: the proof that all rows came.",
        (
            ("run_id", "VARCHAR", "The run."),
            ("resource", "VARCHAR", "The resource."),
            ("window", "VARCHAR", "The filters that were asked with, or everything."),
            ("stated", "BIGINT", "Rows that the API stated at the end."),
            ("received", "BIGINT", "Rows that came, without those that pages overlap by."),
            ("distinct_keys", "BIGINT", "Their distinct keys, and the rows without a readable one."),
            ("rereads", "INTEGER", "Readings that were thrown away because rows shifted."),
            ("verdict", "VARCHAR", "complete, incomplete, refused or not offered."),
            ("doubled", "BIGINT", "Rows that the listing shows twice; they were taken once."),
            ("moved", "BIGINT", "By how many rows the count moved meanwhile: rows and count agree within that."),
            ("listed_by", "VARCHAR", "What the listing is in the order of; empty: one page, or it stood still."),
        ),
    ),
    "quarantine": (
        "Rows that broke their contract and wait to be mended at the source.",
        (
            ("resource", "VARCHAR", "The resource."),
            ("key", "VARCHAR", "Key of the row, where it could be read."),
            ("path", "VARCHAR", "The field that broke the contract."),
            ("reason", "VARCHAR", "What is wrong with it."),
            ("raw", "VARCHAR", "The row as it came, but for what LEAFHOUSE_PII takes from it."),
            ("_company", "VARCHAR", "The company it was read for."),
            ("_run_id", "VARCHAR", "The run that met it last."),
            ("_extracted_at", "TIMESTAMPTZ", "When it was met last."),
        ),
    ),
    "drift": (
        "One row per run and difference that it met between the fields of the rows and the contract.",
        (
            ("run_id", "VARCHAR", "The run."),
            ("_company", "VARCHAR", "The company it was read for."),
            ("resource", "VARCHAR", "The resource."),
            ("field", "VARCHAR", "The field: total, customer.foo inside an object, sales_reps[].foo inside a list."),
            ("kind", "VARCHAR", "new field, missing field, retyped, new value or null rate."),
            ("detail", "VARCHAR", "What was met, and in how many rows."),
            ("first_seen", "TIMESTAMPTZ", "The clock of the source at the start of the first run that met it."),
        ),
    ),
    "nulls": (
        "One row per resource and scope: the nulls of the newest read of some size, for comparing the next one with.",
        (
            ("run_id", "VARCHAR", "The run."),
            ("_company", "VARCHAR", "The company it was read for."),
            ("resource", "VARCHAR", "The resource."),
            ("scope", "VARCHAR", "all, changed, or sets (children with their parents)."),
            ("rows", "BIGINT", "Rows that landed."),
            ("nulls", "MAP(VARCHAR, BIGINT)", "How many of them are null, by column."),
        ),
    ),
    "models": (
        "One row per company and table that sql/ makes: when its rows were computed, and for which date.",
        (
            ("model", "VARCHAR", "The table."),
            ("load_id", "VARCHAR", "The load that computed its rows of the company; null when they never were."),
            ("as_of", "DATE", "The date that they hold for."),
            ("kept_because", "VARCHAR", "Why they are not of the newest load's date and data; null when they are."),
            ("_company", "VARCHAR", "The company whose rows these are."),
            (
                "origin",
                "VARCHAR",
                "Hash of the model, the settings and the rows that they were computed from: while it is the same, no "
                "load computes them again. Null when each load does.",
            ),
            (
                "form",
                "VARCHAR",
                "Hash of the model and of the columns that it reads: while it is the same, so are the columns of the "
                "table, and their comments.",
            ),
        ),
    ),
    "loads": (
        "One row per published load.",
        (
            ("load_id", "VARCHAR", "Key of the load; it sorts by time."),
            ("started_at", "TIMESTAMPTZ", "When it began."),
            ("as_of", "DATE", "The date that the marts were computed for."),
            ("known_at", "TIMESTAMPTZ", "The instant from whose knowledge."),
            ("timezone", "VARCHAR", "The reporting time zone."),
            ("sell_through_days", "INTEGER", "The window of sell-through."),
        ),
    ),
}


def create_meta(con: duckdb.DuckDBPyConnection) -> None:
    """Create the schema and its tables where they do not exist, or give them the columns that they lack."""
    con.execute("CREATE SCHEMA IF NOT EXISTS meta")
    held = read_columns(con)
    for name, (comment, columns) in _TABLES.items():
        create_or_follow(con, f"meta.{name}", comment, columns, held)


def check_format(con: duckdb.DuckDBPyConnection, path: object, *, may_be_older: bool = False) -> None:
    """Raise ConfigurationError when the current database is no warehouse of ours, or of another format.

    One of an earlier format may do for whoever looks at its runs only, or brings it up to date.
    """
    try:
        row = con.execute("SELECT format, leafhouse FROM meta.warehouse").fetchone()
    except duckdb.CatalogException as error:
        raise ConfigurationError(
            f"{path}: not a warehouse that Leafhouse built. Move it away, or set LEAFHOUSE_DATA_DIR to another folder."
        ) from error
    if row is not None and row[0] > FORMAT:
        raise ConfigurationError(
            f"{path}: written by Leafhouse {row[1]} (format {row[0]}; this one reads {FORMAT}). "
            "Use the newer Leafhouse."
        )
    if row is not None and row[0] < FORMAT and not may_be_older:
        raise ConfigurationError(
            f"{path}: written by an earlier Leafhouse (format {row[0]}; this one reads {FORMAT}). "
            "Run `leafhouse load`: it brings all that is known to this format."
        )


def describe_warehouse(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    """Write what the file is. Raises ConfigurationError when the run read the other kind of source."""
    source = manifest.source
    row = con.execute("SELECT source FROM meta.warehouse").fetchone()
    if row is not None and row[0] != source:
        raise ConfigurationError(
            f"The warehouse holds {row[0]} data, but the landed run {manifest.run_id} holds {source} data. "
            "Set LEAFHOUSE_DATA_DIR to a folder of its own for each."
        )
    note = "Invented data of the embedded sandbox." if source == "sandbox" else "Data of a LeafLink account."
    if row is None:
        con.execute(
            "INSERT INTO meta.warehouse VALUES (?, ?, ?, ?, ?)",
            [FORMAT, version("leafhouse"), source, note, clock.now()],
        )
    else:
        con.execute("UPDATE meta.warehouse SET format = ?, leafhouse = ?", [FORMAT, version("leafhouse")])


def record_companies(con: duckdb.DuckDBPyConnection, timezones: Mapping[str, str]) -> None:
    """Write which companies are read, and the time zone of each. Rows of others keep theirs."""
    for company, timezone in timezones.items():
        con.execute("DELETE FROM meta.companies WHERE _company = ?", [company])
        con.execute("INSERT INTO meta.companies VALUES (?, ?)", [company, timezone])


def record_run(con: duckdb.DuckDBPyConnection, manifest: Manifest, load_id: str) -> None:
    """Write a run that has been merged, with the proof of its completeness."""
    _insert(
        con, "runs", run_id=manifest.run_id, kind=manifest.kind, source=manifest.source, base_url=manifest.base_url,
        _company=manifest.company, started_at=manifest.started_at, finished_at=manifest.finished_at,
        server_time=manifest.server_time, requests=manifest.requests, retries=manifest.retries, load_id=load_id,
        personal=manifest.personal, warnings=list(manifest.warnings), skew_seconds=manifest.skew_seconds,
        passes=manifest.passes, slow_rows=manifest.slow_rows,
    )  # fmt: skip
    for read in manifest.resources:
        _insert(
            con, "reads", run_id=manifest.run_id, resource=read.resource, scope=read.scope,
            quarantined=read.quarantined, requests=read.requests, seconds=read.seconds, refused=read.refused,
            not_offered=read.not_offered, server_time=read.server_time,
        )  # fmt: skip
        whole = WindowRead(
            window="everything",
            stated=read.stated,
            received=read.received,
            distinct=read.distinct,
            rereads=read.rereads,
        )
        for window in read.windows or (whole,):
            con.execute(
                "INSERT INTO meta.completeness VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    manifest.run_id, read.resource, window.window, window.stated, window.received, window.distinct,
                    window.rereads, _verdict(read, window), window.doubled, window.moved, window.order,
                ],
            )  # fmt: skip


def _insert(con: duckdb.DuckDBPyConnection, table: str, **values: object) -> None:
    """Insert a row by its names: a table that gained columns has them in another order than a new one."""
    names, marks = ", ".join(values), ", ".join("?" for _ in values)
    con.execute(f"INSERT INTO meta.{table} ({names}) VALUES ({marks})", list(values.values()))


def _verdict(read: ResourceRead, window: WindowRead) -> str:
    if not read.was_read:
        return "not offered" if read.not_offered else "refused"
    return "complete" if window.is_complete else "incomplete"


_NEWEST_READS = (
    "FROM meta.reads JOIN meta.runs USING (run_id) "
    "QUALIFY row_number() OVER (PARTITION BY resource, _company ORDER BY run_id DESC) = 1"
)


def newest_reads(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str | None]]:
    """Return, by company and resource, what stood in the way of its newest read; None when it came."""
    rows = con.execute(
        "SELECT _company, resource, CASE WHEN refused IS NOT NULL THEN 'was refused' "
        f"WHEN not_offered THEN 'is not offered' END FROM ({_NEWEST_READS}) ORDER BY ALL"
    ).fetchall()
    reads: dict[str, dict[str, str | None]] = {}
    for company, resource, reason in rows:
        reads.setdefault(company, {})[resource] = reason
    return reads


def refused_reads(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """Return company, resource and reason of every newest read that was refused, whichever run that was."""
    return con.execute(
        f"SELECT _company, resource, refused FROM ({_NEWEST_READS}) WHERE refused IS NOT NULL ORDER BY ALL"
    ).fetchall()


def newest_runs(con: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    """Return, by company, the source's clock (UTC) at the start of its newest run; the newest of all comes last."""
    rows = con.execute(
        "SELECT _company, epoch_us(arg_max(server_time, run_id)) FROM meta.runs GROUP BY 1 ORDER BY max(run_id)"
    ).fetchall()
    return {company: instant(seen) for company, seen in rows}


def reached(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, datetime]]:
    """Return, by company and resource, the source's time (UTC) up to which its rows are known.

    The newest run that read the resource says it: one that did not ask for it, or was refused, says nothing.
    """
    rows = con.execute(
        # Reads from before their time was written began when their run did, as far as anybody knows.
        "SELECT _company, resource, epoch_us(arg_max(coalesce(reads.server_time, runs.server_time), run_id)) "
        "FROM meta.reads JOIN meta.runs USING (run_id) "
        "WHERE refused IS NULL AND NOT coalesce(not_offered, false) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    found: dict[str, dict[str, datetime]] = {}
    for company, resource, at in rows:
        found.setdefault(company, {})[resource] = instant(at)
    return found


def timezones_of(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the time zone of each company that is, or was, read."""
    return dict(con.execute("SELECT _company, timezone FROM meta.companies").fetchall())


def instant(microseconds: int) -> datetime:
    """Return the instant (UTC) so many microseconds after 1970: DuckDB's own needs a package for time zones."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
