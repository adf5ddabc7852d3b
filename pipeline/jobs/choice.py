"""Choosing by name: sellers and brands."""

import duckdb

from pipeline.errors import UsageError, describe_unknown
from pipeline.warehouse.published import has_table


def seller_names(con: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """Return the names of the companies that the warehouse knows, by id."""
    if not has_table(con, "marts.dim_companies"):
        return {}
    return dict(con.execute("SELECT company_id, company_name FROM marts.dim_companies").fetchall())


def choose_sellers(con: duckdb.DuckDBPyConnection, wanted: str | None) -> list[int] | None:
    """Return the ids of the seller that is named by id or by name in any case; None without one. Raises UsageError."""
    query = "SELECT DISTINCT seller_id, seller_name FROM marts.fct_orders WHERE seller_id IS NOT NULL"
    return _choose("seller", wanted, con.execute(query).fetchall())


def choose_brands(con: duckdb.DuckDBPyConnection, wanted: str | None) -> list[int] | None:
    """Return the ids of the brand that is named by id or by name in any case; None without one. Raises UsageError."""
    query = "SELECT DISTINCT brand_id, brand_name FROM marts.dim_brands WHERE brand_id IS NOT NULL"
    return _choose("brand", wanted, con.execute(query).fetchall())


def _choose(kind: str, wanted: str | None, known: list[tuple[int, str | None]]) -> list[int] | None:
    if wanted is None:
        return None
    ids = [key for key, name in known if wanted.casefold() in (str(key), (name or "").casefold())]
    if not ids:
        raise UsageError(describe_unknown(kind, wanted, {name or str(key) for key, name in known}))
    return ids
