"""Thirty nights of an account that moves, and the room that its data folder takes: `python -m bench.folder`.

Writes the table and the picture in docs/performance.md.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

import altair as alt
import pytest
import vl_convert

from tests.acceptance.nights import open_house
from tests.acceptance.thirty import Sizes, afresh, live_through, needed

_DOCS = Path(__file__).parent.parent / "docs"
_PAGE, _PICTURE = _DOCS / "performance.md", _DOCS / "images" / "thirty-nights.svg"
_BEGIN, _END = "<!-- thirty nights -->", "<!-- end of thirty nights -->"
_TOLD = (1, 2, 3, 4, 8, 15, 22, 30)


async def measure(nights: int, orders: int) -> tuple[list[Sizes], Sizes, int]:
    """Return the sizes after each night, those of a folder that has read the same once, and what is needed."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        async with open_house(Path(folder), patched, orders=orders) as house:
            found = await live_through(house, nights)
            fresh = await afresh(Path(folder) / "fresh", house, patched)
            return found, fresh, needed(fresh)


def table(nights: list[Sizes], fresh: Sizes, need: int) -> str:
    """Return the page's table, with a line for the fresh folder and one for the bound."""
    lines = [
        "| night | landing, MB | warehouse, MB | all of `data/`, MB | of what is needed |",
        "|---|---|---|---|---|",
    ]
    for each in nights:
        if each.night + 1 in _TOLD:
            lines.append(
                f"| {each.night + 1} | {_mb(each.landing)} | {_mb(each.warehouse)} | {_mb(each.all)} | "
                f"{each.all / need:.2f} |"
            )
    lines.append(f"| read once, on the last day | {_mb(fresh.landing)} | {_mb(fresh.warehouse)} | {_mb(fresh.all)} | |")
    lines.append(f"| needed: that, and three earlier warehouses | | | {_mb(need)} | 1.00 |")
    return "\n".join(lines)


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f}"


def draw(nights: list[Sizes], need: int) -> None:
    """Write the picture: what each part takes, night by night, below the bound."""
    rows = [
        {"night": each.night + 1, "part": part, "MB": size / 1e6, "place": place}
        for each in nights
        for place, (part, size) in enumerate(
            {"landing": each.landing, "published": each.warehouse, "earlier": each.kept - each.warehouse}.items()
        )
    ]
    parts = alt.Chart(alt.Data(values=rows)).mark_bar().encode(
        x=alt.X("night:O", title="night"),
        y=alt.Y("MB:Q", title="MB", stack=True),
        color=alt.Color("part:N", title=None, sort=["landing", "published", "earlier"],
                        scale=alt.Scale(range=["#E69F00", "#0072B2", "#56B4E9"])),
        order=alt.Order("place:Q"),
    )  # fmt: skip
    bound = alt.Chart(alt.Data(values=[{"MB": 2 * need / 1e6}])).mark_rule(strokeDash=[4, 4]).encode(y="MB:Q")
    title = "Thirty nights stay within twice of what their data need (dashed)"
    chart = alt.layer(parts, bound, title=title).properties(width=640, height=300)
    _PICTURE.parent.mkdir(exist_ok=True)
    _PICTURE.write_text(vl_convert.vegalite_to_svg(chart.to_dict()))


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--orders", type=int, default=3_000)
    options = parser.parse_args()
    nights, fresh, need = asyncio.run(measure(options.nights, options.orders))
    draw(nights, need)
    text = _PAGE.read_text()
    before, after = text[: text.index(_BEGIN)], text[text.index(_END) :]
    _PAGE.write_text(f"{before}{_BEGIN}\n\n{table(nights, fresh, need)}\n\n{after}")


if __name__ == "__main__":
    main()
