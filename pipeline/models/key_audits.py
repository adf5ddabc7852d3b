"""Audits that speak of every table: made from the keys that contracts and models declare, so that none is forgotten."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.models.model import Model

_RAW = "Every row of raw has a key, and no key twice."
_MARTS = (
    "No table that declares a key has two rows with the same one. A part of it may be missing, such as the rep of an "
    "order without one."
)


def key_audits(marts: Sequence[Model], raw_keys: Mapping[str, str]) -> list[Model]:
    """Return the audits of the keys of `marts`, and of the tables of raw in `raw_keys` (the key's column by table)."""
    return [*([_raw_keys(raw_keys)] if raw_keys else []), *([_mart_keys(marts)] if marts else [])]


def _raw_keys(keys: Mapping[str, str]) -> Model:
    return _audit(
        "raw_keys",
        _RAW,
        {
            f"raw.{table}": (
                f"select '{table}' as resource, _company, cast(\"{key}\" as varchar) as key, count(*) as row_count\n"
                f"from raw.{table}\n"
                f'group by _company, "{key}"\n'
                f'having count(*) > 1 or "{key}" is null or _company is null'
            )
            for table, key in keys.items()
        },
    )


def _mart_keys(models: Iterable[Model]) -> Model:
    return _audit("mart_keys", _MARTS, {model.name: _doubled(model) for model in models if not model.is_view})


def _doubled(model: Model) -> str:
    key, company = ", ".join(model.key), "_company" if "_company" in model.key else "cast(null as varchar)"
    text = " || ' ' || ".join(f"coalesce(cast({column} as varchar), '-')" for column in model.key)
    missing = " or _company is null" if "_company" in model.key else ""
    return (
        f"select '{model.name}' as mart, {company} as _company, {text} as key, count(*) as row_count\n"
        f"from {model.name}\n"
        f"group by {key}\n"
        f"having count(*) > 1{missing}"
    )


def _audit(name: str, header: str, parts: Mapping[str, str]) -> Model:
    """Return the audit whose query has a part for each table; it need not be parsed, which would take 0.1 seconds."""
    return Model(
        f"audit.{name}",
        Path(f"sql/audits/{name}.sql"),
        f"-- severity: error\n-- {header}\n" + "\nunion all\n".join(parts.values()),
        header=f"severity: error {header}",
        inputs=tuple(sorted(parts)),
        is_by_company=True,
        needs=frozenset(),  # what an earlier load left has keys, too
    )
