"""What people see of an extract: a live table on a terminal, plain lines in a pipe, a line per resource."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.live import Live
from rich.table import Table

from pipeline.extract.plan import Plan
from pipeline.extract.progress import Progress, ResourceProgress
from pipeline.jobs.observer import Counters
from pipeline.jobs.refused import describe_refused, refused_document
from pipeline.landing import Manifest, RefusedRun, ResourceRead
from pipeline.terminal.console import NAMES, Output

_LOG_EVERY_SECONDS = 10.0


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
        self._started = self._logged = time.monotonic()

    def refused(self, runs: Iterable[RefusedRun]) -> None:
        """Say which runs a load set aside, so that everything is read anew."""
        for line in describe_refused(runs):
            self._output.warn(line)

    def plan(self, plan: Plan) -> None:
        """Say whether the run reads everything or what changed; before that, loudly, that data are invented."""
        if self._source == "sandbox":
            self._output.say("SANDBOX: no LEAFLINK_API_KEY is set: this reads an embedded LeafLink with INVENTED data")
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
        self._output.log(f"  … {self._label}{', '.join(parts)} ({describe_rate([self])})")

    def done(self, manifest: Manifest) -> None:
        """Say what was committed."""
        seconds = (manifest.finished_at - manifest.started_at).total_seconds()
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
    def seconds(self) -> float:
        """How long it has been going on."""
        return max(time.monotonic() - self._started, 0.001)

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return 0 if self._counters is None else self._counters.requests

    @property
    def retries(self) -> int:
        """Of these, those that repeated one that failed."""
        return 0 if self._counters is None else self._counters.retries

    def unread(self) -> list[tuple[str, ResourceProgress]]:
        """Return the resources that are not read yet, those under way first; of the others there are lines already."""
        unread = [(name, each) for name, each in list(self.progress.resources.items()) if each.read is None]
        return sorted(unread, key=lambda item: item[1].total is None)


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
        views, names = list(self._views), ["resource", "rows", "of", "pages", "left", "how"]
        has_companies = any(view.company is not None for view in views)
        table = Table(box=None, pad_edge=False, caption=describe_rate(views))
        for name in (["company"] if has_companies else []) + names:
            table.add_column(name, justify="right" if name in ("rows", "of", "pages", "left") else "left")
        for view in views:
            for name, each in view.unread():
                total = "" if each.total is None else f"{each.total:,}"
                left = _time_left(view.seconds, each.rows, each.total)
                cells = (name, f"{each.rows:,}", total, f"{each.pages:,}", left, each.way)
                table.add_row(*([view.company] if has_companies else []), *cells)
        return table


def _time_left(seconds: float, rows: int, total: int | None) -> str:
    return f"{seconds / rows * max(total - rows, 0):.0f} s" if rows and total is not None else ""


def describe_rate(views: Sequence[ExtractView]) -> str:
    """Return how fast the views' extracts ask, together."""
    rate = sum(view.requests / view.seconds for view in views)
    return f"{rate:.0f} requests/s, {sum(view.retries for view in views)} retries"


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
    return f"{_counted(len(read), 'resource')}, {_counted(rows, 'row')}: complete{''.join(others)}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


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
        f"complete: {read.distinct:,} of {read.stated:,}, {_counted(read.requests, 'request')}{rereads}{quarantined}"
    )


def show_plans(
    output: Output, plans: Mapping[str, Plan], refused: Sequence[RefusedRun],
    rate_per_minute: int, burst_per_minute: int,
) -> None:  # fmt: skip
    """Print what a run would ask of each company, and what it would cost; nothing has been asked for it.

    Companies with runs that a load `refused` are read anew.
    """
    documents = {
        company: _plan_document(plan, plan.minutes(rate_per_minute, burst_per_minute))
        | {"refused_runs": refused_document(run for run in refused if run.manifest.company == company)}
        for company, plan in plans.items()
    }
    output.document({"companies": documents} if len(documents) > 1 else next(iter(documents.values())))
    if output.as_json:
        return
    for company, plan in plans.items():
        if len(plans) > 1:
            output.say(f"{company}:")
        for line in describe_refused(run for run in refused if run.manifest.company == company):
            output.say(line)
        _show_plan(output, plan, plan.minutes(rate_per_minute, burst_per_minute))


def _plan_document(plan: Plan, minutes: float) -> dict[str, Any]:
    steps = [
        {"resource": name, "way": step.way.value, "since": step.since, "requests": step.requests, "reason": step.reason}
        for name, step in plan.steps.items()
    ]
    return {"steps": steps, "requests": plan.requests, "minutes": round(minutes, 1)}


def _show_plan(output: Output, plan: Plan, minutes: float) -> None:
    output.say(f"  {'resource':<{NAMES}}{'way':<26}{'requests':>9}  reason")
    for name, step in plan.steps.items():
        output.say(f"  {name:<{NAMES}}{step.way.value:<26}{step.requests:>9,}  {step.reason}")
    waiting = f", {minutes:.0f} minutes of waiting under the rate limit" if minutes >= 1 else ""
    output.say(
        f"About {_counted(plan.requests, 'request')}{waiting}, judged by what is held. Nothing has been asked yet."
    )
