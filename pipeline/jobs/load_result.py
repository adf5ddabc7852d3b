"""What a load did, and the first numbers of the morning."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.jobs.refused import refused_document
from pipeline.landing import Manifest, RefusedRun
from pipeline.models import AuditResult, ModelRun
from pipeline.warehouse.build import Publication
from pipeline.warehouse.drift import FoundDrift
from pipeline.warehouse.merge import MergeCounts
from pipeline.warehouse.provenance import KeptModel
from pipeline.warehouse.untreated import Remnants


@dataclass(frozen=True)
class Headline:
    """The first number of the morning: what is open on a day, and what of it is past due, by currency."""

    as_of: date
    currency: str
    open_balance: Decimal
    past_due: Decimal


@dataclass(frozen=True)
class LoadResult:
    """What a load did."""

    load_id: str
    source: str
    as_of: date
    runs: Sequence[Manifest]
    merges: Sequence[MergeCounts]
    models: Sequence[ModelRun]
    audits: Sequence[AuditResult]
    headlines: Sequence[Headline]
    refused: Sequence[str]
    kept: Sequence[KeptModel]
    published: Publication
    drift: Sequence[FoundDrift] = ()
    failed: Mapping[str, str] = field(default_factory=dict)  # companies that could not be read, each with why
    remnants: Remnants | None = None
    refused_runs: Sequence[RefusedRun] = ()  # runs that are set aside, by this load or an earlier one
    unread: Sequence[str] = ()  # what was not read as lately as the rest, a sentence each

    @property
    def kept_marts(self) -> list[KeptModel]:
        """The marts that were not made anew."""
        return [each for each in self.kept if each.name.startswith("marts.")]

    def as_document(self) -> dict[str, Any]:
        """Return the result for machines."""
        return {
            "load_id": self.load_id,
            "source": self.source,
            "as_of": self.as_of.isoformat(),
            "runs": [manifest.run_id for manifest in self.runs],
            "raw": [asdict(each) for each in self.merges],
            "marts": [
                {"name": each.name, "rows": each.rows, "seconds": each.seconds, "is_unchanged": each.is_unchanged}
                for each in self.models
                if each.name.startswith("marts.")
            ],
            "kept": [asdict(each) for each in self.kept_marts],
            "audits": [asdict(each) for each in self.audits],
            "open_receivables": [asdict(each) for each in self.headlines],
            "refused": list(self.refused),
            "failed": dict(self.failed),
            "refused_runs": refused_document(self.refused_runs),
            "unread": list(self.unread),
            "drift": [asdict(each) for each in self.drift],
            "left_behind": None if self.remnants is None else asdict(self.remnants),
            "warehouse": str(self.published.path),
            "bytes": self.published.bytes,
            "seconds": round(self.published.seconds, 3),
        }
