"""The guard against a warehouse that shrinks at once: more is gone than a day's work explains.

It knows every resource, and none by name. Three kinds of rows come and go by themselves and do not count: drafts, what
belongs to a draft, and what went together with the row that it belongs to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipeline.errors import IncompleteError
from pipeline.landing import Manifest
from pipeline.landing.loss import FEW, MOST_GONE, MOST_GONE_SHARE, is_too_much
from pipeline.resources import Resource

_MOST_NAMED = 3
_ARE_MARKED = "_company = $company AND _deleted_at IN (SELECT unnest($instants::TIMESTAMPTZ[]))"


@dataclass(frozen=True)
class Shrink:
    """A resource that lost too much: `gone` of its `rows`, to the runs `run_ids`. Drafts, if any, are in neither."""

    resource: str
    gone: int
    rows: int
    run_ids: tuple[str, ...]
    has_drafts: bool

    def __str__(self) -> str:
        """Return what is gone in words."""
        drafts = " (Drafts not counted)" if self.has_drafts else ""
        return f"{self.resource}: {self.gone:,} of {self.rows:,} rows{drafts}"


@dataclass(frozen=True)
class Refusal:
    """Runs of a company that cannot be loaded, oldest first: one after which too much is gone, and all after it."""

    company: str
    runs: tuple[Manifest, ...]
    reason: str


class ShrinkError(IncompleteError):
    """A build found too many rows gone: set the runs of the `refusals` aside. `has_others` says whether it had more."""

    ending = ""  # each reason says what became of the rows

    def __init__(self, refusals: Sequence[Refusal], *, has_others: bool) -> None:
        super().__init__("\n".join(refusal.reason for refusal in refusals))
        self.refusals = refusals
        self.has_others = has_others


def refuse_shrink(
    con: duckdb.DuckDBPyConnection, resources: Iterable[Resource], runs: Mapping[tuple[str, datetime], Manifest]
) -> None:
    """Raise ShrinkError when too many rows stay deleted after the merged runs.

    `runs` gives each run, in the order of merging, by its company and the instant at which it marked rows as deleted.
    """
    known = {resource.name: resource for resource in resources}
    refusals = []
    for company in sorted({company for company, _ in runs}):
        merged = {at: run for (of, at), run in runs.items() if of == company}
        guard = _Guard(con, known, company, merged)
        shrinks = [shrink for resource in known.values() if (shrink := guard.find(resource)) is not None]
        if shrinks:
            refusals.append(_refuse(company, list(merged.values()), shrinks))
    if refusals:
        raise ShrinkError(refusals, has_others=len(runs) > sum(len(refusal.runs) for refusal in refusals))


def _refuse(company: str, merged: Sequence[Manifest], shrinks: Sequence[Shrink]) -> Refusal:
    """Refuse the first run that something is gone after, and those that were planned upon it."""
    named = {run_id for shrink in shrinks for run_id in shrink.run_ids}
    first = next(place for place, run in enumerate(merged) if run.run_id in named)
    more = [f"{len(shrinks) - _MOST_NAMED} resources more"] if len(shrinks) > _MOST_NAMED else []
    lost = ", ".join([*map(str, shrinks[:_MOST_NAMED]), *more])
    culprits = ", ".join(run.run_id for run in merged if run.run_id in named)
    limit = f"more than {MOST_GONE} and more than {MOST_GONE_SHARE:.0%}, or all"
    reason = (
        f"{lost} are gone according to {culprits}: {limit}. The rows of the last load stay. Run again, it is safe: the "
        "next extract reads everything anew, and rows that are back stay. If they were deleted at LeafLink, let them "
        "go with `leafhouse load --accept-shrink`."
    )
    return Refusal(company, tuple(merged[first:]), reason)


@dataclass(frozen=True)
class _Guard:
    """What the merged runs of one company left; each is given by the instant at which it marked rows as deleted."""

    con: duckdb.DuckDBPyConnection
    resources: Mapping[str, Resource]
    company: str
    runs: Mapping[datetime, Manifest]

    def find(self, resource: Resource) -> Shrink | None:
        """Return what a resource lost, None when that is no more than a day's work."""
        if self._count(f"SELECT count(*) FROM raw.{resource.name} WHERE {_ARE_MARKED}")[0][0] <= FEW:
            return None
        counted = "status IS DISTINCT FROM 'Draft'" if _has_drafts(resource) else "true"
        parent = self._absent_parent(resource)
        if parent is not None:
            counted += f" AND NOT EXISTS ({parent})"
        found = self._count(
            f"SELECT epoch_us(_deleted_at), count(*) FROM raw.{resource.name} "
            f"WHERE _company = $company AND (_deleted_at IS NULL OR {_ARE_MARKED}) AND {counted} "
            "GROUP BY ALL ORDER BY ALL"
        )
        names = {round(at.timestamp() * 1e6): run.run_id for at, run in self.runs.items()}
        marked = {names[at]: count for at, count in found if at is not None}
        gone, rows = sum(marked.values()), sum(count for _, count in found)
        if not is_too_much(gone, rows):
            return None
        return Shrink(resource.name, gone, rows, tuple(marked), _has_drafts(resource))

    def _count(self, query: str) -> list[tuple[int, ...]]:
        return self.con.execute(query, {"company": self.company, "instants": list(self.runs)}).fetchall()

    def _absent_parent(self, resource: Resource) -> str | None:
        """Return the query for the row that a row belongs to, if that is gone or a draft: then that one is judged."""
        if resource.parent is None:
            return None
        parent = self.resources[resource.parent]
        is_draft = f" OR {parent.name}.status = 'Draft'" if _has_drafts(parent) else ""
        return (
            f"SELECT 1 FROM raw.{parent.name} WHERE {parent.name}._company = $company AND "
            f'{parent.name}."{parent.key}" = {resource.name}."{resource.parent_key}" '
            f"AND ({parent.name}._deleted_at IS NOT NULL{is_draft})"
        )


def _has_drafts(resource: Resource) -> bool:
    """Whether rows of a resource can be drafts, by the statuses that its contract lists."""
    status = resource.record.model_fields.get("status")
    extra = None if status is None else status.json_schema_extra
    values = extra.get("values") if isinstance(extra, dict) else None
    return isinstance(values, list) and "Draft" in values
