"""`leafhouse why`."""

from datetime import date
from typing import Annotated

import typer

from pipeline.errors import UsageError
from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output

_AMOUNTS = ("open_net", "net_sales")


def why(
    amount: Annotated[str, typer.Argument(help="open_net (receivables) or net_sales.")],
    seller: Annotated[str | None, typer.Option(help="Only this seller, by id or name.")] = None,
    bucket: Annotated[str | None, typer.Option(help="Only this bucket of receivables, such as 31_60.")] = None,
    brand: Annotated[str | None, typer.Option(help="Only sales of this brand, by id or name.")] = None,
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="Sales of this month; else the last full.")
    ] = None,
    against: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="The month to compare it with.")] = None,
    since: Annotated[str | None, typer.Option(metavar="LOAD", help="Compare with this kept load.")] = None,
    as_json: Json = False,
) -> None:
    """Say why receivables changed between loads, or sales between months or loads: parts that add up, to the cent."""
    from pipeline.jobs.why_loads import why_net_sales_since, why_open_net
    from pipeline.jobs.why_months import why_net_sales
    from pipeline.settings import read_settings
    from pipeline.terminal.why_view import show_explanations

    months = {"--month": month, "--against": against}
    if amount == "open_net":
        _refuse("open_net is of loads and whole orders", {"--brand": brand} | months)
    elif amount == "net_sales":
        _refuse("net_sales is not of buckets", {"--bucket": bucket})
    else:
        raise UsageError(f"{amount}: cannot be explained. There are {' and '.join(_AMOUNTS)}.")
    data_dir = read_settings().data_dir
    if amount == "open_net":
        found = why_open_net(data_dir, seller=seller, bucket=bucket, since=since)
    elif since is not None:
        _refuse("--since compares whole orders of two loads", {"--brand": brand} | months)
        found = why_net_sales_since(data_dir, since, seller=seller)
    else:
        wanted = {name.removeprefix("--"): _read_month(name, text) for name, text in months.items()}
        found = why_net_sales(data_dir, seller=seller, brand=brand, **wanted)
    show_explanations(Output(as_json=as_json), found)


def _refuse(reason: str, options: dict[str, str | None]) -> None:
    named = [name for name, value in options.items() if value is not None]
    if named:
        raise UsageError(f"{reason}: leave out {' and '.join(named)}.")


def _read_month(name: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise UsageError(f"{name} {text}: not a month. Write it as YYYY-MM, for example 2026-11.") from None


WHY = Command("why", 72, why)
