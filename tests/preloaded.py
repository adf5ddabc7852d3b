"""What commands import and parse, for the process that they are forked from in tests: see `forked`."""

import anyio._backends._asyncio  # noqa: F401
import sqlglot.dialects.duckdb  # noqa: F401

from pipeline.jobs import doctor, extract, load, run, sandbox  # noqa: F401
from pipeline.models import Project
from pipeline.resources import all_resources

RESOURCES = all_resources()
PARSED = Project().models + Project().audits  # each file is parsed once in a process and those forked from it
