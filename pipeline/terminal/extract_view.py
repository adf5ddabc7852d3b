"""What people see of an extract: a live table on a terminal, plain lines in a pipe, a line per resource."""

import math
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.live import Live
from rich.table import Table

from pipeline.extract.plan import Plan
from pipeline.extract.progress import Progress, ResourceProgress
from pipeline.jobs.observer import Counters
from pipeline.jobs.refused import describe_refused
from pipeline.landing import Manifest, RefusedRun, ResourceRead
from pipeline.terminal.console import NAMES, Output, counted

_LOG_EVERY_SECONDS = 10.0
# The rate changes when the first burst is used up: only the last seconds tell how long the rest will take.
_RATE_OF_SECONDS = 15.0
_BAR = 20
# So that the table with its bar stays in sight on a screen of 24 lines.
_MOST_SHOWN = 12
# Below this there is no telling: a retry or two decide.
_FIRST_SECONDS = 1.0


class ExtractView:
    """Shows an extract while it runs; `of_company` returns the view of one among several, on the same screen."""

    def __init__(
        self, output: Output, source: str, company: str | None = None, screen: "_Screen | None" = None
    ) -> None:
        self._source = source
        self.company = company
        self._label = "" if company is None else f"{company}: "
        self.progress = Progress(on_read=self._resource_read)
        self._output = output
        self._screen = screen or _Screen(output)
        self._counters: Counters | None = None
        self._plan: Plan | None = None
        self._started = self._logged = time.monotonic()
        self._sent: deque[tuple[float, int]] = deque()
        self._throttled_until = 0.0

    def refused(self, runs: Iterable[RefusedRun]) -> None:
        """Say which runs a load set aside, so that everything is read anew."""
        for line in describe_refused(runs):
            self._output.warn(line)

    def plan(self, plan: Plan) -> None:
        """Say whether the run reads everything or what changed; before that, loudly, that data are invented."""
        if self._source == "sandbox":
            self._output.say("SANDBOX: no LEAFLINK_API_KEY is set: this reads an embedded LeafLink with INVENTED data")
        self._plan = plan
        since = [step.since for step in plan.steps.values() if step.since is not None]
        if since:
            self._say(f"Incremental: what changed since {min(since):%Y-%m-%d %H:%M} UTC, and what may have")
        else:
            self._say("Full: every row of every resource")

    def of_company(self, name: str) -> "ExtractView":
        """Return the view of one company among several, whose lines say its name."""
        return ExtractView(self._output, self._source, name, self._screen)

    def failed(self, error: Exception) -> None:
        """Say that a company could not be read."""
        self._output.warn(f"{self._label}{error}")

    def _say(self, text: str) -> None:
        self._output.say(f"{self._label}{text}")

    @contextmanager
    def watch(self, counters: Counters) -> Iterator[None]:
        """Show the progress for as long as the block runs."""
        self._counters = counters
        with self._screen.showing(self):
            yield

    def tick(self) -> None:
        """Write a plain progress line now and then, where nobody watches a live table."""
        if self._output.is_live or time.monotonic() - self._logged < _LOG_EVERY_SECONDS:
            return
        self._logged = time.monotonic()
        parts = [
            f"{name} {each.rows:,}" + ("" if each.total is None else f"/{each.total:,}")
            for name, each in self.progress.resources.items()
            if each.read is None
        ]
        self._output.log(f"  … {self._label}{', '.join(parts)} ({describe_progress([self])})")

    def throttled(self, seconds: float) -> None:
        """Say that the source asks to be left alone; once for all requests that it says so to."""
        now = time.monotonic()
        if now >= self._throttled_until and seconds >= 1:
            self._throttled_until = now + seconds
            self._output.log(f"  {self._label}throttled: waiting {seconds:.0f} s")

    def done(self, manifest: Manifest) -> None:
        """Say what was committed."""
        seconds = (manifest.finished_at - manifest.started_at).total_seconds()
        if self.progress.is_resumed:
            self._say("Went on with the run that was interrupted; what it had read was not asked for again")
        self._say(describe_completeness(manifest.resources))
        self._say(
            f"Extracted in {seconds:.1f} s, {manifest.requests:,} requests ({manifest.retries:,} retries), run "
            f"{manifest.run_id}; the data stand within {max(1, math.ceil(manifest.skew_seconds))} s of each other"
        )
        for warning in manifest.warnings:
            self._output.warn(f"{self._label}Warning: {warning}")

    def _resource_read(self, read: ResourceRead) -> None:
        say = self._output.warn if read.refused is not None or read.quarantined else self._output.detail
        say(f"{self._label}{describe_read(read, self.progress.of(read.resource).way)}")

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return 0 if self._counters is None else self._counters.requests

    @property
    def retries(self) -> int:
        """Of these, those that repeated one that failed."""
        return 0 if self._counters is None else self._counters.retries

    @property
    def rate(self) -> float:
        """Requests a second, over the last seconds."""
        now = time.monotonic()
        self._sent.append((now, self.requests))
        while now - self._sent[0][0] > _RATE_OF_SECONDS and len(self._sent) > 1:
            self._sent.popleft()
        since, sent = self._sent[0] if len(self._sent) > 1 else (self._started, 0)
        return (self.requests - sent) / max(now - since, _FIRST_SECONDS)

    @property
    def requests_left(self) -> int:
        """Requests that are still to be sent, about: by what the source counted, else by the plan."""
        steps = {} if self._plan is None else self._plan.steps
        return sum(_left_of(self.progress.of(name), step.requests) for name, step in steps.items())

    def under_way(self) -> list[tuple[str, ResourceProgress]]:
        """Return the resources that are being read, those with the most rows to come first."""
        begun = [
            (name, each)
            for name, each in list(self.progress.resources.items())
            if each.read is None and (each.rows or each.total is not None)
        ]
        return sorted(begun, key=lambda item: item[1].rows - (item[1].total or item[1].rows))


