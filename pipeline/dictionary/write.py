"""Writing the dictionary of the published warehouse."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.dictionary.contents import Contents, read_contents
from pipeline.dictionary.picture import draw
from pipeline.pages import page, render, write_page
from pipeline.resources import all_resources
from pipeline.warehouse.published import open_published

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Dictionary:
    """A dictionary that was written: its file, its size, and how much it tells of."""

    path: str
    bytes: int
    tables: int
    columns: int


def write_dictionary(data_dir: Path, path: Path) -> Dictionary:
    """Write the dictionary of the published warehouse to `path`.

    Raises UsageError when nothing is published yet, or `path` cannot be written to; ConfigurationError for a warehouse
    that is damaged, not ours or newer.
    """
    with open_published(data_dir) as con:
        contents = read_contents(con, all_resources())
    text = dictionary_page(contents)
    write_page(path, text)
    columns = sum(len(table.columns) for table in contents.tables)
    return Dictionary(str(path), len(text.encode()), len(contents.tables), columns)


def dictionary_page(contents: Contents) -> str:
    """Return the page."""
    targets = dict.fromkeys(join.target for join in sorted(contents.joins, key=lambda join: join.target))
    by_table: dict[str, dict[str, list[str]]] = {}
    for join in contents.joins:
        by_table.setdefault(join.table, {}).setdefault(join.target, []).append(join.column)
    body = render(
        _HERE / "dictionary.html", contents=contents, picture=draw(contents.joins), targets=list(targets),
        keys={join.target: join.key for join in contents.joins}, by_table=by_table,
    )  # fmt: skip
    styles, script = ((_HERE / f"dictionary.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    return page("Leafhouse dictionary", body, styles=styles, script=script)
