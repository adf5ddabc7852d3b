"""The mapping file, as the documentation shows it."""

import re
from pathlib import Path

from pipeline.reconcile.mapping import Mapping, Pair, read_mapping

DOCUMENT = Path(__file__).parents[2] / "docs" / "compare-report.md"


def test_the_mapping_in_the_documentation_says_what_it_seems_to(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    (tmp_path / "ar.toml").write_text(found[1])

    mapping = read_mapping(tmp_path / "ar.toml")

    assert mapping == Mapping(
        "marts.ar_aging",
        ("short_id",),
        (
            Pair("Order No.", "short_id"),
            Pair("Customer", "customer_name"),
            Pair("Balance Due", "open_balance"),
            Pair("Due Date", "due_date", "date"),
        ),
        {"currency": "USD"},
    )
