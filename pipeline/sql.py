"""Writing SQL: names as identifiers, texts as literals, types as DuckDB writes them."""

import duckdb

# What DuckDB made of each type so far. A load compares 700 columns of 29 types: asking for each took 18 ms of 600.
_spelled: dict[str, str] = {}


def identifier(name: str) -> str:
    """Return a name of a table, a column or a database as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return `text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def spelled(con: duckdb.DuckDBPyConnection, kind: str) -> str:
    """Return a type as DuckDB lists it, however `kind` writes it."""
    if kind not in _spelled:
        _spelled[kind] = str(con.type(kind))
    return _spelled[kind]
