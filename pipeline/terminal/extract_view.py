"""What people see of an extract: a live table on a terminal, plain lines in a pipe, a line per resource."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from rich.live import Live
from rich.table import Table

from pipeline.extract.plan import Plan
from pipeline.extract.progress import Progress
from pipeline.landing import Manifest, ResourceRead
from pipeline.terminal.console import Output

_LOG_EVERY_SECONDS = 10.0


class Counters(Protocol):
    """What a client counts."""

    @property
    def requests(self) -> int:
        """Requests sent so far, retries included."""

    @property
    def retries(self) -> int:
        """Of these, those that repeated one that failed."""


class ExtractView:
    """Shows an extract while it runs."""

    def __init__(self, output: Output, source: str, company: str | None = None) -> None:
        self._source = source
        self._label = "" if company is None else f"{company}: "
        self.progress = Progress(on_read=self._resource_read)
        self._output = output
        self._counters: Counters | None = None
        self._started = self._logged = time.monotonic()

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
        return ExtractView(self._output, self._source, name)

    def failed(self, error: Exception) -> None:
        """Say that a company could not be read."""
        self._say(str(error))

    def _say(self, text: str) -> None:
        self._output.say(f"{self._label}{text}")

    @property
    def _is_live(self) -> bool:
        # There can be but one live table; several companies are logged.
        return self._output.is_live and not self._label

    @contextmanager
    def watch(self, counters: Counters) -> Iterator[None]:
        """Show the progress for as long as the block runs."""
        self._counters = counters
        if not self._is_live:
            yield
            return
        with Live(get_renderable=self._table, console=self._output.progress, refresh_per_second=5, transient=True):
            yield

    def tick(self) -> None:
        """Write a plain progress line now and then, where nobody watches a live table."""
        if self._is_live or time.monotonic() - self._logged < _LOG_EVERY_SECONDS:
            return
        self._logged = time.monotonic()
        parts = [
            f"{name} {each.rows:,}/{each.total or 0:,}"
            for name, each in self.progress.resources.items()
            if each.read is None
        ]
        self._output.log(f"  … {self._label}{', '.join(parts)} ({self._rate()})")

    def done(self, manifest: Manifest) -> None:
        """Say what was committed."""
        seconds = (manifest.finished_at - manifest.started_at).total_seconds()
        self._say(
            f"Extracted {sum(read.distinct for read in manifest.resources):,} rows in {seconds:.1f} s, "
            f"{manifest.requests:,} requests ({manifest.retries:,} retries), run {manifest.run_id}"
        )

    def _resource_read(self, read: ResourceRead) -> None:
        self._say(describe_read(read, self.progress.of(read.resource).way))

    def _rate(self) -> str:
        if self._counters is None:
            return ""
        seconds = max(time.monotonic() - self._started, 0.001)
        return f"{self._counters.requests / seconds:.0f} requests/s, {self._counters.retries} retries"

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for name in ("resource", "rows", "of", "pages", "left", "how"):
            table.add_column(name, justify="left" if name in ("resource", "how") else "right")
        for name, each in self.progress.resources.items():
            total = "" if each.total is None else f"{each.total:,}"
            table.add_row(
                name, f"{each.rows:,}", total, f"{each.pages:,}", self._time_left(each.rows, each.total), each.way
            )
        table.caption = self._rate()
        return table

    def _time_left(self, rows: int, total: int | None) -> str:
        if not rows or total is None:
            return ""
        seconds = (time.monotonic() - self._started) / rows * max(total - rows, 0)
        return f"{seconds:.0f} s"


def describe_read(read: ResourceRead, way: str) -> str:
    """Return the line of a resource: rows, way, time, proof, requests."""
    if read.not_offered:
        return f"  {read.resource:<24}not offered (404); the rows of the last run, if any, stay"
    if read.refused is not None:
        return f"  {read.resource:<24}{read.refused.rstrip('.')}; the rows of the last run stay"
    quarantined = f", {read.quarantined} in quarantine" if read.quarantined else ""
    rereads = f", {read.rereads} readings thrown away" if read.rereads else ""
    return (
        f"  {read.resource:<24}{read.distinct:>9,}  {way:<26}{read.seconds:>5.1f} s  "
        f"complete: {read.distinct:,} of {read.stated:,}, {_requests(read.requests)}{rereads}{quarantined}"
    )


def show_plans(output: Output, plans: Mapping[str, Plan], rate_per_minute: int, burst_per_minute: int) -> None:
    """Print what a run would ask of each company, and what it would cost; nothing has been asked for it."""
    documents = {
        company: _plan_document(plan, plan.minutes(rate_per_minute, burst_per_minute))
        for company, plan in plans.items()
    }
    output.document(documents if len(documents) > 1 else next(iter(documents.values())))
    if output.as_json:
        return
    for company, plan in plans.items():
        if len(plans) > 1:
            output.say(f"{company}:")
        _show_plan(output, plan, plan.minutes(rate_per_minute, burst_per_minute))


def _plan_document(plan: Plan, minutes: float) -> dict[str, Any]:
    steps = [
        {"resource": name, "way": step.way.value, "since": step.since, "requests": step.requests, "reason": step.reason}
        for name, step in plan.steps.items()
    ]
    return {"steps": steps, "requests": plan.requests, "minutes": round(minutes, 1)}


def _show_plan(output: Output, plan: Plan, minutes: float) -> None:
    output.say(f"  {'resource':<24}{'way':<26}{'requests':>9}  reason")
    for name, step in plan.steps.items():
        output.say(f"  {name:<24}{step.way.value:<26}{step.requests:>9,}  {step.reason}")
    waiting = f", {minutes:.0f} minutes of waiting under the rate limit" if minutes >= 1 else ""
    output.say(f"About {_requests(plan.requests)}{waiting}, judged by what is held. Nothing has been asked yet.")


def _requests(number: int) -> str:
    return "1 request" if number == 1 else f"{number:,} requests"
