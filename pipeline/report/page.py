"""The report as HTML: one file with its data, its styles and its scripts, that asks the network for nothing."""

import gzip
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pipeline.pages import page, render
from pipeline.report.content import Content, Shown
from pipeline.warehouse.findings import Finding

_HERE = Path(__file__).parent
_STYLES = ("vendor/tabulator.min.css", "report.css")
_SCRIPTS = ("vendor/echarts.common.min.js", "vendor/tabulator.min.js", "report.js")
_PICKS = (("seller", "Seller"), ("currency", "Currency"), ("brand", "Brand"))


@dataclass(frozen=True)
class State:
    """What the page says of its load: in the title, what is wrong, what is so, and the audits that warn."""

    headline: str
    problems: Sequence[str]
    facts: Sequence[str]
    audits: Sequence[Finding]


def report_page(content: Content, state: State, *, follows: bool = False) -> str:
    """Return the page. One that `follows` asks its server for newer loads; any other asks nobody for anything."""
    data = {
        "load": content.load_id,
        "asOf": content.as_of,
        "follows": follows,
        "figures": {shown.figure.name: _figure(shown) for shown in content.figures},
    }
    body = render(
        _HERE / "report.html", state=state, picks=_PICKS, data=_packed(data),
        figures={shown.figure.name: shown for shown in content.figures},
    )  # fmt: skip
    # A backslash before the slash changes no string and no expression of a script, and ends no element.
    script = "\n;\n".join(_read(name) for name in _SCRIPTS).replace("</", "<\\/")
    styles = "\n".join(_read(name) for name in _STYLES)
    return page(f"Leafhouse: {state.headline}", body, styles=styles, script=script, follows=follows)


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _packed(value: Any) -> str:
    """Return a value as JSON, compressed, in base64: a seventh of its size, and no text that a parser could meet."""
    return b64encode(gzip.compress(orjson.dumps(value), mtime=0)).decode()


def _figure(shown: Shown) -> dict[str, Any]:
    return {
        "columns": [[each.name, each.label, each.kind, each.is_hidden] for each in shown.figure.columns],
        "rows": shown.rows,
    }
