"""Running the extractors of all resources side by side, and committing what they read as one manifest."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import anyio

from pipeline.errors import ConfigurationError, IncompleteError, RefusedError
from pipeline.extract.batches import Decoders, Workshop
from pipeline.extract.by_parent import read_by_parent
from pipeline.extract.drift import FieldsMet
from pipeline.extract.fresh import Found, read_appended, read_changed, read_quarantined
from pipeline.extract.journal import JournalFile
from pipeline.extract.listing import Listing, NotOffered
from pipeline.extract.normalise import Rejected
from pipeline.extract.personal import KEEP, Treatment
from pipeline.extract.plan import Plan, Step, Way
from pipeline.extract.progress import Progress
from pipeline.extract.reading import ChildRead, Reading
from pipeline.extract.tasks import task_group
from pipeline.extract.windows import Window
from pipeline.landing import Batch, Landing, Manifest, ResourceRead, WindowRead
from pipeline.leaflink import Client
from pipeline.resources import Appended, Changed, PerParent, Resource, WithParent, all_resources

# More bad rows than both of these say that the contract or the source is broken, not a row.
MOST_QUARANTINED = 25
MOST_QUARANTINED_SHARE = 0.001
# `line-items/?order=` takes a list: so many order numbers keep the address short.
_PARENTS_PER_REQUEST = 20


@dataclass(frozen=True)
class Origin:
    """Where the rows come from, as the manifest says it; `account` is what only the same key and settings have."""

    source: str
    base_url: str
    company: str
    account: str


class Extraction:
    """One run: the extractors share a client, a landing, the journal and the decoding workshop.

    `on_landed` is called with each batch as soon as its window is complete. A window that is read once more after all
    leaves batches that the manifest does not name.
    """

    def __init__(
        self, client: Client, landing: Landing, plan: Plan, origin: Origin,
        *, page_size: int, connections: int, progress: Progress, on_landed: Callable[[Batch], None] | None = None,
        personal: Treatment | None = None,
    ) -> None:  # fmt: skip
        self._client = client
        self._landing = landing
        self._plan = plan
        self._origin = origin
        self._page_size = page_size
        self._connections = connections
        self._progress = progress
        self._on_landed = on_landed or (lambda batch: None)
        self._personal = KEEP if personal is None else personal.label
        self._journal = JournalFile(
            landing, origin.company, origin.account, f"{origin.base_url} {plan}, personal data: {self._personal}",
            datetime.now(UTC),
        )  # fmt: skip
        journal = self._journal.journal
        used = len(journal.batches)
        self._workshop = Workshop(landing, journal.run_id, origin.company, journal.started_at, used, personal)
        self._reads: list[ResourceRead] = []
        self._rejected: list[tuple[str, Rejected]] = []
        self._server_times: list[datetime] = []
        self._touches: dict[str, set[str]] = defaultdict(set)
        self._ready = {
            name: anyio.Event() for name, step in plan.steps.items() if isinstance(step.resource.refresh, Appended)
        }

    async def run(self) -> Manifest:
        """Read every resource of the plan and commit the manifest.

        Raises the most telling of the errors that the extractors ended with; nothing is committed then, and what was
        complete by then need not be read again by the next run.
        """
        self._progress.is_resumed = self._journal.is_resumed
        for name, step in self._plan.steps.items():
            self._progress.of(name).way = step.way.value
        async with task_group() as extractors:
            for step in self._plan.steps.values():
                refresh = step.resource.refresh
                if not isinstance(refresh, WithParent | PerParent) or refresh.parent not in self._plan.steps:
                    extractors.start_soon(self._extract, step)
        self._refuse_a_key_that_sees_nothing()
        self._refuse_too_many_bad_rows()
        manifest = self._manifest()
        self._landing.commit(manifest)
        self._journal.forget()
        return manifest

    async def _extract(self, step: Step) -> None:
        started = time.monotonic()
        listing = self._listing(step.resource)
        try:
            found = await self._read(step, listing)
        except (RefusedError, NotOffered) as error:
            by_parent = [each.resource for each in self._steps_by(step.resource)]
            for resource in (step.resource, *self._children_of(step.resource), *by_parent):
                self._finish_unread(resource, error)
            return
        finally:
            if step.resource.name in self._ready:
                self._ready[step.resource.name].set()
        if listing.server_time is not None:
            self._server_times.append(listing.server_time)
        self._finish(step.resource, found, listing, started)
        for child in self._children_of(step.resource):
            await self._extract_children(child, found, started)
        async with task_group() as extractors:
            for each in self._steps_by(step.resource):
                extractors.start_soon(self._extract_by_parent, each, step, found)

    async def _read(self, step: Step, listing: Listing) -> Found:
        match step.way:
            case Way.TAIL:
                found = await read_appended(step, listing)
            case Way.FRESH | Way.CHANGED:
                found = await read_changed(step, listing, lambda: self._touched(step.resource))
            case _:
                found = Found(await listing.read(Window(step.resource.params)), "all")
        self._note_touched(step, found)
        return found

    async def _touched(self, resource: Resource) -> set[str]:
        """Return the rows of `resource` that new, changed or vanished rows of other resources point at."""
        for name, step in self._plan.steps.items():
            if isinstance(step.resource.refresh, Appended) and step.resource.refresh.parent == resource.name:
                await self._ready[name].wait()
        return self._touches[resource.name]

    def _note_touched(self, step: Step, found: Found) -> None:
        refresh, held = step.resource.refresh, step.held
        if isinstance(refresh, Appended) and refresh.parent is not None:
            known = {str(key): parent for key, parent in zip(held.keys, held.parents, strict=True)}
            links = found.reading.links
            parents: set[str | None] = {links[key] for key in links.keys() - known.keys()} if known else set()
            if found.scope == "all":
                parents |= {known[key] for key in known.keys() - found.reading.keys}
            parents |= {known[key] for key in found.gone}
            self._touches[refresh.parent] |= {parent for parent in parents if parent is not None}

    async def _extract_children(self, child: Resource, of: Found, started: float) -> None:
        """Land the rows that came inside their parents, or read them on their own when they did not."""
        listing = self._listing(child)
        self._progress.of(child.name).way = Way.WITH_PARENT.value  # it comes, whether or not the plan names it
        scope, parents = of.scope, of.reading
        found = Found(_embedded_reading(child, parents), "all" if scope == "all" else "sets")
        try:
            if parents.childless and scope == "changed":
                found.reading.add(await self._read_of_parents(child, listing, parents.childless))
            elif scope == "all":
                stated = await listing.count(Window(child.params))
                if parents.childless or found.reading.distinct != stated:
                    found.reading = await listing.read(Window(child.params))
            if found.scope == "sets" and child.name in self._plan.steps:
                await read_quarantined(self._plan.steps[child.name].held, listing, found)
        except (RefusedError, NotOffered) as error:
            if parents.childless:
                self._finish_unread(child, error)
                return
            found.scope = "sets"  # without the count of the whole listing, only the sets are proved
        self._finish(child, found, listing, started)

    async def _extract_by_parent(self, step: Step, parent: Step, of: Found) -> None:
        started, listing = time.monotonic(), self._listing(step.resource)
        try:
            found = await read_by_parent(step, parent, of, listing, self._landing)
        except (RefusedError, NotOffered) as error:
            self._finish_unread(step.resource, error)
            return
        self._finish(step.resource, found, listing, started)

    async def _read_of_parents(self, child: Resource, listing: Listing, parents: list[str]) -> Reading:
        assert isinstance(child.refresh, WithParent)
        numbers, reading = sorted(parents), Reading()
        for start in range(0, len(numbers), _PARENTS_PER_REQUEST):
            asked = ",".join(numbers[start : start + _PARENTS_PER_REQUEST])
            reading.add(await listing.read(Window({**child.params, child.refresh.parent_key: asked})))
        return reading

    def _finish(self, resource: Resource, found: Found, listing: Listing, started: float) -> None:
        name, refresh, reading = resource.name, resource.refresh, found.reading
        batches = [batch for batch in reading.batches if batch.resource == name]
        rejected = [each for each in reading.rejected if each[0] == name]
        self._rejected += rejected
        met = reading.fields.get(name, FieldsMet())
        read = ResourceRead(
            resource=name, key=resource.key, scope=found.scope, batches=tuple(batches),
            quarantined=len(rejected), keyless=max(reading.keyless, sum(each.key is None for _, each in rejected)),
            stated=reading.stated, received=reading.received, distinct=reading.distinct,
            rereads=reading.rereads, requests=listing.requests, seconds=round(time.monotonic() - started, 3),
            parent=refresh.parent if isinstance(refresh, WithParent | PerParent) else None,
            parent_key=refresh.parent_key if isinstance(refresh, WithParent | PerParent) else None,
            watermark=listing.server_time if isinstance(refresh, Changed) else None, windows=tuple(reading.windows),
            created_field=refresh.created_field if isinstance(refresh, Changed) else None,
            complete_since=found.complete_since, gone=tuple(sorted(found.gone)), asked=tuple(sorted(found.asked)),
            fields=met.summarise((each for _, each in rejected), is_complete=found.scope == "all"),
        )  # fmt: skip
        self._reads.append(read)
        self._progress.finish(read)

    def _finish_unread(self, resource: Resource, error: RefusedError | NotOffered) -> None:
        """Note that nothing came of a resource, or of the parent that it comes with."""
        read = ResourceRead(
            resource=resource.name, key=resource.key, scope="changed", not_offered=isinstance(error, NotOffered),
            refused=str(error) if isinstance(error, RefusedError) else None,
        )  # fmt: skip
        self._reads.append(read)
        self._progress.finish(read)

    def _listing(self, resource: Resource) -> Listing:
        return Listing(
            self._client, resource, Decoders(resource, all_resources()), self._workshop, self._journal,
            self._progress.of(resource.name), page_size=self._page_size, connections=self._connections,
            on_landed=self._on_landed,
        )  # fmt: skip

    def _children_of(self, resource: Resource) -> list[Resource]:
        found = all_resources().values()
        return [each for each in found if isinstance(each.refresh, WithParent) and each.refresh.parent == resource.name]

    def _steps_by(self, parent: Resource) -> list[Step]:
        """Return the steps of what is asked for by the rows of `parent`."""
        steps = self._plan.steps.values()
        return [
            each for each in steps
            if isinstance(each.resource.refresh, PerParent) and each.resource.refresh.parent == parent.name
        ]  # fmt: skip

    def _refuse_a_key_that_sees_nothing(self) -> None:
        if self._reads and all(read.refused is not None for read in self._reads):
            raise ConfigurationError(
                f"{self._reads[0].refused}, and so is all else: this key sees nothing. See that LEAFLINK_AUTH_SCHEME "
                "(App or Token) is the key's, and what it is allowed. Nothing was committed; the last warehouse stays."
            )
        if len(self._reads) > 1 and all(read.not_offered for read in self._reads):
            raise ConfigurationError(
                f"{self._origin.base_url}: offers none of the listings that were asked for (404). See that "
                "LEAFLINK_BASE_URL is the address of the API. Nothing was committed; the last warehouse stays."
            )

    def _refuse_too_many_bad_rows(self) -> None:
        for read in self._reads:
            if read.quarantined > MOST_QUARANTINED and read.quarantined > MOST_QUARANTINED_SHARE * read.received:
                first = next(each for name, each in self._rejected if name == read.resource)
                self._journal.forget()
                raise IncompleteError(
                    f"{read.resource}: {read.quarantined:,} of {read.received:,} rows break their contract, "
                    f"the first one at {first.path or 'the row'}: {first.reason}. Nothing was committed; "
                    "the last warehouse stays in place."
                )

    def _manifest(self) -> Manifest:
        quarantine = (self._workshop.write_quarantine(self._rejected),) if self._rejected else ()
        journal = self._journal.journal
        return Manifest(
            run_id=journal.run_id, kind="incremental" if self._plan.is_incremental else "full",
            source="sandbox" if self._origin.source == "sandbox" else "live",
            base_url=self._origin.base_url, company=self._origin.company, personal=self._personal,
            started_at=journal.started_at, finished_at=datetime.now(UTC),
            server_time=min(self._server_times, default=journal.started_at),
            resources=tuple(sorted(self._reads, key=lambda read: read.resource)), quarantine=quarantine,
            requests=self._client.stats.requests, retries=self._client.stats.retries,
        )  # fmt: skip


def _embedded_reading(child: Resource, parents: Reading) -> Reading:
    """Return what was read of `child` inside the rows of its parent; each set is complete with its parent."""
    found = parents.children.get(child.name, ChildRead())
    proof = WindowRead(
        window="inside their parents", stated=found.distinct, received=found.received, distinct=found.distinct
    )
    return Reading(
        windows=[proof], batches=parents.batches, rejected=parents.rejected, keyless=found.keyless,
        fields=parents.fields,
    )  # fmt: skip
