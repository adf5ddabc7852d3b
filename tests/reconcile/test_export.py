"""Reading CSV files as they come out of browsers and spreadsheets."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.reconcile.export import read_export
from pipeline.reconcile.values import tidy

CELLS = st.text(st.characters(codec="latin-1", exclude_characters="\0"), max_size=6)


@given(
    st.lists(st.tuples(CELLS, CELLS), max_size=6), st.sampled_from(["utf-8", "utf-8-sig", "latin-1"]),
    st.sampled_from(["\n", "\r\n"]),
)  # fmt: skip
def test_rows_come_out_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], encoding: str, end: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("Order No.", "Café"), *rows])
    path = tmp_path_factory.mktemp("export") / "report.csv"
    # Where Latin-1 and Windows-1252 differ, the file cannot say which of the two it is.
    content = text.getvalue().encode(encoding)
    if encoding == "latin-1" and any("\x80" <= character <= "\x9f" for row in rows for character in "".join(row)):
        return
    path.write_bytes(content)

    export = read_export(path)

    assert export.headers == ("Order No.", "Café")
    assert [line.cells for line in export.lines] == [row for row in rows if any(map(tidy, row))]


def test_blank_lines_count_for_nothing_but_the_number_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text('\n ,\n"Order\nNo.", Balance \n\n,,\na1,"1,000.00"\na2\na3,1,,\na4,1,surplus\n')

    export = read_export(path)

    assert export.headers == ("Order No.", "Balance")
    assert [(line.number, *line.cells) for line in export.lines] == [
        (7, "a1", "1,000.00"), (8, "a2", ""), (9, "a3", "1"),
    ]  # fmt: skip
    assert export.too_long == (10,)


def test_windows_characters_are_read_as_windows_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes("Order No.\n“Joe’s” – Café\n".encode("cp1252"))

    assert read_export(path).lines[0].cells == ("“Joe’s” – Café",)


def test_a_header_is_found_whatever_its_case_and_spaces_but_only_once(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text("Order  No.,Total,total\n")

    export = read_export(path)

    assert export.column(" order no.") == 0
    assert export.column("Total") is None
    assert export.column("Balance") is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n , \n", "empty"),
        (b"PK\3\4\0\0", "Save it as CSV"),
        (b'a,b\n1,"2\n3,4\n', "line 3: not CSV"),
        (b"Order No.;Customer;Balance Due\n1;A;2,50\n", "semicolons"),
    ],
)
def test_what_is_no_csv_file_is_refused_in_a_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(content)

    with pytest.raises(UsageError, match=says):
        read_export(path)


def test_a_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_export(tmp_path)
