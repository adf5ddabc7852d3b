"""Running the extractors of all resources side by side, and committing what they read as one manifest."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import anyio
from msgspec import structs

from pipeline import clock
from pipeline.decoding.oddities import RejectedRow
from pipeline.decoding.personal import KEEP, Treatment
from pipeline.errors import ConfigurationError, IncompleteError, RefusedError
from pipeline.extract.batches import Decoders, Workshop
from pipeline.extract.by_parent import read_by_parent
from pipeline.extract.children import Witness, embedded_reading
from pipeline.extract.clocks import Clocks, ClocksApart, check_clocks
from pipeline.extract.convergence import Convergence, ReadState
from pipeline.extract.fresh import read_appended, read_changed, read_everything, read_quarantined
from pipeline.extract.journal import JournalFile
from pipeline.extract.listing import Listing
from pipeline.extract.pages import ListingError, NotOffered, Pages
from pipeline.extract.plan import Plan, Step, Way
from pipeline.extract.progress import Progress
from pipeline.extract.reading import Reading
from pipeline.extract.windows import Window
from pipeline.instants import instant
from pipeline.landing import Batch, Head, Landing, Manifest, ResourceRead, StorageError
from pipeline.leaflink import Client, ReadTimes
from pipeline.reading import Limits
from pipeline.reading.tasks import task_group
from pipeline.resources import Resource, all_resources

# More bad rows than both of these say that the contract or the source is broken, not a row; so does more than half of
# a resource that had rows before.
MOST_QUARANTINED = 25
MOST_QUARANTINED_SHARE = 0.001
# `line-items/?order=` takes a list: so many order numbers keep the address short.
_PARENTS_PER_REQUEST = 20


@dataclass(frozen=True)
class Run:
    """A run before it has read anything: its id, where its rows come from, and how personal data are treated.

    `account` is what only the same key and settings have. A run that goes on where another was cut off takes that one's
    id in place of `run_id`. `treatment` is None where personal data are kept. `upon` is where the committed runs ended
    when this one was planned.
    """

    run_id: str
    company: str
    source: str
    base_url: str
    account: str
    treatment: Treatment | None = None
    upon: Head | None = None

    @property
    def personal(self) -> str:
        """What is done to personal data, as the manifest says it."""
        return KEEP if self.treatment is None else self.treatment.label


class Extraction:
    """One run: the extractors share a client, a landing, the journal and the decoding workshop.

    `on_landed` is called with each batch as soon as its window is complete. A window that is read once more after all
    leaves batches that the manifest does not name.
    """

    def __init__(
        self, client: Client, landing: Landing, plan: Plan, run: Run, limits: Limits, progress: Progress,
        on_landed: Callable[[Batch], None] | None = None,
    ) -> None:  # fmt: skip
        self._client = client
        self._landing = landing
        self._plan = plan
        self._run = run
        self._limits = limits
        self._progress = progress
        self._on_landed = on_landed or (lambda batch: None)
        self._journal = JournalFile(
            landing, run.company, run.account, f"{run.base_url} {plan}, personal data: {run.personal}",
            run.run_id, clock.now(), "" if run.upon is None else run.upon.run_id,
        )  # fmt: skip
        header = self._journal.header
        self._workshop = Workshop(
            landing, header.run_id, run.company, header.started_at, self._journal.used, run.treatment
        )
        self._reads: list[ResourceRead] = []
        self._rejected: list[tuple[str, RejectedRow]] = []
        self._times: dict[str, ReadTimes] = {}
        self._states: dict[str, ReadState] = {}
        self._started: dict[str, float] = {}
        self._warnings: list[str] = []
        self._touches: dict[str, set[str]] = defaultdict(set)
        self._ready = {name: anyio.Event() for name, step in plan.steps.items() if step.resource.grows_at_end}

    async def run(self) -> Manifest:
        """Read every resource of the plan, bring them to one moment, and commit the manifest.

        Raises the most telling of the errors that the extractors ended with; nothing is committed then, and what is
        still good of what was read need not be read again by the next run.
        """
        self._progress.is_resumed = self._journal.is_resumed
        for name, step in self._plan.steps.items():
            self._progress.of(name).way = step.way.value
        async with task_group() as extractors:
            for step in self._plan.steps.values():
                if step.resource.is_listed or step.resource.parent not in self._plan.steps:
                    extractors.start_soon(self._extract, step)
        convergence = Convergence(self._states)
        await convergence.run()
        await convergence.find_ghosts()
        for state in self._states.values():
            for child in self._children_of(state.step.resource):
                await self._extract_children(child, state, convergence)
            self._finish(state.step.resource, state.reading, state.listing)
        async with task_group() as extractors:
            for step in self._plan.steps.values():
                parent = step.resource.parent
                if step.resource.is_asked_per_parent and parent in self._states:
                    extractors.start_soon(self._extract_by_parent, step, self._states[parent])
        self._refuse_a_key_that_sees_nothing()
        self._refuse_too_many_bad_rows()
        clocks = self._clocks()
        manifest = self._manifest(convergence, clocks, self._check(clocks))
        self._commit(manifest)
        return manifest

    def _commit(self, manifest: Manifest) -> None:
        """Commit the run, and let go of its journal, also when another run was committed since the plan.

        What was read upon an older plan is no good then, and its id may sort before the other's.
        """
        if self._landing.commit(manifest, self._run.upon):
            self._journal.forget()
            return
        self._journal.forget()
        raise StorageError(
            f"{manifest.company}: another run was committed at {self._landing.root} while this one was read, so that "
            "this one, planned without it, was not. See that one machine at a time reads a company."
        )

    async def _extract(self, step: Step) -> None:
        listing, name = self._listing(step.resource, step.recent_from), step.resource.name
        self._started[name] = time.monotonic()
        try:
            reading = await self._read(step, listing)
        except (RefusedError, NotOffered, ListingError) as error:
            if isinstance(error, ListingError) and self._is_vital(step.resource):
                raise
            by_parent = [each.resource for each in self._steps_by(step.resource)]
            for resource in (step.resource, *self._children_of(step.resource), *by_parent):
                self._finish_unread(resource, error)
            return
        finally:
            if name in self._ready:
                self._ready[name].set()
        self._times[name] = listing.pages.times
        self._states[name] = ReadState(step, listing, reading)
        self._progress.finish(self._read_of(step.resource, reading, listing))

    def _is_vital(self, resource: Resource) -> bool:
        """Whether a run without a resource is worth nothing."""
        return resource.is_vital or any(child.is_vital for child in self._children_of(resource))

    async def _read(self, step: Step, listing: Listing) -> Reading:
        match step.way:
            case Way.TAIL:
                reading = await read_appended(step, listing)
            case Way.FRESH | Way.CHANGED:
                reading = await read_changed(step, listing, lambda: self._touched(step.resource))
            case _:
                reading = await read_everything(step, listing)
        self._note_touched(step, reading)
        return reading

    async def _touched(self, resource: Resource) -> set[str]:
        """Return the rows of `resource` that new, changed or vanished rows of other resources point at."""
        for name, step in self._plan.steps.items():
            if step.resource.grows_at_end and step.resource.parent == resource.name:
                await self._ready[name].wait()
        return self._touches[resource.name]

    def _note_touched(self, step: Step, reading: Reading) -> None:
        resource, held = step.resource, step.holding
        if resource.grows_at_end and resource.parent is not None:
            links = reading.links
            parents = {links[key] for key in links.keys() - held.values.keys()} if held.values else set()
            gone = reading.gone | (held.values.keys() - reading.keys if reading.scope == "all" else set())
            parents |= {held.parents[key] for key in gone if key in held.parents}
            self._touches[resource.parent] |= parents

    async def _extract_children(self, child: Resource, state: ReadState, convergence: Convergence) -> None:
        """Finish the rows that came inside their parents, or read them on their own when they did not."""
        listing, parents = self._listing(child), state.reading
        self._progress.of(child.name).way = Way.WITH_PARENT.value  # it comes, whether or not the plan names it
        self._started.setdefault(child.name, time.monotonic())
        reading = embedded_reading(child, parents)
        try:
            if parents.childless and reading.scope == "sets":
                reading.add(await self._read_of_parents(child, listing, parents.childless))
            elif parents.childless:
                reading = await listing.read(Window(child.params))
                reading.scope = "all"
            elif reading.scope == "all":
                witness = Witness(
                    child, listing, state.listing, parents, lambda: convergence.catch_up(state.name),
                    lambda: convergence.find_ghosts_of(state.name),
                )  # fmt: skip
                await witness.compare()
                self._warnings += witness.doubts
                reading = embedded_reading(child, parents)
            if reading.scope == "sets" and child.name in self._plan.steps:
                await read_quarantined(self._plan.steps[child.name].holding, listing, reading)
        except (RefusedError, NotOffered, ListingError) as error:
            if parents.childless:
                if isinstance(error, ListingError):
                    raise
                self._finish_unread(child, error)
                return
            reading.scope = "sets"  # without its own listing, only the sets are proved
        self._finish(child, reading, listing)
        self._progress.finish(self._reads[-1])

    async def _extract_by_parent(self, step: Step, parent: ReadState) -> None:
        listing = self._listing(step.resource)
        self._started[step.resource.name] = time.monotonic()
        try:
            reading = await read_by_parent(step, parent.step, parent.reading, listing, self._landing)
        except (RefusedError, NotOffered) as error:
            self._finish_unread(step.resource, error)
            return
        self._finish(step.resource, reading, listing)
        self._progress.finish(self._reads[-1])

    async def _read_of_parents(self, child: Resource, listing: Listing, parents: list[str]) -> Reading:
        assert child.parent_key is not None, "rows that come inside others name these"
        numbers, reading = sorted(parents), Reading()
        for start in range(0, len(numbers), _PARENTS_PER_REQUEST):
            asked = ",".join(numbers[start : start + _PARENTS_PER_REQUEST])
            reading.add(await listing.read(Window({**child.params, child.parent_key: asked}), keep=False))
        return reading

    def _finish(self, resource: Resource, reading: Reading, listing: Listing) -> None:
        self._rejected += [(resource.name, each) for each in reading.quarantine]
        self._reads.append(self._read_of(resource, reading, listing))

    def _read_of(self, resource: Resource, reading: Reading, listing: Listing) -> ResourceRead:
        """Return what is to be said of a resource in the manifest."""
        rejected = reading.quarantine
        return ResourceRead(
            resource=resource.name, key=resource.key, scope=reading.scope, batches=tuple(reading.batches),
            quarantined=len(rejected), keyless=max(reading.keyless, sum(each.key is None for each in rejected)),
            stated=reading.stated, received=reading.received, distinct=reading.distinct,
            rereads=reading.rereads, requests=listing.pages.requests,
            seconds=round(time.monotonic() - self._started[resource.name], 3),
            parent=None if resource.is_listed else resource.parent,
            parent_key=None if resource.is_listed else resource.parent_key,
            windows=(*reading.windows, *reading.additions),
            created_field=resource.window_field,
            complete_since=reading.complete_since, gone=tuple(sorted(reading.gone - reading.keys)),
            asked=tuple(sorted(reading.asked)),
            fields=reading.fields.summarise(rejected, is_complete=reading.scope == "all"),
        )  # fmt: skip

    def _finish_unread(self, resource: Resource, error: RefusedError | NotOffered | ListingError) -> None:
        """Note that nothing came of a resource, or of the parent that it comes with."""
        read = ResourceRead(
            resource=resource.name, key=resource.key, scope="changed", not_offered=isinstance(error, NotOffered),
            refused=None if isinstance(error, NotOffered) else error.message,
        )  # fmt: skip
        self._reads.append(read)
        self._progress.finish(read)

    def _listing(self, resource: Resource, recent_from: datetime | None = None) -> Listing:
        pages = Pages(self._client, resource, self._progress.of(resource.name))
        decoders = Decoders(resource, all_resources())
        return Listing(pages, decoders, self._workshop, self._journal, self._limits, self._on_landed, recent_from)

    def _children_of(self, resource: Resource) -> list[Resource]:
        return [each for each in all_resources().values() if each.is_embedded and each.parent == resource.name]

    def _steps_by(self, parent: Resource) -> list[Step]:
        """Return the steps of what is asked for by the rows of `parent`."""
        steps = self._plan.steps.values()
        return [each for each in steps if each.resource.is_asked_per_parent and each.resource.parent == parent.name]

    def _refuse_a_key_that_sees_nothing(self) -> None:
        if self._reads and all(read.refused is not None for read in self._reads):
            raise ConfigurationError(
                f"{self._reads[0].refused}, and so is all else: this key sees nothing. See that LEAFLINK_AUTH_SCHEME "
                "(App or Token) is the key's, and what it is allowed."
            )
        if len(self._reads) > 1 and all(read.not_offered for read in self._reads):
            raise ConfigurationError(
                f"{self._run.base_url}: offers none of the listings that were asked for (404). See that "
                "LEAFLINK_BASE_URL is the address of the API."
            )

    def _refuse_too_many_bad_rows(self) -> None:
        """Raise IncompleteError where too many rows are bad; a resource that is not vital counts as unread."""
        for read in list(self._reads):
            if self._has_too_many_bad_rows(read):
                first = next(each for name, each in self._rejected if name == read.resource)
                error = IncompleteError(
                    f"{read.resource}: {read.quarantined:,} of {read.received:,} rows break their contract, "
                    f"the first one at {first.path or 'the row'}: {first.reason}."
                )
                if all_resources()[read.resource].is_vital:
                    self._journal.forget()
                    raise error
                self._reads.remove(read)
                self._rejected = [each for each in self._rejected if each[0] != read.resource]
                self._finish_unread(all_resources()[read.resource], ListingError(error.message))

    def _has_too_many_bad_rows(self, read: ResourceRead) -> bool:
        step = self._plan.steps.get(read.resource)
        held = 0 if step is None else step.holding.rows
        is_much = read.quarantined > MOST_QUARANTINED and read.quarantined > MOST_QUARANTINED_SHARE * read.received
        return is_much or (held > 0 and read.quarantined > max(held, read.received) / 2)

    def _clocks(self) -> Clocks:
        ours, times = clock.now(), self._times
        newest = {name: at for name, state in self._states.items() if (at := _newest(state.reading)) is not None}
        return Clocks(
            # Without any answer all was read by a run that was cut off.
            source=self._client.clock.now() if self._client.clock.is_known else ours, ours=ours, newest=newest,
            behind={name: each.behind for name, each in times.items()},
            recalled={name: each.recalled for name, each in times.items() if each.recalled is not None},
        )  # fmt: skip

    def _check(self, clocks: Clocks) -> tuple[str, ...]:
        """Return what is to be told of the clocks. Raises ClocksApart; no other run takes up what was read then."""
        try:
            return check_clocks(clocks)
        except ClocksApart:
            self._journal.forget()
            raise

    def _dated(self, read: ResourceRead, clocks: Clocks) -> ResourceRead:
        """Return a read with the source's time up to which its rows are known, and up to which changes are covered."""
        both = (self._times.get(read.resource), self._times.get(read.parent or ""))  # children come with their parent
        reached = [times.reached for times in both if times is not None and times.reached is not None]
        if not read.was_read or not reached:
            return read
        server_time = min(*reached, clocks.source)
        shows_changes = all_resources()[read.resource].change_field is not None
        # A clock that is ahead for a night would skip what changes until then: the watermark goes by the earlier one.
        watermark = server_time - clocks.source_ahead if shows_changes else None
        return structs.replace(read, server_time=server_time, watermark=watermark)

    def _manifest(self, convergence: Convergence, clocks: Clocks, warnings: tuple[str, ...]) -> Manifest:
        quarantine = (self._workshop.write_quarantine(self._rejected),) if self._rejected else ()
        header, reads = self._journal.header, sorted(self._reads, key=lambda read: read.resource)
        began = [times.began for times in self._times.values() if times.began is not None]
        return Manifest(
            run_id=header.run_id, kind="incremental" if self._plan.is_incremental else "full",
            source="sandbox" if self._run.source == "sandbox" else "live",
            base_url=self._run.base_url, company=self._run.company, personal=self._run.personal,
            started_at=header.started_at, finished_at=clock.now(),
            server_time=min([*began, clocks.source]), warnings=(*warnings, *self._warnings),
            resources=tuple(self._dated(read, clocks) for read in reads), quarantine=quarantine,
            requests=self._client.stats.requests, retries=self._client.stats.retries,
            skew_seconds=round(convergence.skew_seconds, 3), passes=convergence.passes,
        )  # fmt: skip


def _newest(reading: Reading) -> datetime | None:
    """Return the newest instant at which one of the rows was made or changed, by what they say themselves."""
    instants = [max(each.created or 0, each.modified or 0) for each in reading.values.values()]
    newest = max(instants, default=0)
    return instant(newest) if newest else None
