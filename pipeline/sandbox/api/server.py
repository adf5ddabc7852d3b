"""The sandbox over HTTP: who may ask, what is there, and the answers in LeafLink's forms."""

import asyncio
import gzip
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from pipeline.sandbox.api.delivery import body_of, deformed, deliver, instead_of_an_answer
from pipeline.sandbox.api.listing import BadParameterError, Listing, ServerSettings
from pipeline.sandbox.api.throttle import Throttle
from pipeline.sandbox.store.filters import Condition
from pipeline.sandbox.store.store import to_json
from pipeline.sandbox.store.table import Table
from pipeline.sandbox.trouble.faults import Turn
from pipeline.sandbox.trouble.lies import FailingError, Stale
from pipeline.sandbox.trouble.ordering import check_orders, index_orders
from pipeline.sandbox.world.below_orders import BELOW_ORDERS
from pipeline.sandbox.world.sandbox import Sandbox
from pipeline.sandbox.world.tables import TABLES

ROOT = "/api/v2/"
_PATHS = {tuple(table.path.strip("/").split("/")): table for table in TABLES.values()}


@asynccontextmanager
async def serve(sandbox: Sandbox, *, host: str = "127.0.0.1", port: int = 0, **settings: Any) -> AsyncIterator[str]:
    """Serve the sandbox and yield the base URL, such as http://127.0.0.1:40123/api/v2/.

    Port 0 is any free one. `settings` are fields of ServerSettings. The sandbox may be changed meanwhile, by
    whoever runs in the same thread; each answer shows one moment of it. Raises ValueError for `listed` in an order
    that there is not, or that a resource has no field for.
    """
    handler = _Handler(sandbox, ServerSettings(**settings))
    # Whoever stops the server has no more interest in answers that are under way.
    runner = web.ServerRunner(web.Server(handler.answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0][1]
        yield f"http://{f'[{host}]' if ':' in host else host}:{bound}{ROOT}"
    finally:
        await runner.cleanup()


class _Handler:
    def __init__(self, sandbox: Sandbox, settings: ServerSettings) -> None:
        check_orders(sandbox.store, settings.listed)
        index_orders(sandbox.store, settings.listed)
        self._settings = settings
        self._requests = 0
        self._store = sandbox.store
        self._listing = Listing(sandbox.store, settings)
        self._throttle = Throttle(settings.rate_per_minute, settings.burst_per_minute)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, or do to it what its turn in the schedule of faults says."""
        self._requests += 1
        turn = self._settings.faults.turn(self._requests)
        if self._settings.latency_seconds:
            await asyncio.sleep(self._settings.latency_seconds)
        now = self._settings.clock().astimezone(UTC)
        date = format_datetime(now, usegmt=True)
        if refusal := self._refusal(request):
            refusal.headers["Date"] = date
            return refusal
        response = instead_of_an_answer(turn, request, now)
        if response is None:
            response = self._compressed(request, deformed(turn, self._found(request, turn, now)))
        response.headers.setdefault("Date", date)
        return await deliver(turn, request, response)

    def _refusal(self, request: web.BaseRequest) -> web.Response | None:
        """Return why the request is not looked at, if so: its path, its key, its method or too many of its kind."""
        if not request.path.endswith("/"):
            return _problem(400, "Paths end in a slash.")
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if key.strip() != self._settings.key:
            return _problem(401, "There is no such key.")
        if scheme.lower() != self._settings.scheme.lower():
            return _problem(403, f"This key comes with the scheme {self._settings.scheme}.")
        wait = self._throttle.wait_seconds(asyncio.get_running_loop().time())
        if wait:
            return _problem(429, "Too many requests.", {"Retry-After": str(math.ceil(wait))})
        if request.method != "GET":
            return _problem(405, f"{request.method} is not possible here.", {"Allow": "GET"})
        return None

    def _found(self, request: web.BaseRequest, turn: Turn, now: datetime) -> web.Response:
        table, below = _resolved(request.path)
        name, read = BELOW_ORDERS.get(_outer(request.path), (None if table is None else table.name, None))
        try:
            if name is None or name in self._settings.not_offered:
                body = None
            elif name in self._settings.forbidden:
                return _problem(403, "This key has no permission for it.")
            elif read is not None:
                row = read(self._store, request.path.split("/")[-3])
                body = None if row is None else to_json(row)
            else:
                body = self._listed(TABLES[name], below, request, turn)
        except BadParameterError as error:
            return _json(400, to_json(error.problems))
        except FailingError:
            return _problem(500, "This did not work.")
        if body is None:
            return _problem(404, "There is nothing here.")
        if self._settings.between is not None:
            self._settings.between()
        return _json(200, body, {} if table is None or below else self._cached(table, now))

    def _cached(self, table: Table, now: datetime) -> dict[str, str]:
        """Return the headers that a cache gives to a page of the resource, if one answers."""
        lie = self._listing.lie(table, [])
        if not isinstance(lie, Stale):
            return {}
        headers = {"Date": format_datetime(lie.since.astimezone(UTC), usegmt=True)}
        if lie.has_age:
            headers["Age"] = str(int((now - lie.since).total_seconds()))
        return headers

    def _listed(self, table: Table, below: list[str], request: web.BaseRequest, turn: Turn) -> bytes | None:
        """Return a page of a resource, one row of it, or a page of what belongs to the row."""
        query = dict(request.query)
        url = f"{request.scheme}://{request.host}{request.path}"
        match below:
            case []:
                return self._listing.page(table, query, url, [], turn)
            case [key]:
                return self._listing.row(table, key, query, turn)
            case [key, last] if last in table.nested and self._store.get(table.name, key) is not None:
                child, column = table.nested[last]
                return self._listing.page(TABLES[child], query, url, [Condition(f"{column} = ?", (key,))], turn)
        return None

    def _compressed(self, request: web.BaseRequest, response: web.Response) -> web.Response:
        if self._settings.gzip and "gzip" in request.headers.get("Accept-Encoding", ""):
            response.body = gzip.compress(body_of(response), compresslevel=1, mtime=0)
            response.headers["Content-Encoding"] = "gzip"
        return response


def _resolved(path: str) -> tuple[Table | None, list[str]]:
    """Return the resource that a path leads to, and the parts that follow its own; paths have one or two parts."""
    parts = path.removeprefix(ROOT).strip("/").split("/") if path.startswith(ROOT) else []
    for length in (2, 1):
        if table := _PATHS.get(tuple(parts[:length])):
            return table, parts[length:]
    return None, []


def _outer(path: str) -> tuple[str, str]:
    """Return the first and the last of three parts that a path has; nothing of another one."""
    parts = path.removeprefix(ROOT).strip("/").split("/")
    return (parts[0], parts[2]) if path.startswith(ROOT) and len(parts) == 3 else ("", "")


def _json(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def _problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return _json(status, to_json({"detail": detail}), headers)
