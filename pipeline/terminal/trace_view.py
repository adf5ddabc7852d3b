"""What people see of where a row comes from."""

from collections.abc import Sequence
from dataclasses import asdict

from pipeline.jobs.trace import MOST_ROWS, Source, Trace
from pipeline.terminal.console import NAMES, Output


def show_traces(output: Output, traces: Sequence[Trace]) -> None:
    """Print rows of a mart, each with the rows of LeafLink behind it."""
    output.document({"rows": [asdict(each) for each in traces]})
    if output.as_json:
        return
    say = output.say
    for each in traces:
        say(f"marts.{each.table}")
        for column, value in each.row.items():
            if value is not None:
                say(f"  {column:<{NAMES}}{value}")
        say("comes from")
        for source in each.sources:
            say(f"  {source.resource:<{NAMES}}{source.column} {source.key}: {_describe(source)}")
        rest = sorted(set(each.inputs) - {source.resource for source in each.sources})
        if rest:
            say(f"and was computed with {', '.join(rest)}")
    if len(traces) == MOST_ROWS:
        say(f"These are the first {MOST_ROWS} rows with this key.")


def _describe(source: Source) -> str:
    came = f"run {source.run_id}"
    if source.file is None:
        return f"{came}, which the landing holds no longer"
    return f"{came}, {source.window}, landing/{source.file} row {source.place:,}"
