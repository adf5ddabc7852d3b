"""The pages of one resource at the API: asked for, parsed, checked against their filters, as `reading` wants them."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pipeline.decoding.heads import Head, HeadReader
from pipeline.errors import IncompleteError, LeafhouseError
from pipeline.extract.progress import ResourceProgress
from pipeline.extract.windows import Window
from pipeline.leaflink import Client, FailingError, NotFoundError, ReadTimes
from pipeline.leaflink.paging import BrokenPage, parse_page
from pipeline.reading import Ask, Page, PageError, Row, Values
from pipeline.resources import Resource

_BROKEN_PAGES = 3
# A request that fails so often while others are answered is given up; the parts of a page that failed, sooner.
_MOST_FAILURES, _FAILURES_OF_PARTS = 6, 3


class NotOffered(LeafhouseError):
    """LeafLink answered 404 for a listing before anything of it came: this API has none of that name."""


class OtherRowError(IncompleteError):
    """LeafLink answered with another row than the one that was asked for by its key, or with none at all."""


class ListingError(IncompleteError):
    """One listing cannot be read, or not proved; others may well be."""


class Pages:
    """Asks for the pages and rows of one resource.

    `times` says when the answers were made, `requests` how many there were; `progress` is for whoever watches.
    """

    def __init__(self, client: Client, resource: Resource, progress: ResourceProgress) -> None:
        self.times = ReadTimes(client.clock)
        self.requests = 0
        self._links: dict[str, str] = {}
        self.resource, self.progress = resource, progress
        self._client = client
        self._most_failures = _MOST_FAILURES
        self._was_answered = False
        self._link = _link_of(resource)
        self._heads = HeadReader(resource.key, _head_fields(resource))

    @property
    def server_time(self) -> datetime | None:
        """The source's time up to which the rows that have come are known; None while there are none."""
        return self.times.reached

    def begin_pass(self) -> None:
        """Note the times of the answers from now on by themselves: they are of another moment than those before."""
        self.times = ReadTimes(self._client.clock)

    async def count(self, window: Window) -> int:
        """Return how many rows the API states for `window`, asking for a single one. Raises NotOffered."""
        return (await self.fetch(window, 0, 1)).count

    def links_of(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the parents that rows point to, by the key of those that do."""
        return {key: self._links[key] for key in keys if key in self._links}

    def of(self, window: Window) -> Ask:
        """Return how `reading` asks for the pages of a window."""

        async def ask(offset: int, limit: int) -> Page:
            return await self.fetch(window, offset, limit)

        return ask

    async def fetch(self, window: Window, offset: int, limit: int) -> Page:
        """Return a page of a window.

        Raises PageError when LeafLink fails for it while it answers for others, ListingError when no answer is a page,
        NotOffered when there is no such listing, IgnoredFilter when rows lie outside of the window.
        """
        query = window.query() | {"limit": str(limit), "offset": str(offset)}
        for attempt in range(_BROKEN_PAGES):
            try:
                count, raws = parse_page(await self.ask(self.resource.path, query))
            except NotFoundError as error:
                if not self._was_answered:
                    raise NotOffered(f"{self.resource.path}: not offered (404)") from error
                raise
            except FailingError as error:
                self._most_failures = _FAILURES_OF_PARTS
                raise PageError(f"LeafLink fails for the rows from offset {offset:,} on ({error.reason})") from error
            except BrokenPage as error:
                if attempt == _BROKEN_PAGES - 1:
                    raise ListingError(
                        f"{self.resource.name}: {error}, {_BROKEN_PAGES} times at offset {offset:,}."
                    ) from error
                continue
            heads = self._heads.read(raws)
            window.check(heads)
            rows = [self._row(raw, head) for raw, head in zip(raws, heads, strict=True)]
            self.progress.total = max(self.progress.total or 0, count)
            return Page(offset, limit, count, rows)
        raise AssertionError("unreachable")

    async def ask(self, path: str, query: Mapping[str, str], *, may_be_empty: bool = False) -> bytes:
        """Return what LeafLink answers with. Raises NotFoundError for what is not there, or empty where it may be."""
        try:
            response = await self._client.get(path, query, may_be_empty=may_be_empty, most_failures=self._most_failures)
        finally:
            self.requests += 1
            self.progress.pages += 1
        self.times.note(response.stamp)
        self._was_answered = True
        return response.body

    async def fetch_row(self, key: str) -> bytes | None:
        """Return one row by its key, None when it is not there. Raises FailingError, OtherRowError."""
        try:
            row = await self.ask(f"{self.resource.path}{key}/", self.resource.params)
        except NotFoundError:
            return None
        (head,) = self._heads.read([row])
        if head.key not in (key, None):  # a row whose key nobody can read is there, and will be set aside
            raise OtherRowError(f"{self.resource.name}: asked for {key}, LeafLink answered with {head.key}.")
        return row

    def rows(self, raws: list[bytes]) -> list[Row]:
        """Return rows as `reading` knows them."""
        heads = self._heads.read(raws)
        return [self._row(raw, head) for raw, head in zip(raws, heads, strict=True)]

    def _row(self, raw: bytes, head: Head) -> Row:
        key = head.key
        if key is None:
            return Row(raw, Values(None, *self._instants(head)), raw)
        link = None if self._link is None else head.values.get(self._link)
        if isinstance(link, str):
            self._links[key] = link
        place = int(key) if self.resource.has_number_key and key.isdigit() else key
        return Row(key, Values(place, *self._instants(head)), raw)

    def _instants(self, head: Head) -> tuple[int | None, int | None]:
        created, modified = self.resource.created_field, self.resource.modified_field
        return head.microseconds(created), head.microseconds(modified)


def _head_fields(resource: Resource) -> tuple[str, ...]:
    """Return the fields that windows are checked by, that listings may be in the order of, or that name a parent."""
    named = (resource.created_field, resource.modified_field, resource.open_flag, _link_of(resource))
    return tuple(filter(None, named))


def _link_of(resource: Resource) -> str | None:
    """Return the field of listed rows that names their parent."""
    return resource.parent_key if resource.is_listed else None
