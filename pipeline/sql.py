"""Quoting for SQL: names as identifiers, texts as literals."""


def identifier(name: str) -> str:
    """Return a name of a table, a column or a database as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return `text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
