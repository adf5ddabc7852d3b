"""A real browser without a window, spoken to by its own protocol."""

import asyncio
import base64
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_PATIENCE_SECONDS = 60


@dataclass
class Tab:
    """A page in the browser: `requests` are the addresses that it asked, `complaints` what its console says."""

    _socket: aiohttp.ClientWebSocketResponse
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _calls: int = 0

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the protocol, and return its answer; what happens until then is noted."""
        self._calls += 1
        await self._socket.send_json({"id": self._calls, "method": method, "params": parameters})
        while True:
            message = await self._receive()
            if message.get("id") == self._calls:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = message["method"], message["params"]
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method in ("Log.entryAdded", "Runtime.exceptionThrown"):
            self.complaints.append(str(parameters))

    async def open(self, address: str) -> None:
        """Open an address, and wait until the page is there."""
        for domain in ("Page", "Network", "Log", "Runtime"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=address)
        while (message := await self._receive())["method"] != "Page.loadEventFired":
            self._note(message)

    async def _receive(self) -> dict[str, Any]:
        return json.loads(await self._socket.receive_str(timeout=_PATIENCE_SECONDS))

    async def value(self, expression: str) -> Any:
        """Return what a piece of script is."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def type(self, text: str) -> None:
        """Type into what has the focus."""
        await self.call("Input.insertText", text=text)

    async def picture(self) -> bytes:
        """Return a picture of what is seen."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])


@asynccontextmanager
async def open_browser(folder: Path) -> AsyncIterator[Tab]:
    """Start the browser with a profile in `folder`, and yield its empty page."""
    assert PROGRAM is not None
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run",
        f"--user-data-dir={folder}", "about:blank", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        port = await asyncio.wait_for(_port(process.stderr), _PATIENCE_SECONDS)
        rest = asyncio.create_task(process.stderr.read())  # a full pipe would stop it
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                (target,) = [each for each in await answer.json(content_type=None) if each["type"] == "page"]
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Tab(socket)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
    await rest


async def _port(lines: asyncio.StreamReader) -> int:
    """Return the port that the browser says it listens on."""
    while line := await lines.readline():
        if said := re.match(rb"DevTools listening on ws://[^/]+:(\d+)/", line):
            return int(said[1])
    raise AssertionError("the browser ended")
