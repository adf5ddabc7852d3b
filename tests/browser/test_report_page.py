"""The report in a real browser: `make test-browser`, with the Chromium of the system's packages.

Every text that a seller or a customer can write is hostile here: markup, formulas, text from right to left, 10,000
characters.
"""

import asyncio
import csv
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pipeline.report.build import write_report
from pipeline.sandbox import Sandbox
from pipeline.sandbox.world.tables import TABLES
from pipeline.warehouse.access import OWNER_ALONE

from ..acceptance.nights import open_house
from .chromium import opened

pytestmark = pytest.mark.browser
HOSTILE = (
    "<script>window.hit = 1</script>",
    '"><img src=x onerror="window.hit = 1">',
    '=HYPERLINK("http://evil.example","click")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\u202egnp.exe \u2066hidden",
    "</script><script>window.hit = 1</script>",
    "🌿👩‍🌾🏷️",
    "x" * 10_000,
    "javascript:window.hit = 1",
)
WRITTEN = {
    "name", "display_name", "nickname", "first_name", "last_name", "full_name", "phone", "email", "sku", "city",
    "description", "title", "notes", "user", "short_id",
}  # fmt: skip


def spoil(sandbox: Sandbox) -> None:
    """Put a hostile text into every field that somebody writes."""
    texts = (HOSTILE[number % len(HOSTILE)] for number in count())

    def spoilt(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {inner: spoilt(each, inner) for inner, each in value.items()}
        if isinstance(value, list):
            return [spoilt(each, name) for each in value]
        return next(texts) if isinstance(value, str) and name in WRITTEN else value

    with sandbox.transaction():
        for resource in TABLES:
            if resource != "orders_received":  # their numbers are keys
                sandbox.store.put(resource, [spoilt(row) for row in list(sandbox.rows(resource))])


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report of a night whose texts are hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    asyncio.run(live(folder))
    write_report(folder / "data", folder / "report.html", OWNER_ALONE)
    return folder / "report.html"


async def live(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        async with open_house(folder, patched, orders=200) as house:
            spoil(house.sandbox)
            await house.night()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 375])
async def test_it_opens_without_an_error_a_request_or_a_barrier(report: Path, scheme: str, width: int) -> None:
    from axe_playwright_python.async_playwright import Axe

    async with opened(report, color_scheme=scheme, viewport={"width": width, "height": 800}) as found:
        axe = await Axe().run(found.page)

        assert found.said == []
        assert found.asked == [report.as_uri()]
        assert [violation["id"] for violation in axe.response["violations"]] == []
        assert await found.page.evaluate("document.documentElement.scrollWidth") <= width
        assert await found.page.evaluate("window.hit") is None
        assert await found.page.evaluate("[...document.querySelectorAll('canvas')].every((each) => each.width > 0)")


async def test_tables_sort_search_and_follow_the_picks(report: Path) -> None:
    async with opened(report) as found:
        page = found.page

        async def column(name: str) -> list[str]:
            cells = page.locator(f"#table-collections .tabulator-row .tabulator-cell[tabulator-field={name}]")
            return [text for text in await cells.all_text_contents() if text]

        for is_sorted in (sorted, lambda amounts: sorted(amounts, reverse=True)):
            await page.click("#table-collections .tabulator-col[tabulator-field=owed]")
            *amounts, total = [float(text.replace(",", "")) for text in await column("owed")]
            assert amounts == is_sorted(amounts)
            assert len(set(amounts)) > 5 and total > max(amounts)

        await page.fill("#search-collections", "no such customer anywhere")
        assert await page.locator("#table-collections .tabulator-cell[tabulator-field=place]").count() <= 1
        await page.fill("#search-collections", "")

        before = await page.text_content("#tiles")
        options = await page.locator("#pick-currency option").all_text_contents()
        await page.select_option("#pick-currency", next(each for each in options if not (before or "").endswith(each)))
        assert await page.text_content("#tiles") != before or len(options) == 1
        assert found.said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_tables_fold_into_groups_whose_sums_are_those_of_the_table(report: Path, scheme: str) -> None:
    from axe_playwright_python.async_playwright import Axe
    from playwright.async_api import expect

    async with opened(report, color_scheme=scheme) as found:
        table = found.page.locator("#table-collections")
        groups, rows = table.locator(".tabulator-group"), table.locator(".tabulator-row:not(.tabulator-calcs)")

        async def sums(place: str) -> list[float]:
            cells = table.locator(f"{place} .tabulator-calcs .tabulator-cell[tabulator-field=owed]")
            return [float(text.replace(",", "")) for text in await cells.all_text_contents()]

        (total,) = await sums(".tabulator-footer")
        await found.page.select_option("#fold-collections", "customer_state")
        await expect(groups.nth(1)).to_be_visible()
        count = await groups.count()
        await expect(rows).to_have_count(count)  # each group is folded
        assert round(sum(await sums(".tabulator-tableholder")), 2) == total

        in_first = int((await groups.first.text_content() or "").split()[-1].strip("()"))
        await groups.first.press("Enter")
        await expect(rows).to_have_count(count + in_first)
        axe = await Axe().run(found.page)
        assert [violation["id"] for violation in axe.response["violations"]] == []

        await found.page.select_option("#fold-collections", "")
        await expect(groups).to_have_count(0)
        assert found.said == []


async def test_a_download_holds_no_formula(report: Path, tmp_path: Path) -> None:
    async with opened(report, accept_downloads=True) as found:
        async with found.page.expect_download() as download:
            await found.page.click("#csv-collections")
        await (await download.value).save_as(tmp_path / "collections.csv")

    with (tmp_path / "collections.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert not any(cell.startswith(("=", "@", "\t", "\r", "+")) for cell in cells)


async def test_it_prints(report: Path, tmp_path: Path) -> None:
    async with opened(report) as found:
        await found.page.pdf(path=tmp_path / "report.pdf")

    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
