"""`make gallery`: docs/gallery.md and its pictures, as the notebooks draw them on the warehouse that the pages show."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio

from ..notebooks.running import FOLDER, NAMES, execute, pictures
from .warehouse import open_documented

DOCS = Path(__file__).parents[2] / "docs"
PAGE, IMAGES = DOCS / "gallery.md", DOCS / "images" / "gallery"
_HEAD = """# Gallery

What the [notebooks](../notebooks) show, here of the invented account of [querying.md](querying.md). The query of each
picture is in its notebook; each currency has a picture of its own there, and the first of them is here. `make notebook`
opens them on your data, `make gallery` writes this page anew.
"""


@dataclass(frozen=True)
class Image:
    """A picture of a notebook: its file under docs/images/gallery/, its title, and the SVG."""

    notebook: str
    file: str
    title: str
    svg: str


def images(folder: Path) -> Iterator[Image]:
    """Build the warehouse in `folder`, run the notebooks on it, and yield the first picture of each cell."""
    anyio.run(_build, folder)
    for name in NAMES:
        for cell, outputs in execute(name, folder / "data").items():
            for picture in pictures(outputs)[:1]:
                file = f"{name}-{cell.removesuffix('-chart')}.svg"
                yield Image(name, file, picture["text/plain"], picture["image/svg+xml"])


async def _build(folder: Path) -> None:
    async with open_documented(folder):
        pass


def page(found: list[Image]) -> str:
    """Return the page that shows these images."""
    parts = [_HEAD]
    for name in NAMES:
        (title,) = [line[2:] for line in _titles(name) if line.startswith("# ")]
        parts.append(f"## [{title}](../notebooks/{name}.ipynb)\n")
        parts += [f"![{each.title}](images/gallery/{each.file})\n" for each in found if each.notebook == name]
    return "\n".join(parts)


def _titles(name: str) -> list[str]:
    import nbformat

    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    return [line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]


def write() -> None:
    """Write the page and its pictures anew."""
    with tempfile.TemporaryDirectory() as folder:
        found = list(images(Path(folder)))
    IMAGES.mkdir(parents=True, exist_ok=True)
    for old in IMAGES.glob("*.svg"):
        old.unlink()
    for each in found:
        (IMAGES / each.file).write_text(each.svg)
    PAGE.write_text(page(found))


if __name__ == "__main__":
    write()
