"""Lines for a terminal: broken between words, and never within one."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.terminal.console import fitted

LINES = st.lists(st.text("ab ", max_size=60).map(str.rstrip), max_size=3).map("\n".join)


def test_a_long_line_goes_on_below_indented_by_two_more() -> None:
    assert fitted("  audit: 2 rows of a long description\nshort", 20) == (
        "  audit: 2 rows of a\n    long description\nshort"
    )


@given(LINES, st.integers(10, 70))
def test_no_word_is_lost_or_broken_and_short_lines_stay_as_they_are(text: str, width: int) -> None:
    shown = fitted(text, width)

    assert shown.split() == text.split()
    assert all(len(line) <= width or len(line.split()) == 1 for line in shown.split("\n"))
    assert [line for line in text.split("\n") if len(line) <= width and line not in shown.split("\n")] == []
