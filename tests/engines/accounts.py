"""A LeafLink of many accounts, as a process: `python -m tests.engines.accounts FOLDER ACCOUNTS ORDERS [ORDERS …]`.

There is a sandbox for each number of orders; the accounts have them in turn, each with a key of its own, `key-of-0` for
the first one. It prints its base URL, and writes a line of JSON for each request to FOLDER/requests.jsonl when it is
answered.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from pipeline.sandbox import Sandbox, SandboxConfig, ServerSettings
from pipeline.sandbox.api.server import ROOT, _Handler

LOG = "requests.jsonl"
KEY = "key-of-{}"


async def serve(folder: Path, accounts: int, orders: list[int]) -> None:
    """Serve the accounts until the process is killed."""
    handlers = dict[str, tuple[int, _Handler]]()
    sandboxes = [
        Sandbox.open(folder / str(number), SandboxConfig(orders=count, seed=number + 1), datetime.now(UTC))
        for number, count in enumerate(orders)
    ]
    for number in range(accounts):
        settings = ServerSettings(key=KEY.format(number), latency_seconds=0.01)
        handlers[settings.key] = number, _Handler(sandboxes[number % len(sandboxes)], settings)
    _, stranger = next(iter(handlers.values()))  # it knows no other key than its own
    with (folder / LOG).open("a", buffering=1) as log:

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            began, key = time.monotonic(), request.headers["Authorization"].partition(" ")[2]
            number, handler = handlers.get(key, (-1, stranger))
            response = await handler.answer(request)
            line = {"account": number, "began": began, "ended": time.monotonic(), "path": request.path_qs}
            log.write(json.dumps(line) + "\n")
            return response

        runner = web.ServerRunner(web.Server(answer, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}{ROOT}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), [int(orders) for orders in sys.argv[3:]]))
