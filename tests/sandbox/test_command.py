"""The sandbox as a process of its own: `leafhouse sandbox` with faults and data that move on."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from pipeline.sandbox import Faults

from .conftest import Client

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def command(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `leafhouse sandbox` in the test's own folder for the while."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pipeline.cli", "sandbox", "--port", "0", "--rate", "0", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def test_the_command_serves_faults_and_moves_on(tmp_path: Path):
    text = "500:0.4,seed=5,until=6"
    folder = ("--folder", str(tmp_path), "--orders", "30")

    async with command(*folder, "--faults", text, "--move-every", "3") as process, aiohttp.ClientSession() as session:
        assert process.stdout is not None
        base = (await process.stdout.readline()).decode().split()[0].removeprefix("LEAFLINK_BASE_URL=")
        client = Client(session, base)
        answers = [await client.ask("customers/?limit=1") for _ in range(12)]

    faults = Faults.parse(text)
    expected = [int(faults.at(number) or 200) for number in range(1, 13)]
    counts = [body["count"] for status, body, _ in answers if status == 200]
    assert [status for status, _, _ in answers] == expected
    assert 500 in expected
    # Every step adds a customer.
    assert counts == [counts[0] + given // 3 for given in range(len(counts))]


async def test_a_fault_that_does_not_exist_is_a_usage_error():
    async with command("--faults", "gremlins:0.5") as process:
        said, _ = await process.communicate()

    assert process.returncode == 2
    assert b"There is no fault 'gremlins'" in said
    assert b"Traceback" not in said
