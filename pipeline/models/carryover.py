"""The rows that a load carries over as they were: a resource that their table needs did not come."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from pipeline.models.model import Model
from pipeline.models.project import Project


@dataclass(frozen=True)
class Carryover:
    """The rows that a load cannot make anew: by table, the companies whose rows these are, each with the reason.

    `companies` are all that the warehouse knows. Where the rows of each of them stay, the whole table does.
    """

    companies: Collection[str] = ()
    tables: dict[str, dict[str, str]] = field(default_factory=dict)

    def of(self, table: str) -> dict[str, str]:
        """Return the companies whose rows of the table stay, each with the reason."""
        return self.tables.get(table, {})

    def is_whole(self, table: str) -> bool:
        """Say whether the table stays as it is, or missing."""
        return self.are_all(self.of(table))

    def are_all(self, reasons: Mapping[str, str]) -> bool:
        """Say whether there is a reason for every company."""
        return bool(reasons) and len(reasons) == len(self.companies)

    def reasons(self, model: Model, why: Callable[[str, str], str | None]) -> dict[str, str]:
        """Return the companies for which `why` (of an input and a company) has a reason, each with the first one.

        A model that names what it needs asks for these resources alone. They are all companies when rows of the model
        do not say whose they are: it can but stay whole.
        """
        found: dict[str, str] = {}
        inputs = model.inputs if model.needs is None else sorted(f"raw.{name}" for name in model.needs)
        for company in self.companies:
            reason = next(filter(None, (why(name, company) for name in inputs)), None)
            if reason is not None:
                found[company] = reason
        if found and not model.is_by_company:
            return dict.fromkeys(self.companies, self.in_words(found))
        return found

    def in_words(self, reasons: Mapping[str, str]) -> str:
        """Return the reasons as one, with the companies that they hold for unless it is one for all."""
        if self.are_all(reasons) and len(set(reasons.values())) == 1:
            return next(iter(reasons.values()))
        return "; ".join(f"{company}: {reason}" for company, reason in reasons.items())


def models_to_keep(reads: Mapping[str, Mapping[str, str | None]], project: Project | None = None) -> Carryover:
    """Return what cannot be made anew, because a resource that it needs did not come.

    `reads` gives, by company and resource, what stood in the way of its newest read, such as "was refused"; None when
    it came. A model needs the resources that its header names; else what it reads, and what those need.
    """
    kept = Carryover(reads.keys())

    def why(name: str, company: str) -> str | None:
        return kept.of(name).get(company) or _missing(name, reads[company])

    for model in (project or Project()).models:
        if reasons := kept.reasons(model, why):
            kept.tables[model.name] = reasons
    return kept


def _missing(table: str, reads: Mapping[str, str | None]) -> str | None:
    schema, _, resource = table.partition(".")
    reason = reads.get(resource, "was never read") if schema == "raw" else None
    return None if reason is None else f"{resource} {reason}"
