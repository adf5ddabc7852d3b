"""The server: four tools over stdin and stdout, with the SDK of the Model Context Protocol."""

import json
from collections.abc import Awaitable, Callable
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import anyio
from anyio.to_thread import run_sync
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from pipeline.errors import LeafhouseError
from pipeline.mcp.asking import ask
from pipeline.mcp.limits import Limits
from pipeline.mcp.question import Question
from pipeline.mcp.warehouse import describe_audits, describe_marts, list_marts, look

_INSTRUCTIONS = (
    "Leafhouse holds the orders, receivables, sales and stock of a seller on LeafLink in a DuckDB warehouse. Call "
    "list_marts for the tables, describe_marts for what their columns mean, then query with one SELECT in DuckDB's "
    "SQL. Amounts come as text with all their digits; never add up different currencies. Every answer says of when it "
    "is (as_of is the day that the marts are for) and has warnings: pass on those that concern the answer. Where note "
    "says that the data are invented, say so."
)
# A tool: its arguments are those of the function, its answer one JSON object.
_Tool = Callable[..., Awaitable[dict[str, Any]]]
_READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)


def make_server(data_dir: Path, limits: Limits) -> MCPServer[Any]:
    """Return the server for the warehouse that is published in `data_dir`: each call reads the newest one."""
    server: MCPServer[Any] = MCPServer(
        "leafhouse", instructions=_INSTRUCTIONS, version=version("leafhouse"), log_level="WARNING"
    )
    one_at_a_time = anyio.Lock()  # so that two questions do not take twice the memory

    async def list_tables() -> dict[str, Any]:
        standing, marts = await run_sync(look, data_dir, list_marts)
        return {**standing.told_with(standing.freshness.stale_marts), "marts": marts}

    async def describe_tables(
        names: Annotated[list[str], Field(description="Names of marts, as list_marts has them.")],
    ) -> dict[str, Any]:
        standing, marts = await run_sync(look, data_dir, lambda con: describe_marts(con, names))
        return {**standing.told_with(standing.freshness.stale_marts), "marts": marts}

    async def tell_freshness() -> dict[str, Any]:
        standing, _ = await run_sync(look, data_dir, lambda _: None)
        fresh = standing.freshness
        return {
            **standing.told_with(standing.freshness.stale_marts),
            "published_at": None if fresh.published_at is None else f"{fresh.published_at:%Y-%m-%dT%H:%M:%SZ}",
            "audits": describe_audits(fresh.audits),
        }

    async def query(
        sql: Annotated[str, Field(description="One SELECT in DuckDB's SQL. Marts need no schema.")],
        include_stale: Annotated[
            bool, Field(description="Take rows of an earlier load too, where the newest could not make them anew.")
        ] = False,
    ) -> dict[str, Any]:
        standing, _ = await run_sync(look, data_dir, lambda _: None)
        if not include_stale:
            standing.refuse_failed()
        async with one_at_a_time:
            found = await ask(Question(str(standing.path), sql, standing.freshness.stale, include_stale, limits))
        return {**standing.told_with(found.pop("stale")), **found}

    for name, function, description in (
        ("list_marts", list_tables, "List the marts: what a row of each is, and the names of its columns."),
        ("describe_marts", describe_tables, "Say what each column of these marts means, and its type."),
        ("freshness", tell_freshness, "Say of when the warehouse is, what its audits found, and what it kept."),
        (
            "query",
            query,
            f"Ask the warehouse one SELECT, for {limits.seconds:g} seconds at most. The answer has up to "
            f"{limits.rows:,} rows and {limits.bytes:,} bytes; is_cut says that there are more.",
        ),
    ):
        server.add_tool(_told(function), name, description=description, annotations=_READ_ONLY, structured_output=False)
    return server


def _told(tool: _Tool) -> Callable[..., Awaitable[str]]:
    """Return the tool with its answer as compact JSON, and with the sentence of an error where there is none."""

    @wraps(tool)
    async def told(**arguments: Any) -> str:
        try:
            return json.dumps(await tool(**arguments), ensure_ascii=False, separators=(",", ":"))
        except LeafhouseError as error:
            raise ToolError(str(error)) from error

    return told
