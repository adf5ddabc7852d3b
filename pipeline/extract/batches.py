"""Collecting the rows of a window and landing them, many pages at a time, while the next pages come in.

Memory stays bounded by back-pressure: one batch is being decoded and written, one is filling, and a reader
with a further page waits.
"""

import itertools
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

import anyio
import anyio.to_thread
import pyarrow as pa
from anyio.abc import TaskGroup

from pipeline import clock
from pipeline.decoding.oddities import RejectedRow
from pipeline.decoding.personal import Treatment
from pipeline.decoding.rows import DecodedRows, RowDecoder
from pipeline.extract.reading import Reading
from pipeline.instants import MICROSECOND
from pipeline.landing import Batch, Landing
from pipeline.resources import Resource

# Decoding single pages costs three times as much; more bytes than this cost memory and gain nothing.
_BATCH_ROWS = 5_000
_BATCH_BYTES = 16 * 2**20
# Arrow's own allocator keeps what it freed: at 50,000 orders that is 50 MB more, and no faster.
pa.set_memory_pool(pa.system_memory_pool())


class Workshop:
    """What the extractors of a run share: the landing, the run's stamp on every row, one decoder at a time.

    `used` are the numbers of batches that are taken already, when an interrupted run goes on; `personal` says what is
    done to personal data, None to keep it.
    """

    def __init__(
        self, landing: Landing, run_id: str, company: str, extracted_at: datetime, used: int = 0,
        personal: Treatment | None = None,
    ) -> None:  # fmt: skip
        self.landing = landing
        self.personal = personal
        self.run_id = run_id
        self.company = company
        self._stamped_at = extracted_at
        self.limiter = anyio.CapacityLimiter(1)
        self._numbers: Mapping[str, itertools.count[int]] = defaultdict(lambda: itertools.count(used + 1))

    def stamp(self) -> None:
        """Give what is landed next a later time than all before: of a row that comes again, the newer one counts."""
        self._stamped_at = max(clock.now(), self._stamped_at + MICROSECOND)

    def write(self, resource: str, table: pa.Table) -> Batch:
        """Land a decoded table, stamped with company, run and time."""
        size = table.num_rows
        for name, value, kind in self._stamps():
            table = table.append_column(name, pa.repeat(pa.scalar(value, kind), size))
        return self.landing.write_batch(resource, self.run_id, next(self._numbers[resource]), table)

    def write_quarantine(self, rejected: list[tuple[str, RejectedRow]]) -> Batch:
        """Land the rows that broke their contract."""
        columns = {
            "resource": [name for name, _ in rejected],
            "key": [each.key for _, each in rejected],
            "path": [each.path for _, each in rejected],
            "reason": [each.reason for _, each in rejected],
            "raw": [each.raw.decode("utf-8", errors="replace") for _, each in rejected],
        }
        table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
        for name, value, kind in self._stamps():
            table = table.append_column(name, pa.repeat(pa.scalar(value, kind), table.num_rows))
        return self.landing.write_quarantine(self.run_id, next(self._numbers["_quarantine"]), table)

    def _stamps(self) -> list[tuple[str, object, pa.DataType]]:
        return [
            ("_company", self.company, pa.string()),
            ("_run_id", self.run_id, pa.string()),
            ("_extracted_at", self._stamped_at, pa.timestamp("us", "UTC")),
        ]


class Decoders:
    """The decoders of a resource and of those embedded in its rows; they live as long as the run."""

    def __init__(self, resource: Resource, resources: Mapping[str, Resource]) -> None:
        self.resource = resource
        self.embedded = {
            each.embedded_as: each
            for each in resources.values()
            if each.embedded_as is not None and each.parent == resource.name
        }
        self._own = RowDecoder(resource, frozenset(self.embedded))
        self._children = {name: RowDecoder(each) for name, each in self.embedded.items()}

    def land(self, rows: list[bytes], workshop: Workshop, reading: Reading) -> None:
        """Decode `rows` with all that is embedded in them, and land the tables: a parent and its set at one time."""
        workshop.stamp()
        decoded = self._own.decode(rows)
        reading.childless += decoded.childless
        _land_one(self.resource, decoded, workshop, reading)
        for name, (parents, children) in decoded.children.items():
            inside = reading.children.setdefault(self.embedded[name].name, Reading())
            inside.sizes |= decoded.sizes.get(name, {})
            if children:
                _land_one(self.embedded[name], self._children[name].decode(children, parents), workshop, inside)


def _land_one(resource: Resource, decoded: DecodedRows, workshop: Workshop, reading: Reading) -> None:
    if workshop.personal is not None:
        decoded.table = workshop.personal.treat_table(resource, decoded.table)
        decoded.rejected = workshop.personal.treat_rejected(resource, decoded.rejected)
        decoded.fields.unknown = workshop.personal.treat_names(decoded.fields.unknown)
    reading.rejected += decoded.rejected
    reading.fields.add(decoded.fields)
    if decoded.table.num_rows:
        reading.batches.append(workshop.write(resource.name, decoded.table))


class Collector:
    """Takes the pages of one reading and lands them batch by batch in the background."""

    def __init__(self, decoders: Decoders, workshop: Workshop, tasks: TaskGroup) -> None:
        self._reading = Reading()
        self._decoders = decoders
        self._workshop = workshop
        self._tasks = tasks
        self._gate = anyio.Lock()
        self._idle = anyio.Event()
        self._idle.set()
        self._rows: list[bytes] = []
        self._bytes = 0

    async def add(self, rows: list[bytes]) -> None:
        """Take the rows of a page; waits while one batch is being landed and the next one is full."""
        async with self._gate:
            self._rows += rows
            self._bytes += sum(map(len, rows))
            if len(self._rows) >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES:
                await self._flush()

    async def finish(self) -> Reading:
        """Land what is left, and return all that was landed as a reading; its windows are not proved yet."""
        async with self._gate:
            await self._flush()
            await self._idle.wait()
        return self._reading

    async def _flush(self) -> None:
        await self._idle.wait()
        rows, self._rows, self._bytes = self._rows, [], 0
        if rows:
            self._idle = anyio.Event()
            self._tasks.start_soon(self._land, rows, self._idle)

    async def _land(self, rows: list[bytes], done: anyio.Event) -> None:
        await anyio.to_thread.run_sync(
            self._decoders.land, rows, self._workshop, self._reading, limiter=self._workshop.limiter
        )
        done.set()
