"""What people see of the contracts held against a vendor's document."""

from dataclasses import asdict

from pipeline.terminal.console import Output
from pipeline.tools.contracts.compare import Comparison


def show_comparison(output: Output, comparison: Comparison) -> None:
    """Print what is only there, typed differently and only here, and what of it nothing explains."""
    output.document(
        {"paths": comparison.paths, "fields": comparison.fields, "open": len(comparison.open)}
        | {"findings": [asdict(each) | {"is_open": each.is_open} for each in comparison.findings]}
    )
    if output.as_json:
        return
    for where in ("only there", "typed differently", "only here"):
        found = [each for each in comparison.findings if each.where == where]
        if found:
            output.say(f"{where} ({len(found):,}):")
        for each in found:
            words = [each.path + (each.field or ""), each.detail, each.reason or ("NO REASON" if each.is_open else "")]
            output.say("  " + "  ".join(filter(None, words)))
    left = len(comparison.open)
    output.say(
        f"Covered: {comparison.paths:,} paths, {comparison.fields:,} fields. "
        + (f"Neither covered nor explained: {left:,}." if left else "All else has a reason.")
    )
