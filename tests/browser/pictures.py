"""`make pictures`: what the report looks like, in docs/images/, with the invented data of docs/querying.md."""

import asyncio
import tempfile
from pathlib import Path

from pipeline.report.build import write_report
from pipeline.warehouse.access import OWNER_ALONE

from ..docs.warehouse import open_documented
from .chromium import opened

IMAGES = Path(__file__).parents[2] / "docs" / "images"
# Name, scheme, width and height in pixels.
PICTURES = (("report", "light", 1200, 1100), ("report-dark", "dark", 1200, 800), ("report-phone", "light", 375, 800))


async def draw() -> None:
    """Write the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_documented(Path(folder)):
            pass
        page = Path(folder) / "report.html"
        write_report(Path(folder) / "data", page, OWNER_ALONE)
        for name, scheme, width, height in PICTURES:
            async with opened(page, color_scheme=scheme, viewport={"width": width, "height": height}) as found:
                await found.page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    asyncio.run(draw())
