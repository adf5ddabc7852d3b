"""Leafhouse every night, for Dagster: `dagster dev -f leafhouse_assets.py`, or import it into your own definitions.

The machine that runs it has the home of Leafhouse, a folder on a local disk with `.env` and the data.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import dagster as dg

LEAFHOUSE = "/opt/leafhouse/.venv/bin/leafhouse"
HOME = "/var/lib/leafhouse"

REFUSED = 5  # done, but LeafLink refused some resources
NOT_NOW = 4  # LeafLink was not reachable, or not complete: the only failure that passes by itself


def call(context: Any, *command: str) -> tuple[int, dict[str, Any]]:
    """Run a command of Leafhouse with --json in its home, log its lines, and return its exit code and document."""
    arguments = [LEAFHOUSE, *command, "--json"]
    done = subprocess.run(arguments, cwd=HOME, capture_output=True, text=True, check=False)  # noqa: S603  # our own
    for line in done.stderr.splitlines():
        context.log.info(line)
    return done.returncode, json.loads(done.stdout or "{}")  # a command that was killed prints none


@dg.asset(
    description="LeafLink in a DuckDB warehouse, as its last load left it.",
    retry_policy=dg.RetryPolicy(max_retries=3, delay=30 * 60),
)
def warehouse(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Extract and load. Raises Failure, to be tried again only where LeafLink was not reachable or not complete."""
    code, document = call(context, "run")
    if code not in (0, REFUSED):
        raise dg.Failure(document.get("error", "See the log."), {"exit_code": code}, allow_retries=code == NOT_NOW)
    metadata = {"exit_code": code, "load_id": document["load_id"], "as_of": document["as_of"],
                "file": dg.MetadataValue.path(Path(HOME, document["warehouse"]))}  # fmt: skip
    if code == REFUSED:
        warnings = [*document["refused"], *document["failed"].values()]
        context.log.warning("\n".join(warnings))
        metadata["warning"] = warnings
    return dg.MaterializeResult(metadata=metadata)


@dg.asset_check(asset=warehouse, description="The data are at most 26 hours old.")
def fresh(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Ask for the age of the data."""
    code, document = call(context, "status", "--max-age", "26h")
    return dg.AssetCheckResult(passed=code == 0, metadata={"age_seconds": document.get("age_seconds", -1)})


night = dg.define_asset_job("leafhouse_night", selection=[warehouse])
definitions = dg.Definitions(
    assets=[warehouse],
    asset_checks=[fresh],
    jobs=[night],
    schedules=[dg.ScheduleDefinition(job=night, cron_schedule="15 2 * * *")],
)
