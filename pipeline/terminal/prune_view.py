"""What people see of pruning."""

from pipeline.jobs.prune import PruneResult
from pipeline.terminal.console import Output


def show_pruned(output: Output, result: PruneResult) -> None:
    """Print what went, or would, a line for each kind."""
    output.document(result.as_document())
    if output.as_json:
        return
    found, say = result.found, output.say
    if found.warehouses:
        say(f"  warehouses  {len(found.warehouses)} of earlier loads: {_span([w.load_id for w in found.warehouses])}")
    if found.runs:
        goes_on = "goes on" if result.is_dry_run else f"goes on, in {result.base_bytes / 1e6:.1f} MB,"
        say(f"  landing     {len(found.runs)} runs: {_span([run.run_id for run in found.runs])}")
        say(f"              what they brought {goes_on} in {result.base}")
    if found.logs:
        say(f"  logs        {len(found.logs)}: {_span([path.name for path in found.logs])}")
    verb = "Would free" if result.is_dry_run else "Freed"
    say(f"{verb} {found.bytes / 1e6:.1f} MB." if found.bytes else "Nothing to let go of.")


def _span(names: list[str]) -> str:
    first, last = min(names), max(names)
    return first if first == last else f"{first} to {last}"
