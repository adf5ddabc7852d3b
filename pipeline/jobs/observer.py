"""Whom a job tells what it does: somebody who shows it, or nobody."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from pipeline.extract.plan import Plan
from pipeline.extract.progress import Progress
from pipeline.landing import Manifest, RefusedRun


class Counters(Protocol):
    """What a client counts."""

    @property
    def requests(self) -> int:
        """Requests sent so far, retries included."""

    @property
    def retries(self) -> int:
        """Of these, those that repeated one that failed."""


class ExtractObserver(Protocol):
    """Is told of an extract: of the only company, or of one among several (`of_company`)."""

    progress: Progress

    def of_company(self, name: str) -> "ExtractObserver":
        """Return the observer of one company among several."""

    def refused(self, runs: Iterable[RefusedRun]) -> None:
        """Take note of the runs that a load set aside, so that everything is read anew."""

    def plan(self, plan: Plan) -> None:
        """Take note of the plan."""

    def watch(self, counters: Counters) -> AbstractContextManager[None]:
        """Follow the progress for as long as the block runs."""

    def tick(self) -> None:
        """Take note that something happened."""

    def throttled(self, seconds: float) -> None:
        """Take note that the source asks to be left alone for so long."""

    def done(self, manifest: Manifest) -> None:
        """Take note of the committed run."""

    def failed(self, error: Exception) -> None:
        """Take note that a company could not be read."""
