"""The sandbox as a process of its own: `leafhouse sandbox` with faults and data that move on."""

import asyncio
import contextlib
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest

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


async def test_the_command_lists_in_an_order_and_changes_after_every_second_answer(tmp_path: Path):
    order = ("--listed", "line_items=-key", "--listed", "*=shuffled")
    folder = ("--folder", str(tmp_path), "--orders", "30", "--change-every", "2")

    async with command(*folder, *order) as process, aiohttp.ClientSession() as session:
        assert process.stdout is not None
        base = (await process.stdout.readline()).decode().split()[0].removeprefix("LEAFLINK_BASE_URL=")
        client = Client(session, base)
        lines = [row["id"] for row in (await client.get("line-items/?limit=100"))["results"]]
        customers = [row["id"] for row in (await client.get("customers/?limit=100"))["results"]]
        with contextlib.closing(sqlite3.connect(tmp_path / "sandbox.sqlite")) as database:
            moments = []
            for _ in range(6):
                moments.append(database.execute("SELECT value FROM meta WHERE name = 'now'").fetchone())
                await client.get("brands/")

    assert lines == sorted(lines, reverse=True) != sorted(lines)
    assert customers not in (sorted(customers), sorted(customers, reverse=True))
    # Two answers were given before: a change came after the second, and comes after the fourth and the sixth.
    changes = [old != new for old, new in pairwise(moments)]
    assert changes == [False, True, False, True, False]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("line_items", "--listed cannot use 'line_items'"),
        ("line-items=key", "--listed cannot use 'line-items=key'"),
        ("line_items=name", "--listed cannot use 'line_items=name'"),
        ("line_items=modified", "--listed: line_items cannot be listed by 'modified'"),
    ],
)
async def test_an_order_that_cannot_be_is_a_usage_error(tmp_path: Path, text: str, reason: str):
    async with command("--folder", str(tmp_path), "--orders", "5", "--listed", text) as process:
        said, _ = await process.communicate()

    assert process.returncode == 2
    assert reason in said.decode()
    assert b"Traceback" not in said


async def test_a_fault_that_does_not_exist_is_a_usage_error():
    async with command("--faults", "gremlins:0.5") as process:
        said, _ = await process.communicate()

    assert process.returncode == 2
    assert b"There is no fault 'gremlins'" in said
    assert b"Traceback" not in said
