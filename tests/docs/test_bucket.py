"""docs/operations.md: the blocks about a landing in a bucket, against a real S3 server."""

import asyncio
import json
from pathlib import Path

import pytest

from pipeline.sandbox import Sandbox
from tests.few_marts import use_few_marts  # noqa: F401

from ..storage.server import BUCKET, credentials, serve_s3
from .operations import BLOCKS, Machine, leaflink, served, succeeded  # noqa: F401

pytestmark = pytest.mark.storage


async def test_a_machine_goes_over_to_a_bucket_and_a_new_one_starts_from_it(
    tmp_path: Path,
    leaflink: Sandbox,  # noqa: F811
) -> None:
    machine = Machine.set_up(tmp_path / "root")
    machine.install_command("make", 'test "$1" = -C -a "$3" = storage')
    with serve_s3(tmp_path / "log") as address:
        keys = credentials(address)
        async with served(machine, leaflink):
            succeeded(await asyncio.to_thread(machine.run, "leafhouse run"))
            moved = succeeded(await asyncio.to_thread(machine.run, BLOCKS["bucket"], **keys))
            before = rows(machine, keys)
            rebuilt = succeeded(await asyncio.to_thread(machine.run, BLOCKS["bucket-rebuild"], **keys))
        after = rows(machine, keys)

    assert f"s3://{BUCKET}/nights: listed and written; two writers are told apart" in moved.stdout
    assert not (machine.data / "landing").exists()
    assert "Published" in rebuilt.stdout
    assert after == before


def rows(machine: Machine, keys: dict[str, str]) -> dict[str, int]:
    found = json.loads(succeeded(machine.run("leafhouse status --json", **keys)).stdout)
    return {each["resource"]: each["rows"] for each in found["resources"]}
