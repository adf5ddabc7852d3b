"""The journal of an unfinished run: the windows that are read already, so that the next run need not ask again.

A line for each window is appended; nothing is written twice.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from pipeline.extract.reading import Reading
from pipeline.landing import Landing

# Windows older than this are read anew: what they hold is no longer the evening's state.
FRESH = timedelta(hours=6)


class Entry(msgspec.Struct):
    """A window that is complete, and the server's time when its reading began."""

    server_time: datetime
    reading: Reading


class Header(msgspec.Struct):
    """The run that a journal is of.

    `account` is whose rows these are and `plan` the plan in words: only a run with the same can go on.
    """

    run_id: str
    account: str
    plan: str
    started_at: datetime


class _Line(msgspec.Struct):
    """A window of the journal. `batches` are its files, which a sweep leaves alone."""

    window: str
    entry: Entry
    batches: list[str] = []


class JournalFile:
    """A company's journal in the landing folder, appended to after each window.

    `run_id` is the id of a run that begins anew; one that goes on keeps its own, unless it is older than `newest`, the
    last run that was committed.
    """

    def __init__(
        self, landing: Landing, company: str, account: str, plan: str, run_id: str, now: datetime, newest: str = ""
    ) -> None:
        self._landing = landing
        self._company = company
        self._entries: dict[str, Entry] = {}
        self.used = 0  # batches of the windows that an interrupted run left behind
        header = self._read(account, plan, now, newest)
        if header is None:
            header = Header(run_id, account, plan, now)
            landing.begin_journal(company, msgspec.json.encode(header))
        self.header = header
        self.is_resumed = bool(self._entries)

    def _read(self, account: str, plan: str, now: datetime, newest: str) -> Header | None:
        """Take up the windows of an interrupted run; None when there is none that can go on."""
        lines = self._landing.read_journal(self._company)
        try:
            header = msgspec.json.decode(lines[0], type=Header) if lines else None
            if header is None or (header.account, header.plan) != (account, plan):
                return None
            if not timedelta() <= now - header.started_at < FRESH:
                return None
            if header.run_id <= newest:
                return None
            for line in lines[1:]:
                window = msgspec.json.decode(line, type=_Line)
                self._entries[window.window] = window.entry
                self.used += len(window.batches)
        except msgspec.DecodeError:  # of another version, or damaged: the run is read anew
            self._entries, self.used = {}, 0
            return None
        return header

    def find(self, resource: str, query: Mapping[str, str]) -> Entry | None:
        """Return a window that an interrupted run read already."""
        return self._entries.get(_key(resource, query))

    def add(self, resource: str, query: Mapping[str, str], entry: Entry) -> None:
        """Note a window that is complete; its batches are safe from the sweep from now on."""
        line = _Line(_key(resource, query), entry, [batch.file for batch in entry.reading.files()])
        self._landing.append_journal(self._company, msgspec.json.encode(line))

    def forget(self) -> None:
        """Let go of what was read: it is committed, or no good."""
        self._landing.forget_journal(self._company)


def _key(resource: str, query: Mapping[str, str]) -> str:
    return resource + "?" + "&".join(f"{name}={value}" for name, value in sorted(query.items()))
