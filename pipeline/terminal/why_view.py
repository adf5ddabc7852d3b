"""What people see of why an amount changed: the parts, each with its largest orders."""

from collections.abc import Sequence
from dataclasses import asdict

from pipeline.jobs.explanation import Explanation
from pipeline.settings import DEFAULT_NAME
from pipeline.terminal.console import NAMES, Output


def show_explanations(output: Output, explanations: Sequence[Explanation]) -> None:
    """Print what an amount changed by, in each currency."""
    output.document({"explanations": [asdict(each) | {"change": each.change} for each in explanations]})
    if output.as_json:
        return
    say = output.say
    if not explanations:
        say("Nothing: there are no such amounts, then or now.")
    for each in explanations:
        whose = "" if each.company == DEFAULT_NAME else f"{each.company}: "
        say(f"{whose}{each.amount} {each.currency or ''} from {each.since} to {each.until}: "
            f"{each.before:,.2f} to {each.after:,.2f} ({each.change:+,.2f})")  # fmt: skip
        for part in each.parts:
            if not part.change and not part.largest:
                continue
            say(f"  {part.name:<{NAMES}}{part.change:>+16,.2f}{part.movers:>8,}")
            for mover in part.largest:
                name = f"{mover.name}  {mover.customer_name or ''}".rstrip()
                say(f"    {mover.change:>+16,.2f}  {name}")
