"""The manifest of an extract: which batches it landed, and what each read was."""

import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from pipeline.decoding.fields import Fields

FORMAT = 1
_SECOND = "%Y%m%dT%H%M%SZ"
_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}(?:[0-9a-f]{8})?")

Scope = Literal["all", "changed", "sets"]


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A Parquet file. `file` is relative to the landing folder; `sha256` is of the whole file."""

    resource: str
    file: str
    rows: int
    bytes: int
    sha256: str


class WindowRead(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a listing, read and proved: `window` is its filters in words.

    `stated` is the API's count at the end, `received` the rows that came, `distinct` their keys, `doubled` the rows
    that the listing shows twice. `moved` is by how many rows the count moved meanwhile: rows and count agree within
    that. `order` is what the listing is in the order of; without one, it was one page, or stood still in the last of
    `rereads` + 1 readings.
    """

    window: str
    stated: int
    received: int
    distinct: int
    rereads: int = 0
    doubled: int = 0
    moved: int = 0
    order: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether as many rows came as the API stated, within what moved meanwhile."""
        return self.distinct + self.doubled + self.moved >= self.stated


class ResourceRead(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of one resource, and the proof that it was read completely.

    `scope` says what the rows mean for the warehouse: "all" is a complete enumeration (missing keys were
    deleted), "changed" are rows to replace by key, "sets" are the whole children of every landed parent, or of the
    parents in `asked` where these were asked one by one.
    `stated` is the API's own count of what was asked for, `received` the rows that came, `distinct` their
    keys. `watermark` is the server's time up to which changes are covered (null: no such filter), `server_time` the one
    up to which the rows are known: when the read began, or earlier where a cache answered.
    `refused` holds the reason when the API answered 403, and `not_offered` says that it answered 404 for the whole
    listing: nothing was landed, the last rows stay.
    `complete_since`, for "changed", says that every row created (`created_field`) at or after it was brought too, so
    that the others of that time were deleted; `gone` are keys that were asked for one by one and are not there.
    `fields` says how the rows that landed differ from their contract.
    """

    resource: str
    key: str
    scope: Scope
    batches: tuple[Batch, ...] = ()
    quarantined: int = 0
    keyless: int = 0
    stated: int = 0
    received: int = 0
    distinct: int = 0
    rereads: int = 0
    requests: int = 0
    seconds: float = 0.0
    parent: str | None = None
    parent_key: str | None = None
    watermark: datetime | None = None
    refused: str | None = None
    windows: tuple[WindowRead, ...] = ()
    created_field: str | None = None
    complete_since: datetime | None = None
    gone: tuple[str, ...] = ()
    fields: Fields = Fields()
    not_offered: bool = False
    asked: tuple[str, ...] = ()
    server_time: datetime | None = None

    @property
    def was_read(self) -> bool:
        """Whether the API gave what it was asked for."""
        return self.refused is None and not self.not_offered


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A committed extract. All instants are UTC; `server_time` is the source's clock at the start, never ours.

    `personal` says what was done to personal data: keep, drop, or hash and by which key. `skew_seconds` is over how
    many seconds the data stand apart: how long the last of the `passes` over what changed meanwhile took. `warnings`
    are sentences for whoever looks at the run.
    """

    run_id: str
    kind: Literal["full", "incremental"]
    source: Literal["sandbox", "live"]
    base_url: str
    company: str
    started_at: datetime
    finished_at: datetime
    server_time: datetime
    resources: tuple[ResourceRead, ...]
    quarantine: tuple[Batch, ...] = ()
    requests: int = 0
    retries: int = 0
    personal: str = "keep"
    skew_seconds: float = 0.0
    passes: int = 0
    warnings: tuple[str, ...] = ()
    format: int = FORMAT
    product: str = "leafhouse"

    @property
    def all_batches(self) -> tuple[Batch, ...]:
        """The batches of all resources, and those of the rows that were set aside."""
        return (*self.quarantine, *(batch for read in self.resources for batch in read.batches))

    @property
    def slow_rows(self) -> int:
        """How many rows had to be taken apart one by one."""
        return sum(read.fields.slow_rows for read in self.resources)


class RefusedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A committed run that a load refused, and why: it waits beside the others until a newer run takes its place."""

    manifest: Manifest
    reason: str


def new_run_id(now: datetime, known: Iterable[str] = (), *, is_unique: bool = False) -> str:
    """Return an id that sorts by time, also within a second: 20261124T020000Z-4f9a.

    It sorts after all ids in `known`, whatever the clock said when these were given; names that are none are passed
    over. Where the clock is behind them, it is of the second after the last one. One that `is_unique` ends with eight
    digits more, by chance: nobody else makes the same.
    """
    newest = max(filter(_ID.fullmatch, known), default="")
    run_id = _id_of(now)
    if run_id <= newest:
        second = datetime.strptime(newest.partition("-")[0], _SECOND).replace(tzinfo=UTC) + timedelta(seconds=1)
        # The fraction stays that of the clock: runs side by side that follow the same one differ by it.
        run_id = _id_of(second.replace(microsecond=now.microsecond))
    return run_id + secrets.token_hex(4) if is_unique else run_id


def following_run_id(run_id: str) -> str:
    """Return the id right after another one."""
    second, _, fraction = run_id.partition("-")
    carry, number = divmod(int(fraction, 16) + 1, 65536)
    moment = datetime.strptime(second, _SECOND).replace(tzinfo=UTC) + timedelta(seconds=carry)
    return f"{moment.strftime(_SECOND)}-{number:04x}"


def _id_of(moment: datetime) -> str:
    return f"{moment.strftime(_SECOND)}-{moment.microsecond * 65536 // 1_000_000:04x}"