class _Screen:
    """A table that is redrawn while anything is read, where someone watches: one for all companies."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._views: list[ExtractView] = []
        self._live: Live | None = None

    @contextmanager
    def showing(self, view: ExtractView) -> Iterator[None]:
        """Show the view in the table for as long as the block runs."""
        self._views.append(view)
        if self._output.is_live and self._live is None:
            console = self._output.progress
            self._live = Live(get_renderable=self._table, console=console, refresh_per_second=5, transient=True)
            self._live.start()
        try:
            yield
        finally:
            self._views.remove(view)
            if self._live is not None and not self._views:
                self._live.stop()
                self._live = None

    def _table(self) -> Table:
        views = list(self._views)
        has_companies = any(view.company is not None for view in views)
        table = Table(box=None, pad_edge=False, caption=describe_progress(views), caption_justify="left")
        for name in (["company"] if has_companies else []) + ["resource", "rows", "of", "how"]:
            table.add_column(name, justify="right" if name in ("rows", "of") else "left", no_wrap=True)
        for view in views:
            for name, each in view.under_way()[:_MOST_SHOWN]:
                total = "" if each.total is None or each.total < each.rows else f"{each.total:,}"
                cells = (name, f"{each.rows:,}", total, each.way)
                table.add_row(*([view.company] if has_companies else []), *cells)
        return table


def _left_of(progress: ResourceProgress, planned: int) -> int:
    if progress.read is not None:
        return 0
    if progress.total is None or not progress.pages or not progress.rows:
        return max(planned - progress.pages, 0)
    return math.ceil(max(progress.total - progress.rows, 0) / (progress.rows / progress.pages))


def describe_progress(views: Sequence[ExtractView]) -> str:
    """Return how far the views' extracts are together, in a line of less than 80 columns.

    It is one bar over all requests, how fast they go, and how long the rest takes at that rate.
    """
    sent, left = sum(view.requests for view in views), sum(view.requests_left for view in views)
    rate, retries = sum(view.rate for view in views), sum(view.retries for view in views)
    share = sent / (sent + left) if sent else 0.0
    bar = "━" * round(_BAR * share) + "─" * (_BAR - round(_BAR * share))
    ends = f", {_duration(left / rate)} left" if rate and left else ""
    return f"{bar} {share:.0%}{ends}, {rate:.0f} requests/s, {retries:,} retries"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def describe_completeness(reads: Sequence[ResourceRead]) -> str:
    """Return how much was read, in a line; what could not be read completely ends a run before there is one."""
    read = [each for each in reads if each.was_read]
    rows, others = sum(each.distinct for each in read), []
    for what, number in (
        ("in quarantine", sum(each.quarantined for each in read)),
        ("refused", sum(each.refused is not None for each in reads)),
        ("not offered", sum(each.not_offered for each in reads)),
    ):
        if number:
            others.append(f"; {number:,} {what}")
    return f"{counted(len(read), 'resource')}, {counted(rows, 'row')}: complete{''.join(others)}"


def describe_read(read: ResourceRead, way: str) -> str:
    """Return the line of a resource: rows, way, time, proof, requests."""
    if read.not_offered:
        return f"  {read.resource:<{NAMES}}not offered (404); the rows of the last run, if any, stay"
    if read.refused is not None:
        return f"  {read.resource:<{NAMES}}{read.refused.rstrip('.')}; the rows of the last run stay"
    quarantined = f", {read.quarantined} in quarantine" if read.quarantined else ""
    rereads = f", {read.rereads} readings thrown away" if read.rereads else ""
    return (
        f"  {read.resource:<{NAMES}}{read.distinct:>9,}  {way:<26}{read.seconds:>5.1f} s  "
        f"complete: {read.distinct:,} of {read.stated:,}, {counted(read.requests, 'request')}{rereads}{quarantined}"
    )
