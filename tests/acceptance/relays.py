"""What stands between a command and its source."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web


@dataclass
class Relay:
    """A server before another one, or a proxy: it refuses a path with 403, or keeps everybody waiting."""

    target: str
    refuses: str | None = None
    keeps_waiting: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    host: str = ""
    base_url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.set()
        if self.keeps_waiting:
            await self.closing.wait()
        if self.refuses is not None and self.refuses in request.path:
            return web.json_response({"detail": "Not for this key."}, status=403)
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.get(f"{self.target}{request.path_qs}", headers=request.headers) as answer,
        ):
            passed = ("Content-Type", "Content-Encoding", "Date")
            headers = {name: answer.headers[name] for name in passed if name in answer.headers}
            return web.Response(body=await answer.read(), status=answer.status, headers=headers)


@asynccontextmanager
async def relay(base_url: str, *, tls: ssl.SSLContext | None = None, **behaviour: Any) -> AsyncIterator[Relay]:
    host, path = base_url.split("/api/")
    before = Relay(host, **behaviour)
    app = web.Application()
    app.router.add_get("/{path:.*}", before.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        before.host = f"127.0.0.1:{runner.addresses[0][1]}"
        before.base_url = f"{'http' if tls is None else 'https'}://{before.host}/api/{path}"
        yield before
    finally:
        before.closing.set()
        await runner.cleanup()
