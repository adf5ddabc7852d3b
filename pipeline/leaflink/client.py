"""The client: one session with one origin, which asks, waits, tries again, and in the end gives a page or says why."""

import importlib.metadata
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

import aiohttp
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from yarl import URL

from pipeline.errors import IncompleteError, LeafhouseError
from pipeline.leaflink.answers import Response, read_answer
from pipeline.leaflink.concurrency import AdaptiveLimiter
from pipeline.leaflink.errors import FailingError, Hiccup, NotFoundError
from pipeline.leaflink.failures import failure_of, send_once
from pipeline.leaflink.pacing import Pacer
from pipeline.leaflink.source import Source
from pipeline.leaflink.source_clock import SourceClock
from pipeline.leaflink.waiting import Patience, Waits

# Once may be a mishap of a proxy's.
_EMPTIES = 2
# A request that failed so often, while others were answered, fails by what it asks for; an overloaded server is no such
# failure. Where every second answer is one, a request in 64 is given up by mistake: whoever asks then asks for less.
_FAILURES = 6
# Gateways write cookies and policies of some ten KB into a header; aiohttp allows for 8.
_LONGEST_HEADER_BYTES = 64 * 1024
_USER_AGENT = f"leafhouse/{importlib.metadata.version('leafhouse')} (LeafLink to DuckDB; read only)"


