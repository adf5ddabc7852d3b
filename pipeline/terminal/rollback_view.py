"""What people see of the warehouses that are kept, and of going back to one."""

from dataclasses import asdict
from typing import Any

from pipeline.terminal.console import Output
from pipeline.warehouse.rollback import Warehouse


def show_warehouses(output: Output, warehouses: list[Warehouse]) -> None:
    """Print the published warehouse and the kept ones, a line each."""
    output.document([_document(each) for each in warehouses])
    if output.as_json:
        return
    say = output.say
    say(f"  {'load':<28}{'built (UTC)':<21}{'MB':>8}  {'as of':<12}newest run")
    for each in warehouses:
        where = "  (published)" if each.is_published else ""
        held = each.problem or f"{each.as_of or '':<12}{each.newest_run or ''}{where}"
        say(f"  {each.load_id:<28}{each.built_at:%Y-%m-%d %H:%M:%S}  {each.bytes / 2**20:>8.1f}  {held}")
    say("Go back to one with `leafhouse rollback LOAD`, or with the id of a run that it holds.")


def show_rollback(output: Output, warehouse: Warehouse) -> None:
    """Print what was put in place."""
    output.document(_document(warehouse))
    if output.as_json:
        return
    output.say(
        f"Published {warehouse.path} as load {warehouse.load_id} left it ({warehouse.bytes / 2**20:.1f} MB, built "
        f"{warehouse.built_at:%Y-%m-%d %H:%M:%S} UTC): marts as of {warehouse.as_of}, {len(warehouse.runs)} runs, "
        f"the newest {warehouse.newest_run}"
    )
    output.say("The warehouse that was published is kept. The next load takes up all that has landed since.")


def _document(warehouse: Warehouse) -> dict[str, Any]:
    times = {"built_at": warehouse.built_at.isoformat(), "newest_run": warehouse.newest_run}
    return asdict(warehouse) | {"path": str(warehouse.path)} | times
