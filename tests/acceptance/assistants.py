"""An assistant: the SDK's own client, which starts `leafhouse mcp` and talks with it over stdin and stdout."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import CallToolResult


@dataclass(frozen=True)
class Assistant:
    """A session that is open in a thread of its own."""

    client: Client
    portal: BlockingPortal

    def tools(self) -> dict[str, Any]:
        """Return the tools that the server has, by name."""
        return {tool.name: tool for tool in self.portal.call(self.client.list_tools).tools}

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool, which has to answer."""
        result = self._call(tool, arguments)
        assert not result.is_error, text_of(result)
        answer: dict[str, Any] = json.loads(text_of(result))
        return answer

    def refusal(self, tool: str, **arguments: Any) -> str:
        """Call a tool, which has to refuse, and return what it says."""
        result = self._call(tool, arguments)
        assert result.is_error, text_of(result)
        return text_of(result)

    def _call(self, tool: str, arguments: Mapping[str, Any]) -> CallToolResult:
        return self.portal.call(self.client.call_tool, tool, dict(arguments))


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert content.type == "text"
    return content.text


@contextmanager
def assistant(folder: Path, environment: Mapping[str, str], *options: str) -> Iterator[Assistant]:
    """Start the server in a folder as an assistant does, and end it."""
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "pipeline.cli", "mcp", *options], env=dict(environment), cwd=folder
    )
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(stdio_client(server))) as client,
    ):
        yield Assistant(client, portal)
