"""The dictionary of a warehouse in a real browser: it is searched, asks nobody for anything, and nothing complains."""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

import pipeline
from pipeline.dictionary import write_dictionary
from pipeline.dictionary.contents import read_contents
from pipeline.resources import all_resources

from ..docs.warehouse import open_documented
from .browser import PROGRAM, Tab, open_browser

pytestmark = pytest.mark.long


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Path]:
    async with open_documented(tmp_path):
        write_dictionary(tmp_path / "data", tmp_path / "dictionary.html")
        yield tmp_path


async def shown(tab: Tab) -> list[str]:
    return await tab.value("[...document.querySelectorAll('details.table:not([hidden])')].map((each) => each.id)")


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
async def test_the_page_is_searched_and_asks_nobody(folder: Path) -> None:
    address = (folder / "dictionary.html").as_uri()
    async with open_browser(folder / "profile") as tab:
        await tab.open(address)
        everything = await shown(tab)
        await tab.value("document.getElementById('search').focus()")
        await tab.type("days past_due ar_aging")
        found = await shown(tab)
        await tab.value("document.getElementById('search').value = ''; search(); location.hash = 'marts.ar_aging'; 0")
        await tab.value("new Promise((done) => setTimeout(done, 100))")
        is_open = await tab.value("document.getElementById('marts.ar_aging').open")
        widths = []
        for width in (390, 1280):
            await tab.call(
                "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500
            )
            widths.append(await tab.value("document.documentElement.scrollWidth"))
        papers = []
        for scheme in ("light", "dark"):
            await tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            papers.append(await tab.value("getComputedStyle(document.body).backgroundColor"))
        pdf = await tab.call("Page.printToPDF")

        assert len(everything) > 140
        assert "marts.ar_aging" in found
        assert len(found) < 10
        assert is_open
        assert all(taken <= width for taken, width in zip(widths, (390, 1280), strict=True)), widths
        assert papers[0] != papers[1]
        assert len(pdf["data"]) > 100_000
        assert {each.partition("#")[0] for each in tab.requests} == {address}
        assert tab.complaints == []


async def test_every_join_finds_rows_of_the_other_table(folder: Path) -> None:
    with closing(pipeline.connect(folder / "data" / "warehouse.duckdb")) as con:
        joins = read_contents(con, all_resources()).joins
        lonely = []
        for join in joins:
            ((named, found),) = con.execute(
                f"SELECT count(*), count(b.{join.key}) FROM {join.table} AS a LEFT JOIN {join.target} AS b "
                f"ON a._company = b._company AND a.{join.column} = b.{join.key} WHERE a.{join.column} IS NOT NULL"
            ).fetchall()
            if found < named / 2:
                lonely.append((join, named, found))

    assert lonely == []
    assert len(joins) > 50
