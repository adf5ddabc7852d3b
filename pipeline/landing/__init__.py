"""Parquet batches of what was read, and the manifest that commits them."""

from pipeline.landing.manifest import Batch, Manifest, RefusedRun, ResourceRead, Scope, WindowRead, new_run_id
from pipeline.landing.store import Landing

__all__ = [
    "Batch",
    "Landing",
    "Manifest",
    "RefusedRun",
    "ResourceRead",
    "Scope",
    "WindowRead",
    "new_run_id",
]
