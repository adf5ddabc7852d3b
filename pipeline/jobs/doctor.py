"""Doctor: find out what each key can see and what state the data folder is in, and say what to fix."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from pipeline import clock
from pipeline.datafolder.claim import claimed_by
from pipeline.decoding.heads import HeadReader
from pipeline.errors import ConfigurationError, IncompleteError, LeafhouseError, RefusedError
from pipeline.extract.selection import selected
from pipeline.jobs.account import check_account
from pipeline.jobs.diagnosis import Diagnosis, KeyHealth, LandingHealth, Sight
from pipeline.jobs.extract import open_source, pacer_of, plan_extract
from pipeline.jobs.job import Job
from pipeline.jobs.refused import describe_refused
from pipeline.leaflink import Client, NotFoundError, Pacer, Response, Waits
from pipeline.leaflink.paging import parse_page
from pipeline.reading.tasks import task_group
from pipeline.resources import Resource, all_resources
from pipeline.settings import Company, Settings, read_hooks
from pipeline.warehouse.folder import Folder, read_folder

# Whoever calls a doctor waits for the answer.
_GIVE_UP_SECONDS = 30.0
_MOST_COMPANIES = 100
_CLOCK_SECONDS = 60.0
_OLD_HOURS = 36.0
_LITTLE_ROOM_BYTES = 2**30
# A load copies the warehouse, and keeps the one that it replaces.
_WAREHOUSES_OF_ROOM = 3


class _Name(msgspec.Struct):
    id: int | None = None
    name: str | None = None


class _Owner(msgspec.Struct):
    seller: int | _Name | None = None


async def diagnose(job: Job) -> Diagnosis:
    """Ask one row of every resource of every company, and look at the data folder. Nothing is changed.

    In a landing in a bucket an object is written and removed again.
    """
    landing = _examine_landing(job)
    is_there = landing is None or landing.problem is None
    folder = read_folder(job.settings.data_dir, job.landing if is_there else None)
    refused = [folder.problem] if folder.problem is not None else list(_refused_plans(job)) if is_there else []
    keys = []
    for company in job.companies:
        keys.append(await examine_key(job, company, pacer_of(job, company.owner), is_readable=is_there and not refused))
    set_aside = describe_refused(job.landing.refused_runs()) if is_there else []
    fixes = [
        *(fix for key in keys for fix in fixes_of_key(key)), *_fixes_of_landing(landing), *refused, *set_aside,
        *_fixes_of_folder(folder),
    ]  # fmt: skip
    codes = [code for key in keys if (code := exit_code_of(key))] + [ConfigurationError.exit_code for _ in refused]
    codes += [landing.exit_code] if landing is not None and landing.exit_code else []
    belongs_to = claimed_by(job.settings.data_dir)
    called = read_hooks()
    on_success, on_failure = (None if hook is None else str(hook) for hook in (called.on_success, called.on_failure))
    code = min(codes, default=0)
    return Diagnosis(keys, folder, belongs_to, list(dict.fromkeys(fixes)), code, on_success, on_failure, landing)


def _examine_landing(job: Job) -> LandingHealth | None:
    """Return how a landing in a bucket is; None where runs land in the data folder."""
    if not job.landing.is_shared:
        return None
    url = str(job.landing.root)
    try:
        return LandingHealth(url, job.landing.examine())
    except LeafhouseError as error:
        return LandingHealth(url, problem=error.message, exit_code=error.exit_code)


def _fixes_of_landing(landing: LandingHealth | None) -> Iterable[str]:
    if landing is not None and landing.problem is not None:
        yield landing.problem
    elif landing is not None and not landing.tells_writers_apart:
        yield (
            f"{landing.url}: two machines that read the same company at the same moment might both commit. Run `make "
            "storage`, or see that one at a time does."
        )


def _refused_plans(job: Job) -> Iterable[str]:
    """Yield what an extract would refuse before it asks for anything, by company."""
    for company in job.companies:
        try:
            plan_extract(job, company, full=False, only=None)
        except ConfigurationError as error:
            yield f"{company.name}: {error}"


async def examine_key(job: Job, company: Company, pacer: Pacer, *, is_readable: bool) -> KeyHealth:
    """Look at what a key sees and, where the data folder `is_readable`, whether it sees the account that is held."""
    settings = job.settings
    try:
        resources = selected(None, company.resources, company.also)
        async with open_source(job, company, moves=False) as source:
            client = Client(
                source, pacer, waits=Waits(min(settings.give_up_seconds, _GIVE_UP_SECONDS)),
                max_connections=settings.max_connections,
            )  # fmt: skip
            async with client:
                examination = _Examination(client, settings)
                await examination.run(resources.values())
                if is_readable and examination.is_answered:
                    await check_account(job, company, client)
                return examination.result(company.name, source.base_url)
    except ConfigurationError as error:
        return KeyHealth(company.name, company.base_url, problem=str(error))


@dataclass
class _Examination:
    """One key being looked at."""

    client: Client
    settings: Settings
    sights: dict[str, Sight] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    owners: set[str] = field(default_factory=set)

    async def run(self, resources: Iterable[Resource]) -> None:
        async with task_group() as tasks:
            for resource in resources:
                tasks.start_soon(self._look_at, resource)

    @property
    def is_answered(self) -> bool:
        """Whether the source is there, and shows something."""
        states = {sight.state for sight in self.sights.values()}
        return "ok" in states and "unreachable" not in states

    async def _look_at(self, resource: Resource) -> None:
        name, parent = resource.name, resource.parent
        try:
            if resource.is_asked_per_parent and parent is not None:
                self.sights[name] = await self._see_one(resource, all_resources()[parent])
            else:
                self.sights[name] = await self._see(resource)
        except RefusedError as error:
            self.sights[name] = Sight(name, "refused", detail=str(error).partition(". ")[0])
        except NotFoundError:
            self.sights[name] = Sight(name, "not offered")
        except IncompleteError as error:
            self.sights[name] = Sight(name, "unreachable", detail=error.message)

    async def _see(self, resource: Resource) -> Sight:
        limit = _MOST_COMPANIES if resource.name == "companies" else 1
        response = await self.client.get(resource.path, {**resource.params, "limit": str(limit), "offset": "0"})
        count, rows = parse_page(response.body)
        self._learn(resource.name, response, rows)
        return Sight(resource.name, "ok", count)

    async def _see_one(self, resource: Resource, parent: Resource) -> Sight:
        """Ask for what belongs to one row of `parent`, which may have none; to count all would take a request each."""
        response = await self.client.get(parent.path, {"limit": "1", "offset": "0"})
        _, rows = parse_page(response.body)
        for head in HeadReader(parent.key, ()).read(rows):
            if head.key is not None:
                with suppress(NotFoundError):
                    await self.client.get(resource.path_of(head.key), resource.params, may_be_empty=True)
        return Sight(resource.name, "ok", detail=f"asked for one row of {parent.name}")

    def _learn(self, name: str, response: Response, rows: list[bytes]) -> None:
        self.headers |= {key: value for key, value in response.headers.items() if "ratelimit" in key.lower()}
        if name == "companies":
            self.names = [_name_in(row) for row in rows]
        else:
            self.owners |= {owner for row in rows if (owner := _owner_in(row)) is not None}

    def result(self, company: str, source: str) -> KeyHealth:
        sees = self.names or [f"company {owner}, by its rows" for owner in sorted(self.owners)]
        sights = [self.sights[name] for name in sorted(self.sights)]
        ahead = (self.client.clock.now() - clock.now()).total_seconds() if self.client.clock.is_known else None
        rate = granted_rate(self.headers, self.settings)
        return KeyHealth(company, source, self._proxy(), sights, sees, ahead, rate)

    def _proxy(self) -> str | None:
        proxy = self.client.source.proxy
        if proxy is None:
            return None
        return f"{proxy} ({'of the environment' if proxy.is_from_environment else 'LEAFLINK_PROXY'})"


def granted_rate(headers: Mapping[str, str], settings: Settings) -> str:
    """Return the rate in words: what the API's headers say, else what the settings allow."""
    if headers:
        return ", ".join(f"{name}: {value}" for name, value in sorted(headers.items()))
    if settings.rate_per_minute == 0:
        return "no header tells; the settings set no limit"
    burst = settings.burst_per_minute or settings.rate_per_minute
    return f"no header tells; the settings allow {settings.rate_per_minute:,} requests a minute, {burst:,} at once"


