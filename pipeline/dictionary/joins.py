"""Which tables of the marts join by which key: those of facts and dimensions that other tables name."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

# Columns that are the key of another table under a name of their own.
_ROLES = {
    "seller_id": "company_id",
    "owner_id": "company_id",
    "rep_id": "staff_id",
    "recorded_by": "staff_id",
    "parent_id": "product_id",
}
# Has the name of a key, and holds others: a retailer is none of the companies that the key sees.
_OTHERS = {("retail_depletion", "company_id")}
_TARGETS = ("dim_", "fct_")


@dataclass(frozen=True)
class Join:
    """A column of a table, and the table with its key that it is a key of; both have `_company` beside it."""

    table: str
    column: str
    target: str
    key: str


def find_joins(columns: Mapping[str, Collection[str]], keys: Mapping[str, Sequence[str]]) -> list[Join]:
    """Return the joins between tables of the marts, of which `columns` and `keys` are given by name."""
    targets = {
        key[1]: table
        for table, key in keys.items()
        if table.startswith(_TARGETS) and table in columns and len(key) == 2 and key[0] == "_company"
    }
    return [
        Join(table, column, targets[key], key)
        for table, names in columns.items()
        for column in names
        if (key := _ROLES.get(column, column)) in targets
        and (table, column) != (targets[key], key)
        and (table, column) not in _OTHERS
    ]
