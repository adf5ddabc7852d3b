"""What a load did, and the first numbers of the morning."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from pipeline.jobs.prune import PruneResult
from pipeline.jobs.refused import refused_document
from pipeline.landing import Manifest, RefusedRun
from pipeline.models import AuditResult, ModelRun
from pipeline.warehouse.build import Publication
from pipeline.warehouse.drift import FoundDrift
from pipeline.warehouse.headlines import Headline, Movement
from pipeline.warehouse.merge import MergeCounts
from pipeline.warehouse.provenance import KeptModel
from pipeline.warehouse.untreated import Remnants


@dataclass(frozen=True)
class Intake:
    """The rows that a load took up, and those that it could not.

    `refused` are resources, a sentence each; `failed` are companies that could not be read, each with why; `unread` is
    what was not read as lately as the rest, a sentence each. `refused_runs` are set aside, by this load or an earlier
    one; `notes` say that another program has written to a warehouse, or has it open.
    """

    runs: Sequence[Manifest]
    merges: Sequence[MergeCounts]
    drift: Sequence[FoundDrift]
    refused: Sequence[str]
    failed: Mapping[str, str]
    unread: Sequence[str]
    refused_runs: Sequence[RefusedRun] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    """The tables that a load computed, those that it `kept` as they were, the audits, and the first numbers."""

    models: Sequence[ModelRun]
    kept: Sequence[KeptModel]
    audits: Sequence[AuditResult]
    headlines: Sequence[Headline]
    movements: Sequence[Movement] = ()

    @property
    def kept_marts(self) -> list[KeptModel]:
        """The marts that were not made anew."""
        return [each for each in self.kept if each.name.startswith("marts.")]


@dataclass(frozen=True)
class LoadResult:
    """What a load did: what it took up, what it made of that, and the file it wrote.

    `remnants` are there when it changed how personal data are treated, `pruned` when it let go of what is not kept.
    """

    load_id: str
    source: str
    as_of: date
    intake: Intake
    outcome: Outcome
    publication: Publication
    remnants: Remnants | None
    pruned: PruneResult | None = None

    def with_failures(self, failed: Mapping[str, str]) -> "LoadResult":
        """Return the result with further companies that could not be read, each with why."""
        return replace(self, intake=replace(self.intake, failed={**self.intake.failed, **failed}))

    def as_document(self) -> dict[str, Any]:
        """Return the result for machines."""
        intake, outcome = self.intake, self.outcome
        return {
            "load_id": self.load_id,
            "source": self.source,
            "as_of": self.as_of.isoformat(),
            "runs": [manifest.run_id for manifest in intake.runs],
            "raw": [asdict(each) for each in intake.merges],
            "marts": [
                {"name": each.name, "rows": each.rows, "seconds": each.seconds, "is_unchanged": each.is_unchanged}
                for each in outcome.models
                if each.name.startswith("marts.")
            ],
            "kept": [asdict(each) for each in outcome.kept_marts],
            "audits": [asdict(each) for each in outcome.audits],
            "open_receivables": [asdict(each) for each in outcome.headlines],
            "figures": [asdict(each) for each in outcome.movements],
            "refused": list(intake.refused),
            "failed": dict(intake.failed),
            "refused_runs": refused_document(intake.refused_runs),
            "unread": list(intake.unread),
            "notes": list(intake.notes),
            "drift": [asdict(each) for each in intake.drift],
            "left_behind": None if self.remnants is None else asdict(self.remnants),
            "pruned": None if self.pruned is None else self.pruned.as_document(),
            "warehouse": str(self.publication.path),
            "bytes": self.publication.bytes,
            "seconds": round(self.publication.seconds, 3),
        }