def _name_in(row: bytes) -> str:
    try:
        company = msgspec.json.decode(row, type=_Name)
    except msgspec.DecodeError:
        return "a company that cannot be read"
    return company.name or f"company {company.id}"


def _owner_in(row: bytes) -> str | None:
    try:
        seller = msgspec.json.decode(row, type=_Owner).seller
    except msgspec.DecodeError:
        return None
    number = seller.id if isinstance(seller, _Name) else seller
    return None if number is None else str(number)


def _states(key: KeyHealth) -> set[str]:
    return {sight.state for sight in key.sights}


def exit_code_of(key: KeyHealth) -> int:
    """Return the code that an extract with this key would end with."""
    states = _states(key)
    error: type[LeafhouseError] | None = None
    if key.problem is not None or states in ({"refused"}, {"not offered"}):
        error = ConfigurationError
    elif "unreachable" in states:
        error = IncompleteError
    elif "refused" in states:
        error = RefusedError
    return 0 if error is None else error.exit_code


def fixes_of_key(key: KeyHealth) -> Iterable[str]:
    """Yield what to do about a key, the most important thing first."""
    states = _states(key)
    if key.problem is not None:
        yield f"{key.company}: {key.problem}"
    elif states == {"refused"}:
        yield f"{key.company}: this key sees nothing. See that LEAFLINK_AUTH_SCHEME (App or Token) is the key's."
    elif states == {"not offered"}:
        yield f"{key.company}: nothing is there. See that LEAFLINK_BASE_URL is the address of the API ({key.source})."
    else:
        yield from _fixes_of_sights(key)
    if key.clock_seconds is not None and abs(key.clock_seconds) > _CLOCK_SECONDS:
        yield f"{key.company}: the clocks are {abs(key.clock_seconds):,.0f} s apart. Set the clock of this machine."


