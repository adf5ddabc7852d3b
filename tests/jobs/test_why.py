"""Sales of two months: what is told apart by doors, price, volume and mix, computed by hand."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.jobs.explanation import Explanation
from pipeline.jobs.why_months import Line, explain_months

MONTH, AGAINST = date(2026, 10, 1), date(2026, 9, 1)


def explain(lines: list[Line]) -> Explanation:
    return explain_months("net_sales", "default", "USD", MONTH, AGAINST, lines)


def line(month: date, door: int | None, product: int, cases: str, amount: str) -> Line:
    order = f"{month:%m}-{door}"
    return Line(
        month == MONTH, door, f"door {door}", order, product, f"product {product}", Decimal(cases), Decimal(amount)
    )


def parts(explanation: Explanation) -> dict[str, str]:
    return {part.name: str(part.change) for part in explanation.parts}


def test_doors_price_volume_and_mix_are_told_apart() -> None:
    explanation = explain([
        line(AGAINST, 1, 7, "10", "100"),  # 10.00 a case
        line(AGAINST, 1, 8, "10", "300"),  # 30.00 a case
        line(AGAINST, 2, 7, "5", "50"),
        line(MONTH, 1, 7, "6", "66"),  # 1.00 more for each of 6 cases
        line(MONTH, 1, 8, "16", "480"),  # the same price
        line(MONTH, 3, 7, "1", "11.005"),
    ])  # fmt: skip

    assert (str(explanation.before), str(explanation.after)) == ("450.00", "557.01")
    assert parts(explanation) == {
        "new doors": "11.01",
        "lost doors": "-50.00",
        "price": "6.00",
        "volume": "40.00",  # 2 cases more at 400.00 / 20
        "mix": "100.00",  # 557.01 - 450.00 less all of these
    }
    new, lost, price, _, _ = (part.largest for part in explanation.parts)
    assert [(each.name, each.customer_name) for each in (*new, *lost)] == [("10-3", "door 3"), ("09-2", "door 2")]
    assert [(each.name, str(each.change)) for each in price] == [("product 7", "6.00")]


@pytest.mark.parametrize("month", [MONTH, AGAINST])
def test_sales_of_one_month_alone_are_those_of_new_or_lost_doors(month: date) -> None:
    explanation = explain([line(month, None, 7, "0", "12.50")])

    assert explanation.change == Decimal("12.50" if month == MONTH else "-12.50")
    assert sum(part.change != 0 for part in explanation.parts) == 1


lines = st.builds(
    line,
    st.sampled_from([MONTH, AGAINST]),
    st.sampled_from([None, 1, 2]),
    st.sampled_from([7, 8]),
    st.decimals(0, 50, places=4).map(str),
    st.decimals(-500, 500, places=6).map(str),
)


@given(st.lists(lines, max_size=12))
def test_the_parts_always_add_up(found: list[Line]) -> None:
    explanation = explain(found)

    assert sum(part.change for part in explanation.parts) == explanation.change
