"""The marts of a warehouse by name, with what their comments say of them."""

from collections.abc import Iterable, Mapping

import duckdb

from pipeline.errors import UsageError, describe_unknown
from pipeline.models.catalog import Relation, relations

_SCHEMA = "marts."


def read_marts(con: duckdb.DuckDBPyConnection, names: Iterable[str] | None = None) -> Mapping[str, Relation]:
    """Return the marts by name, all of them or those of the `names`; `marts.` may stand before a name.

    Raises UsageError for a name that no mart has.
    """
    there = {
        name.removeprefix(_SCHEMA): relation
        for name, relation in sorted(relations(con).items())
        if name.startswith(_SCHEMA)
    }
    if names is None:
        return there
    wanted = [name.removeprefix(_SCHEMA) for name in names]
    for name in wanted:
        if name not in there:
            raise UsageError(describe_unknown("mart", name, there))
    return {name: there[name] for name in wanted}
