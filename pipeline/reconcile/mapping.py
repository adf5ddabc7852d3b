"""Which column of a report is which column of ours: a mapping, and the TOML file that a person writes it in."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pipeline.errors import ConfigurationError
from pipeline.reconcile.values import Kind


@dataclass(frozen=True)
class Pair:
    """A header of the report, our column that says the same, and how to compare them (None: by our column's type)."""

    header: str
    column: str
    kind: Kind | None = None


@dataclass(frozen=True)
class Mapping:
    """How a report compares: our table, the columns of ours that identify a row, the pairs, and which rows of ours."""

    mart: str
    key: tuple[str, ...]
    pairs: tuple[Pair, ...]
    only: dict[str, str] = field(default_factory=dict)


class _Column(msgspec.Struct, forbid_unknown_fields=True):
    column: str
    kind: Kind | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    mart: str
    key: list[str]
    columns: dict[str, str | _Column]
    only: dict[str, str | int] = {}


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises ConfigurationError that says what is wrong with it."""
    try:
        file = msgspec.convert(tomllib.loads(path.read_text("utf-8-sig")), _File)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}).{_ADVICE}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{path}: not a mapping ({error}).{_ADVICE}") from None
    pairs = tuple(_pair(header, column) for header, column in file.columns.items())
    missing = [name for name in file.key if name not in {pair.column for pair in pairs}]
    if missing or not file.key:
        seen = f"{missing[0]} is not among its [columns]" if missing else "it is empty"
        raise ConfigurationError(f"{path}: the key must name columns of ours that are paired, but {seen}.{_ADVICE}")
    return Mapping(file.mart, tuple(file.key), pairs, {name: str(value) for name, value in file.only.items()})


_ADVICE = " Correct it, or start from what --write-mapping prints."


def _pair(header: str, column: str | _Column) -> Pair:
    return Pair(header, column) if isinstance(column, str) else Pair(header, column.column, column.kind)
