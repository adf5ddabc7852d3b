"""What people see of two loads compared: totals first, then the items that moved."""

from dataclasses import asdict

from pipeline.jobs.diff import Change, Diff
from pipeline.settings import DEFAULT_NAME
from pipeline.terminal.console import Output

_COUNTS = ("orders", "customers", "products", "on_hand")


def show_diff(output: Output, diff: Diff) -> None:
    """Print what a load changed."""
    changes = [asdict(each) | {"change": each.change} for each in diff.changes]
    output.document({"since": diff.since, "until": diff.until, "changes": changes})
    if output.as_json:
        return
    say = output.say
    say(f"From load {diff.since} to {diff.until}")
    say(f"  {'seller':<28}{'headline':<20}{'item':<18}{'':<5}{'before':>16}{'after':>16}{'change':>16}")
    for each in diff.changes:
        figures = "".join(f"{_figure(each, value):>16}" for value in (each.before, each.after))
        change = f"{_figure(each, each.change, '+') if each.change else '':>16}"
        say(
            f"  {_seller(each):<28}{each.headline:<20}{each.item:<18}{each.currency or '':<5}{figures}{change}".rstrip()
        )
    say("See order_changes for the orders, and `leafhouse why open_net` or `leafhouse why net_sales` for the reasons.")


def _seller(change: Change) -> str:
    seller = change.seller_name or str(change.seller_id or "")
    return seller if change.company == DEFAULT_NAME else f"{change.company}: {seller}"


def _figure(change: Change, value: object, sign: str = "") -> str:
    return format(value, f"{sign},.0f" if change.headline in _COUNTS else f"{sign},.2f")
