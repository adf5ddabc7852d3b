"""The shell of every page: one file, a strict policy whose hashes are right, and nothing that is not escaped."""

from pathlib import Path

import jinja2
import pytest
from markupsafe import Markup

from pipeline.pages import page, render

from .checks import Reading, assert_self_contained

HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "body.html"
    path.write_text('<p title="{{ text }}">{{ text }}</p>\n')
    return path


def test_a_page_runs_its_own_script_and_style_and_nothing_else(template: Path) -> None:
    text = page("Title", render(template, text="x"), styles=".a { color: red }", script="document.title += '!';")

    reading = assert_self_contained(text)
    assert len(reading.styles) == len(reading.scripts) == 1
    assert reading.styles[0].endswith(".a { color: red }")


def test_a_page_without_a_script_allows_none(template: Path) -> None:
    assert "script-src" not in Reading(page("Title", render(template, text="x"))).policy


def test_hostile_text_stays_text(template: Path) -> None:
    reading = assert_self_contained(page(HOSTILE, render(template, text=HOSTILE)))

    tags = [tag for tag, _ in reading.tags]
    assert tags == ["html", "head", *["meta"] * 5, "title", "style", "body", "p"]
    assert reading.tags[-1][1] == {"title": HOSTILE}
    assert reading.words.count(HOSTILE) >= 1


@pytest.mark.parametrize("text", ["</script>", "<!-- x", "a\rb"])
def test_a_script_or_style_that_would_end_early_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must not hold"):
        page("Title", Markup(""), script=text)
    with pytest.raises(ValueError, match="must not hold"):
        page("Title", Markup(""), styles=text)


def test_a_name_without_a_value_is_an_error(template: Path) -> None:
    with pytest.raises(jinja2.UndefinedError, match="text"):
        render(template)
