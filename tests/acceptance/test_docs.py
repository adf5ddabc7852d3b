"""`leafhouse docs`: where the dictionary is written, and over what it is not."""

import json

from ..pages.checks import assert_self_contained
from .commands import House


def test_the_dictionary_is_written_into_the_data_folder_for_its_owner(house: House) -> None:
    done = house.run("docs", "--json")

    path = house.data / "dictionary.html"
    said = json.loads(done.stdout)
    assert done.code == 0, done
    assert (said["path"], said["bytes"]) == ("data/dictionary.html", path.stat().st_size)
    assert path.stat().st_mode & 0o777 == 0o600
    assert 'id="marts.ar_aging"' in path.read_text()
    assert_self_contained(path.read_text())


def test_a_page_is_written_anew_and_nothing_else(house: House) -> None:
    page, other = house.folder / "page.html", house.folder / "notes.txt"
    other.write_text("mine")

    assert [house.run("docs", "--to", "page.html").code for _ in range(2)] == [0, 0]
    assert page.read_text().startswith("<!doctype html>")
    house.refuses("docs", "--to", "notes.txt", code=2, says=("notes.txt", "not overwritten"))
    house.refuses("docs", "--to", "nowhere/page.html", code=2, says=("no folder",))
    house.refuses("docs", "--to", ".", code=2, says=("no page",))
    assert other.read_text() == "mine"


def test_without_a_warehouse_there_is_nothing_to_tell(empty: House) -> None:
    empty.refuses("docs", code=2, says=("no warehouse yet",))
