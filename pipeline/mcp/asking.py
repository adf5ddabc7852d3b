"""Asking a question in a process of its own."""

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio

import pipeline
from pipeline.errors import UsageError
from pipeline.mcp.question import Question

# What Python needs to start, and where a copy of a warehouse goes that somebody has open for writing. No key is in it.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")


async def ask(question: Question) -> dict[str, Any]:
    """Return the answer to a question: see `question.answer`. Ends its process when it is cancelled.

    Raises UsageError with the sentence about whatever stands in its way.
    """
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    done = await anyio.run_process(
        [sys.executable, "-P", "-m", "pipeline.mcp.question"], input=json.dumps(asdict(question)).encode(),
        env=environment | {"PYTHONPATH": str(Path(pipeline.__file__).parents[1])}, check=False, stderr=None,
    )  # fmt: skip
    if done.returncode == -signal.SIGALRM:
        raise UsageError(f"The query took more than {question.limits.seconds:g} s. Ask for less at a time.")
    if done.returncode != 0:
        raise UsageError("The query takes more memory than it may, or DuckDB cannot stand it. Ask another way.")
    document: dict[str, Any] = json.loads(done.stdout)
    if "error" in document:
        raise UsageError(document["error"])
    return document
