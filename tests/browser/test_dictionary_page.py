"""The dictionary in a real browser: it is searched, asks nobody for anything, and nothing complains."""

import asyncio
from pathlib import Path

import pytest

from pipeline.dictionary import write_dictionary

from ..docs.warehouse import open_documented
from .chromium import opened

pytestmark = pytest.mark.browser
TABLES = "details.table:not([hidden])"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dictionary")
    asyncio.run(live(folder))
    write_dictionary(folder / "data", folder / "dictionary.html")
    return folder / "dictionary.html"


async def live(folder: Path) -> None:
    async with open_documented(folder):
        pass


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_it_opens_without_an_error_a_request_or_a_barrier(page: Path, scheme: str, width: int) -> None:
    from axe_playwright_python.async_playwright import Axe

    async with opened(page, "details.table", color_scheme=scheme, viewport={"width": width, "height": 800}) as found:
        axe = await Axe().run(found.page)

        assert found.said == []
        assert found.asked == [page.as_uri()]
        assert [violation["id"] for violation in axe.response["violations"]] == []
        assert await found.page.evaluate("document.documentElement.scrollWidth") <= width


async def test_the_page_is_searched_linked_into_and_printed(page: Path, tmp_path: Path) -> None:
    async with opened(page, "details.table") as found:
        assert await found.page.locator(TABLES).count() > 140

        await found.page.fill("#search", "days past_due ar_aging")
        assert 0 < await found.page.locator(TABLES).count() < 10
        assert await found.page.locator("details[id='marts.ar_aging']").is_visible()

        await found.page.fill("#search", "")
        await found.page.evaluate("location.hash = 'marts.ar_aging'")
        await found.page.wait_for_selector("details[id='marts.ar_aging'][open]")
        await found.page.pdf(path=tmp_path / "dictionary.pdf")
        assert found.said == []

    assert (tmp_path / "dictionary.pdf").stat().st_size > 70_000
