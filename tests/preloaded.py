"""What commands import and parse, for the process that they are forked from in tests: see `forked`."""

import anyio._backends._asyncio  # noqa: F401
import sqlglot.dialects.duckdb  # noqa: F401

from pipeline.jobs import doctor, extract, load, run, sandbox  # noqa: F401
from tests import few_marts  # noqa: F401  (it has each file of sql/ parsed, once for all that are forked)
