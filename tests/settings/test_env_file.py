"""Writing `.env`: what is read back is what was written, and nothing else of the file changes."""

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError
from pipeline.settings.env_file import write_variables
from pipeline.settings.environment import read_file

NAME = "LEAFLINK_API_KEY"
BEFORE = "# mine\n\nexport LEAFHOUSE_PII=drop  # for now\n\nLEAFLINK_API_KEY='old'\nOTHER=\"a\nb\"\n"


def written(folder: Path, value: str, before: str | None = None) -> Path:
    path = folder / ".env"
    path.unlink(missing_ok=True)
    if before is not None:
        path.write_text(before)
    write_variables(path, {NAME: value})
    return path


@given(st.text(st.characters(codec="utf-8")))
@example("'")
@example("\\")
@example("a\\'\"b")
@example(" # $x `y` ${")
@example("\r\n\t")
@example("\x85 \u2028")
@example("\ufeffx")
def test_any_text_is_read_as_it_was_written_or_refused(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    folder = tmp_path_factory.mktemp("env")
    try:
        path = written(folder, value, BEFORE)
    except ConfigurationError:
        assert "${" in value or any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in value)
        assert (folder / ".env").read_text() == BEFORE
        return

    assert read_file(path)[NAME] == dotenv_values(path, encoding="utf-8-sig")[NAME] == value
    assert {name: text for name, text in read_file(path).items() if name != NAME} == {
        "LEAFHOUSE_PII": "drop", "OTHER": "a\nb",
    }  # fmt: skip


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_every_key_that_a_header_takes_can_be_written(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    if "${" not in key:
        assert read_file(written(tmp_path_factory.mktemp("env"), key))[NAME] == key


@pytest.mark.parametrize("value", ["${HOME}", "a${b", "\udcff"])
def test_what_would_be_read_as_something_else_is_refused_and_not_shown(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigurationError, match="Set it in the environment") as refused:
        written(tmp_path, value, BEFORE)

    assert value not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == [".env"]
    assert (tmp_path / ".env").read_text() == BEFORE


def test_all_other_lines_stay_to_the_letter(tmp_path: Path) -> None:
    path = written(tmp_path, "new", BEFORE)
    twice = written(tmp_path, "new", "LEAFLINK_API_KEY=1\nA=2\nLEAFLINK_API_KEY=3").read_text()

    assert twice == "A=2\nLEAFLINK_API_KEY=new\n"
    path = written(tmp_path, "new", BEFORE)
    assert path.read_text() == BEFORE.replace("'old'", "new")
    assert written(tmp_path, "new", "A=2").read_text() == "A=2\nLEAFLINK_API_KEY=new\n"


def test_only_its_owner_can_read_it_and_a_link_stays_one(tmp_path: Path) -> None:
    path, target = tmp_path / ".env", tmp_path / "leafhouse.env"
    target.write_text("A=1\n")
    target.chmod(0o644)
    path.symlink_to(target)

    write_variables(path, {NAME: "new"})

    assert path.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_text() == "A=1\nLEAFLINK_API_KEY=new\n"
