"""`make docs`: write the pages whose tables come from a warehouse anew."""

import tempfile
from pathlib import Path

import anyio

from . import metrics, querying
from .warehouse import open_documented

DOCS = Path(__file__).parents[2] / "docs"


async def write() -> None:
    """Write docs/querying.md and docs/metrics.md as they should be."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_documented(Path(folder)) as con:
            asked, tables = DOCS / "querying.md", DOCS / "metrics.md"
            asked.write_text(querying.answered(asked.read_text(), con))
            tables.write_text(metrics.page(tables.read_text(), con, asked))


if __name__ == "__main__":
    anyio.run(write)
