"""The journal of an unfinished run: the windows that are read already, so that the next run need not ask again."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from pipeline.extract.reading import Reading
from pipeline.landing import Landing, new_run_id

# Windows older than this are read anew: what they hold is no longer the evening's state.
FRESH = timedelta(hours=6)


class Entry(msgspec.Struct):
    """A window that is complete, and the server's time when its reading began."""

    server_time: datetime
    reading: Reading


class Journal(msgspec.Struct):
    """What an unfinished run has read so far.

    `account` is whose rows these are and `plan` the plan in words: only a run with the same can go on.
    """

    run_id: str
    account: str
    plan: str
    started_at: datetime
    batches: list[str] = msgspec.field(default_factory=list)  # files of all entries
    entries: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)  # encoded: all are written after each window


class JournalFile:
    """A company's journal in the landing folder, written after each window."""

    def __init__(self, landing: Landing, company: str, account: str, plan: str, now: datetime) -> None:
        self._landing = landing
        self._company = company
        found = _read(landing.read_journal(company))
        is_same = found is not None and (found.account, found.plan) == (account, plan)
        if found is None or not is_same or not timedelta() <= now - found.started_at < FRESH:
            found = Journal(new_run_id(now), account, plan, now)
            self.forget()
        self.journal = found

    @property
    def is_resumed(self) -> bool:
        """Whether an earlier run left windows behind that need not be read again."""
        return bool(self.journal.entries)

    def find(self, resource: str, query: Mapping[str, str]) -> Entry | None:
        """Return a window that was read already."""
        found = self.journal.entries.get(_key(resource, query))
        return None if found is None else _read_entry(found)

    def add(self, resource: str, query: Mapping[str, str], entry: Entry) -> None:
        """Note a window that is complete; its batches are safe from the sweep from now on."""
        self.journal.entries[_key(resource, query)] = msgspec.Raw(msgspec.json.encode(entry))
        self.journal.batches += [batch.file for batch in entry.reading.batches]
        self._landing.write_journal(self._company, msgspec.json.encode(self.journal), self.journal.batches)

    def forget(self) -> None:
        """Let go of what was read: it is committed, or no good."""
        self._landing.forget_journal(self._company)


_read_entry = msgspec.json.Decoder(Entry).decode


def _read(content: bytes | None) -> Journal | None:
    try:
        journal = None if content is None else msgspec.json.decode(content, type=Journal)
        for entry in () if journal is None else journal.entries.values():
            _read_entry(entry)
        return journal
    except msgspec.DecodeError:  # of another version, or damaged: the run is read anew
        return None


def _key(resource: str, query: Mapping[str, str]) -> str:
    return resource + "?" + "&".join(f"{name}={value}" for name, value in sorted(query.items()))
