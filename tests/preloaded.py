"""What commands import and parse, for the process that they are forked from in tests: see `forked`."""

import gc
from importlib import import_module
from pkgutil import walk_packages

import anyio._backends._asyncio  # noqa: F401
import sqlglot.dialects.duckdb  # noqa: F401

import pipeline
from tests import few_marts, forked  # noqa: F401  (few_marts has each file of sql/ parsed, once for all that are forked)

for _module in walk_packages(pipeline.__path__, "pipeline."):
    import_module(_module.name)
# What is there now lives as long as the process: a collection in a process forked from it would copy all of it.
gc.freeze()
