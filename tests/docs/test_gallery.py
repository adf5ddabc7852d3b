"""docs/gallery.md shows what the notebooks show."""

import re
from pathlib import Path

import pytest

from ..notebooks.running import words
from .gallery import IMAGES, PAGE, images, page

MOST_BYTES = 100_000


def test_the_gallery_shows_every_picture_that_is_there_and_each_is_small() -> None:
    shown = re.findall(r"\]\(images/gallery/([^)]+)\)", PAGE.read_text())

    assert sorted(shown) == sorted(path.name for path in IMAGES.iterdir())
    assert all(path.stat().st_size < MOST_BYTES for path in IMAGES.iterdir())


@pytest.mark.long
def test_the_gallery_is_what_the_notebooks_show(tmp_path: Path) -> None:
    found = list(images(tmp_path))

    assert page(found) == PAGE.read_text(), "run `make gallery`"
    # The words, as the places of them depend on the fonts of the machine.
    assert all(words(each.svg) == words((IMAGES / each.file).read_text()) for each in found), "run `make gallery`"
