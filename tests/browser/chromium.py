"""Chromium, from the system's packages, with a page of ours open."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@dataclass
class Page:
    """A page that is open, what it said on the console, and what it asked for."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@asynccontextmanager
async def opened(path: Path, stands: str = "#table-collections .tabulator-row", **context: Any) -> AsyncIterator[Page]:
    """Open a file in Chromium, and yield its page once what the selector `stands` names is there."""
    from playwright.async_api import async_playwright

    assert CHROMIUM is not None, "install chromium from the system's packages"
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        found = Page(await (await browser.new_context(**context)).new_page())
        found.page.on("console", lambda message: found.said.append(message.text))
        found.page.on("pageerror", lambda error: found.said.append(str(error)))
        found.page.on("request", lambda request: found.asked.append(request.url))
        await found.page.goto(path.as_uri())
        await found.page.wait_for_selector(stands)
        yield found
        await browser.close()
