"""Showing the report on this machine: each request gets the page of the load that is published then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from pipeline.datafolder.paths import warehouse_file
from pipeline.report.build import build_report

HOST = "127.0.0.1"


@asynccontextmanager
async def serve_report(data_dir: Path, port: int) -> AsyncIterator[str]:
    """Serve the report on the loopback address, at a port or, with 0, at any that is free; yield the address.

    Its pages ask for newer loads. Only who asks by this address is answered, so that no page of another site can have
    its browser read the report.
    """
    handler = _Handler(data_dir)
    app = web.Application()
    app.add_routes([web.get("/", handler.page), web.get("/load", handler.load)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        handler.port = runner.addresses[0][1]
        yield f"http://{HOST}:{handler.port}/"
    finally:
        await runner.cleanup()


class _Handler:
    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._built: tuple[Path, str] | None = None
        self.port = 0

    async def page(self, request: web.Request) -> web.Response:
        self._refuse_others(request)
        published = warehouse_file(self._data_dir).resolve()
        if self._built is None or self._built[0] != published:
            self._built = published, await asyncio.to_thread(build_report, self._data_dir, follows=True)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}
        return web.Response(text=self._built[1], content_type="text/html", headers=headers)

    async def load(self, request: web.Request) -> web.Response:
        self._refuse_others(request)
        return web.Response(text=warehouse_file(self._data_dir).resolve().stem, headers={"Cache-Control": "no-store"})

    def _refuse_others(self, request: web.Request) -> None:
        if request.host not in (f"{HOST}:{self.port}", f"localhost:{self.port}"):
            raise web.HTTPForbidden(text=f"Ask http://{HOST}:{self.port}/ itself.")
