"""What people see of a load: a line while it works, and the summary that ends it."""

from collections.abc import Iterable, Sequence
from datetime import date

from pipeline.jobs.load_result import LoadResult
from pipeline.jobs.refused import describe_refused
from pipeline.landing import Manifest
from pipeline.models import AuditResult, ModelRun
from pipeline.settings import DEFAULT_NAME
from pipeline.terminal.console import NAMES, Output
from pipeline.warehouse.drift import FoundDrift
from pipeline.warehouse.headlines import Headline, Movement
from pipeline.warehouse.merge import MergeCounts
from pipeline.warehouse.provenance import KeptModel
from pipeline.warehouse.untreated import Remnants

_FEW = 5
_FEWER = 3  # so that the line of a load stays below 160 columns


class LoadView:
    """Shows a load."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def done(self, result: LoadResult) -> None:
        """Print the summary."""
        say, warn = self._output.say, self._output.warn
        say(f"Loaded {_runs(result.intake.runs)}: {describe_merges(result.intake.merges)}")
        self._show_merges(result.intake.merges)
        say(f"  {describe_marts(result.outcome.models)}")
        for line in describe_kept(result.outcome.kept):
            warn(line)
        audits = result.outcome.audits
        (warn if any(is_new(audit, result.as_of) for audit in audits) else say)(
            f"  audits: {describe_audits(audits, result.as_of)}"
        )
        if result.intake.drift:
            warn(f"  drift: {describe_drift(result.intake.drift)} (see meta.drift)")
        if result.remnants is not None:
            warn(f"  {describe_remnants(result.remnants)}")
        for reason in (*result.intake.refused, *result.intake.unread, *result.intake.notes):
            warn(f"  {reason}")
        for company, reason in result.intake.failed.items():
            if company not in {run.manifest.company for run in result.intake.refused_runs}:
                warn(f"  {company}: not read, its rows of the last run stay. {reason}")
        for line in describe_refused(result.intake.refused_runs):
            warn(f"  {line}")
        for each in result.outcome.headlines:
            say(describe_headline(each))
        if result.outcome.movements:
            say("; ".join(describe_movement(each) for each in result.outcome.movements))
        if result.source == "sandbox":
            say("All of it is INVENTED: this is the embedded sandbox. Set LEAFLINK_API_KEY for your own data.")
        published = result.publication
        done = "Published" if not published.is_aside else "Nothing was published; wrote"
        say(f"{done} {published.path} ({published.bytes / 2**20:.1f} MB) in {published.seconds:.1f} s")

    def _show_merges(self, merges: Iterable[MergeCounts]) -> None:
        detail = self._output.detail
        detail(f"  {'raw':<{NAMES}}{'rows':>10}{'new':>10}{'changed':>10}{'deleted':>10}")
        for merge in merges:
            counts = (merge.rows, merge.inserted, merge.changed, merge.deleted)
            detail(f"  {merge.resource:<{NAMES}}" + "".join(f"{count:>10,}" for count in counts))


def describe_merges(merges: Sequence[MergeCounts]) -> str:
    """Return how many rows are new, changed and deleted, in a line, with the resources that moved most."""
    moved = sorted(
        ((each.inserted + each.changed + each.deleted, each.resource) for each in merges),
        key=lambda item: (-item[0], item[1]),
    )
    named = [f"{resource} {count:,}" for count, resource in moved if count]
    counts = {
        "new": sum(each.inserted for each in merges),
        "changed": sum(each.changed for each in merges),
        "deleted": sum(each.deleted for each in merges),
    }
    if not named:
        return "nothing has changed"
    return f"{', '.join(f'{count:,} {what}' for what, count in counts.items())} ({_first_few(named, _FEWER)})"


def describe_headline(headline: Headline) -> str:
    """Return the receivables of a currency in a line, with how they moved since the last load."""
    moved = "" if headline.change is None else f" ({headline.change:+,.2f})"
    late = f", {headline.newly_late:,} newly late" if headline.newly_late else ""
    return (
        f"Open receivables on {headline.as_of}: {headline.open_balance:,.2f} {headline.currency}{moved}, "
        f"{headline.past_due:,.2f} past due{late}"
    )


def describe_movement(movement: Movement) -> str:
    """Return another figure of the morning, with how it moved since the last load."""
    if movement.headline == "on_hand":
        return f"On hand {movement.amount:,.0f} units ({movement.change:+,.0f})"
    return f"Net sales {movement.amount:,.2f} {movement.currency} ({movement.change:+,.2f})"


def describe_marts(models: Iterable[ModelRun]) -> str:
    """Return how many marts are of this load, in a line; views hold no rows of their own."""
    marts = [model for model in models if model.name.startswith("marts.")]
    tables = "1 table" if len(marts) == 1 else f"{len(marts):,} tables"
    rows, seconds = sum(mart.rows for mart in marts), sum(mart.seconds for mart in marts)
    unchanged = sum(mart.is_unchanged for mart in marts)
    return f"marts: {tables}, {rows:,} rows, {seconds:.1f} s" + (
        f"; {unchanged:,} had not changed" if unchanged else ""
    )


def describe_kept(kept: Iterable[KeptModel]) -> list[str]:
    """Return the lines of the marts that were not made anew: of whom, as of when if they are there at all, and why."""
    owners: dict[tuple[str, date | None, str], list[str]] = {}
    for each in kept:
        if each.name.startswith("marts."):
            owners.setdefault((each.name.removeprefix("marts."), each.as_of, each.reason), []).append(each.company)
    alike: dict[tuple[tuple[str, ...], date | None, str], list[str]] = {}
    for (name, as_of, reason), companies in owners.items():
        alike.setdefault((tuple(companies), as_of, reason), []).append(name)
    return [
        f"  {'' if companies == (DEFAULT_NAME,) else ', '.join(companies) + ': '}"
        f"{f'kept as of {as_of}' if as_of else 'not made'}, since {reason}: {', '.join(sorted(names))}"
        for (companies, as_of, reason), names in alike.items()
    ]


def describe_remnants(left: Remnants) -> str:
    """Return what a change of LEAFHOUSE_PII leaves to its owner, in a line."""
    return (
        "LEAFHOUSE_PII was changed: rows from before it have no personal data in this warehouse any more. "
        f"{left.landed:,} files in landing/ and {left.kept:,} in kept/ still have them as they were: "
        "docs/settings.md says how to remove these."
    )


def is_new(audit: AuditResult, as_of: date) -> bool:
    """Say whether an audit finds something that it did not find at an earlier load."""
    return bool(audit.failures) and (audit.failing_since is None or audit.failing_since >= as_of)


def describe_audits(audits: Sequence[AuditResult], as_of: date) -> str:
    """Return how the audits went, in a line: what is new by name, what has stood for longer as a count."""
    passed = sum(audit.failures == 0 for audit in audits)
    skipped = [audit.audit_id for audit in audits if audit.failures is None]
    partial = sum(audit.failures is not None and audit.skipped is not None for audit in audits)
    failed = [f"{audit.audit_id} ({audit.failures:,} rows)" for audit in audits if is_new(audit, as_of)]
    standing = [
        audit.failing_since
        for audit in audits
        if audit.failures and not is_new(audit, as_of) and audit.failing_since is not None
    ]
    parts = [f"{passed} passed"]
    if failed:
        parts.append(f"{len(failed)} warn: {', '.join(failed)}")
    if standing:
        parts.append(f"{len(standing)} warn as before, the first since {min(standing)} (`leafhouse status` lists them)")
    if skipped:
        parts.append(f"{len(skipped)} skipped, their tables are not of this load: {', '.join(skipped)}")
    if partial:
        parts.append(f"{partial} without rows that are not of this load (see audit.results)")
    return ", ".join(parts)


def describe_drift(drift: Sequence[FoundDrift]) -> str:
    """Return what differs from the contracts, in a line: the first few fields of each kind."""
    kinds: dict[str, list[str]] = {}
    for each in drift:
        kinds.setdefault(each.kind, []).append(f"{each.resource}.{each.field}")
    return "; ".join(f"{_counted(kind, len(names))}: {_first_few(names)}" for kind, names in kinds.items())


def _counted(kind: str, number: int) -> str:
    plural = "" if number == 1 or kind == "retyped" else "s"
    return f"{number:,} {kind}{plural}"


def _first_few(names: Sequence[str], few: int = _FEW) -> str:
    more = [f"and {len(names) - few:,} more"] if len(names) > few else []
    return ", ".join([*names[:few], *more])


def _runs(runs: Sequence[Manifest]) -> str:
    if not runs:
        return "no new run"
    return ", ".join(f"{manifest.run_id} ({manifest.kind})" for manifest in runs)
