"""What a read met in the fields of its rows, as the manifest says it."""

from typing import Literal

import msgspec

DriftKind = Literal["new field", "missing field", "retyped", "new value", "null rate"]


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """A difference from the contract, or from the read before: of which field, and in words."""

    field: str
    kind: DriftKind
    detail: str


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows were decoded, how many of them are null in each column, and the drift that shows in one read.

    `slow_rows` are rows that had to be taken apart one by one: no documented form needs that.
    """

    rows: int = 0
    slow_rows: int = 0
    nulls: dict[str, int] = {}
    drift: tuple[Drift, ...] = ()
