"""docs/screens.md shows what the commands print on a terminal."""

from pathlib import Path

import pytest

from .screens import WIDTHS, held, screens

pytestmark = pytest.mark.long


@pytest.mark.parametrize("width", WIDTHS)
async def test_the_page_shows_what_the_commands_print(tmp_path: Path, width: int) -> None:
    committed = [screen for screen in held() if screen.width == width]

    printed = await screens(tmp_path, width)

    assert [(each.command, each.code) for each in printed] == [(each.command, each.code) for each in committed]
    for now, before in zip(printed, committed, strict=True):
        assert now.form == before.form, "run `make screens`"
        assert max(map(len, now.text.splitlines())) <= width