@dataclass
class Stats:
    """What the client has done so far. `requests` counts every one sent, `bytes` are of good bodies, inflated."""

    requests: int = 0
    retries: int = 0
    throttled: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something to show while a run goes on: `answer` (a good one), `retry` or `throttled`.

    `reason` says what was seen and `wait_seconds` how long until the next try; an answer has its `bytes`.
    """

    kind: Literal["answer", "retry", "throttled"]
    path: str
    bytes: int = 0
    reason: str = ""
    wait_seconds: float = 0.0


@dataclass
class _Ask:
    """One call of `get`, over all its tries."""

    path: str
    url: URL
    may_be_empty: bool
    first_sent_at: float = 0.0
    tries: int = 0
    most_failures: int = _FAILURES
    empties: int = 0
    failures: int = 0
    is_failing: bool = False


class Client:
    """Asks one LeafLink API for pages. Use it as an async context manager; many tasks may share it.

    `gzip` asks for compressed bodies: they cost the client CPU and save the network. `on_event` is called on the event
    loop: be quick. `clock` is what the answers agree on about the time.
    """

    def __init__(
        self,
        source: Source,
        pacer: Pacer,
        *,
        waits: Waits = Waits(),  # noqa: B008  (frozen)
        max_connections: int = 16,
        max_body_bytes: int = 64 * 1024 * 1024,
        gzip: bool = True,
        on_event: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.source = source
        self.stats = Stats()
        self.clock = SourceClock()
        self._pacer = pacer
        self._limiter = AdaptiveLimiter(max_connections)
        self._max_connections = max_connections
        self._patience = Patience(waits)
        self._timeout = aiohttp.ClientTimeout(
            total=waits.total, connect=waits.connect, sock_connect=waits.connect, sock_read=waits.read
        )
        self._max_body_bytes = max_body_bytes
        self._encoding = "gzip" if gzip else "identity"
        self._on_event = on_event
        self._session: aiohttp.ClientSession | None = None
        self._answered_at = -math.inf
        self._answered: _Ask | None = None  # the request that was answered last

    async def __aenter__(self) -> Self:
        self._pacer.attach(self.source.fingerprint)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._max_connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "Authorization": self.source.authorization,
                "User-Agent": _USER_AGENT,
                "Accept": "application/json",
                "Accept-Encoding": self._encoding,
                "Cache-Control": "no-cache",  # what lies in a cache may be of days ago
            },
            timeout=self._timeout,
            middlewares=(send_once(self.source),),
            max_line_size=_LONGEST_HEADER_BYTES,
            max_field_size=_LONGEST_HEADER_BYTES,
            proxy=None if self.source.proxy is None else self.source.proxy.url.get_secret_value(),
            # The environment's proxies and ~/.netrc are other people's hosts and keys: ours goes there when told to.
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()
        self._pacer.save()

    @property
    def concurrency(self) -> int:
        """How many requests may be in flight at present."""
        return self._limiter.limit

    async def get(
        self, path: str, params: Mapping[str, str], *, may_be_empty: bool = False, most_failures: int = _FAILURES
    ) -> Response:
        """Ask for `path`, relative to the base URL, as often as it takes.

        A request that fails `most_failures` times while others are answered is given up. Where an answer
        `may_be_empty`, one that is so twice means that nothing is there: NotFoundError.
        Raises IncompleteError when the source stays silent too long or the path leads elsewhere; FailingError,
        ForbiddenError, NotFoundError or RejectedError for what concerns this path; ConfigurationError for what concerns
        the key or URL.
        """
        ask = _Ask(path, self.source.url_of(path).with_query(params), may_be_empty, most_failures=most_failures)
        # A new object for each call: tenacity keeps the state of a call in it, and calls run side by side.
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(Hiccup),
            wait=lambda state: self._patience.wait_seconds(ask.first_sent_at, _hiccup(state), state),
            stop=lambda state: ask.is_failing or self._patience.is_over(ask.first_sent_at, _hiccup(state)),
            before_sleep=lambda state: self._note_retry(ask, _hiccup(state), state.upcoming_sleep),
            retry_error_callback=lambda state: self._give_up(ask, _hiccup(state)),
        )
        response: Response = await retrying(self._try, ask)
        return response

    async def _try(self, ask: _Ask) -> Response:
        async with self._limiter:
            await self._pacer.acquire()
            sent_at = time.monotonic()
            ask.first_sent_at = ask.first_sent_at or sent_at
            ask.tries += 1
            self.stats.requests += 1
            try:
                response = await self._send(ask)
            except Hiccup as hiccup:
                if hiccup.overloaded:
                    self._limiter.overloaded(sent_at)
                ask.empties += hiccup.empty
                if not (hiccup.throttled or hiccup.overloaded or hiccup.unreachable):
                    ask.failures += 1
                    await self._judge(ask, hiccup)
                if ask.may_be_empty and ask.empties >= _EMPTIES:
                    raise NotFoundError(ask.path, f"{ask.path}: nothing is there ({hiccup.reason})") from None
                raise
            self._limiter.good()
        self._patience.good()
        self._answered_at, self._answered = time.monotonic(), ask
        self.stats.bytes += len(response.body)
        self._on_event(Event("answer", ask.path, bytes=len(response.body)))
        return response

    async def _send(self, ask: _Ask) -> Response:
        outcome = await self._exchange(ask)
        if isinstance(outcome, Response):
            return outcome
        # aiohttp's errors, and the frames they come from, hold the request's headers and so the key: none of them may
        # hang on to ours, as its context or in its traceback.
        raise outcome.with_traceback(None)

    async def _exchange(self, ask: _Ask) -> Response | LeafhouseError | Hiccup:
        assert self._session is not None, "use the client as a context manager"
        try:
            async with self._session.get(ask.url, allow_redirects=False) as answer:
                return await read_answer(answer, self.source, ask.path, self._max_body_bytes, self.clock)
        except (aiohttp.ClientError, OSError) as error:
            return failure_of(error, self.source)
        except (LeafhouseError, Hiccup) as error:
            return error

    def _note_retry(self, ask: _Ask, hiccup: Hiccup, wait_seconds: float) -> None:
        self.stats.retries += 1
        if hiccup.throttled:
            self.stats.throttled += 1
            self._pacer.pause(wait_seconds)
        kind: Literal["retry", "throttled"] = "throttled" if hiccup.throttled else "retry"
        self._on_event(Event(kind, ask.path, reason=hiccup.reason, wait_seconds=wait_seconds))

    async def _judge(self, ask: _Ask, hiccup: Hiccup) -> None:
        """Find out whether a request fails by what it asks for: others are answered meanwhile.

        Where no other was asked, the one that was answered last is asked once more.
        """
        if ask.failures < ask.most_failures and not self._patience.is_over(ask.first_sent_at, hiccup):
            return
        if self._answered_at <= ask.first_sent_at and self._answered is not None:
            await self._pacer.acquire()
            self.stats.requests += 1
            if isinstance(await self._exchange(self._answered), Response):
                self._answered_at = time.monotonic()
        ask.is_failing = self._answered_at > ask.first_sent_at

    def _give_up(self, ask: _Ask, hiccup: Hiccup) -> Response:
        if ask.is_failing:
            raise FailingError(
                ask.path, hiccup.reason,
                f"{ask.path}: {self.source.host} failed {ask.tries} times ({hiccup.reason}) while it answered other "
                "requests.",
            )  # fmt: skip
        silent = self._patience.silent_seconds(ask.first_sent_at)
        tries = "1 try" if ask.tries == 1 else f"{ask.tries} tries"
        raise IncompleteError(
            f"{self.source.host}: no good answer for {silent:.0f} s; the last of {tries} for {ask.path} met "
            f"{hiccup.reason}."
        )


def _hiccup(state: RetryCallState) -> Hiccup:
    error = state.outcome.exception() if state.outcome is not None else None
    assert isinstance(error, Hiccup), "only hiccups are tried again"
    return error