def _fixes_of_sights(key: KeyHealth) -> Iterable[str]:
    for sight in key.sights:
        if sight.state == "refused":
            yield f"{key.company}: {sight.resource}: give the key the permission for it at LeafLink ({sight.detail})."
    unreachable = [sight for sight in key.sights if sight.state == "unreachable"]
    if unreachable:
        more = f" So for {len(unreachable):,} resources." if len(unreachable) > 1 else ""
        yield f"{key.company}: {unreachable[0].detail}{more}"


def _fixes_of_folder(folder: Folder) -> Iterable[str]:
    if folder.free_bytes < max(_LITTLE_ROOM_BYTES, _WAREHOUSES_OF_ROOM * (folder.warehouse_bytes or 0)):
        yield f"{folder.path}: little room is left. Free some space: a load copies the warehouse."
    if folder.changed is not None:
        yield f"{folder.changed} Run `leafhouse load`."
    if folder.unloaded_runs:
        yield f"{folder.path}: runs have landed that are not loaded. Run `leafhouse load`."
    elif folder.warehouse_bytes is None:
        yield f"{folder.path}: there is no warehouse yet. Run `leafhouse run`."
    elif folder.published_at is not None and (clock.now() - folder.published_at).total_seconds() > _OLD_HOURS * 3600:
        yield f"{folder.path}: the warehouse is more than {_OLD_HOURS:.0f} hours old. Run `leafhouse run`."
