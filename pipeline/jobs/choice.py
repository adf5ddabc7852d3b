"""Choosing by name: sellers and brands, and what a name could have meant that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches

import duckdb

from pipeline.errors import UsageError
from pipeline.warehouse.published import has_table

_FEW = 5


def describe_unknown(kind: str, wanted: str, known: Iterable[str]) -> str:
    """Return that there is no `kind` called `wanted`, with the known names that are nearest to it, in any case."""
    names = {name.casefold(): name for name in sorted(known)}
    if not names:
        return f"{wanted}: no such {kind}; there is none at all."
    near = get_close_matches(wanted.casefold(), names, n=_FEW, cutoff=0.4) or list(names)[:_FEW]
    return f"{wanted}: no such {kind}. The nearest: {', '.join(names[name] for name in near)}."


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
