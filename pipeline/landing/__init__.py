"""Parquet batches of what was read, and the manifest that commits them."""

from pipeline.landing.bucket import Bucket
from pipeline.landing.manifest import (
    Batch,
    Manifest,
    RefusedRun,
    ResourceRead,
    Scope,
    WindowRead,
    following_run_id,
    new_run_id,
)
from pipeline.landing.storage import StorageError
from pipeline.landing.store import Head, Landing

__all__ = [
    "Batch",
    "Bucket",
    "Head",
    "Landing",
    "Manifest",
    "RefusedRun",
    "ResourceRead",
    "Scope",
    "StorageError",
    "WindowRead",
    "following_run_id",
    "new_run_id",
]
