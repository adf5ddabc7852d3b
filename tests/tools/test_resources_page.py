"""docs/resources.md says what the contracts say."""

from pipeline.resources import all_resources
from pipeline.tools.resources_page import PAGE, page


def without_rows(text: str) -> list[str]:
    return [line.rpartition(" | ")[0] if line.startswith("| ") else line for line in text.splitlines()]


def test_the_page_of_resources_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")

    assert without_rows(written) == without_rows(page({})), "run `make docs`"


def test_every_resource_has_its_line() -> None:
    lines = [line for line in page({"products": 1_234}).splitlines() if line.startswith("| ")]

    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[1:]] == list(all_resources())
    (products,) = (line for line in lines if line.startswith("| products |"))
    assert products.endswith("| 1,234 |")
