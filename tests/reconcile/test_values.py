"""What cells say, in the many ways that people and spreadsheets write them."""

import string
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reconcile.values import Kind, add_up, difference, identity, read_value

AMOUNTS = st.decimals("-1e15", "1e15", places=2, allow_nan=False)
DAYS = st.dates(date(2000, 1, 1), date(2068, 12, 31))  # two-digit years mean these
MONEY_FORMS = (
    "{sign}{amount:.2f}", "{sign}{amount:,.2f}", "{sign}${amount:,.2f}", "${sign}{amount:,.2f}",
    "$ {sign}{amount:.2f} ", "{sign}US${amount:,.2f}", "{sign}{amount:,.2f} USD", "CAD {sign}{amount:,.2f}",
    "\xa0{sign}$\xa0{amount:,.2f}",
)  # fmt: skip
DEBTS = ("({amount:,.2f})", "$({amount:,.2f})", "(${amount:.2f})", "{amount:,.2f}-", "−{amount:,.2f}", "–${amount:.2f}")
DATE_FORMS = (
    "%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%b %d, %Y", "%b. %d, %Y", "%B %d, %Y", "%m/%d/%Y %H:%M",
    "%m/%d/%y, 04:30 PM", "%Y-%m-%dT%H:%M:%S.000000-07:00", "%Y-%m-%d %H:%M:%S+00", " %m/%d/%Y\t",
)  # fmt: skip


@given(AMOUNTS, st.sampled_from(MONEY_FORMS))
def test_an_amount_is_read_however_it_is_written(amount: Decimal, form: str) -> None:
    written = form.format(sign="-" if amount < 0 else "", amount=abs(amount))

    assert read_value("money", written) == amount


@given(AMOUNTS, st.sampled_from(DEBTS))
def test_a_negative_amount_is_read_however_it_is_written(amount: Decimal, form: str) -> None:
    assert read_value("money", form.format(amount=abs(amount))) == -abs(amount)


@given(DAYS, st.sampled_from(DATE_FORMS))
def test_a_date_is_read_however_it_is_written(day: date, form: str) -> None:
    assert read_value("date", day.strftime(form)) == day


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("money", "n/a"), ("money", "1.234,50"), ("money", "12,34"), ("money", "1e5"), ("money", "11-23"),
        ("money", "(5"), ("money", "--5"), ("money", "$"), ("money", "9" * 39), ("money", "2026-11-23"),
        ("number", "5%"), ("number", "1 2"), ("date", "23/11/2026"), ("date", "soon"), ("date", "2026-02-30"),
    ],
)  # fmt: skip
def test_what_is_not_of_its_kind_stays_the_text_that_it_is(kind: Kind, cell: str) -> None:
    assert read_value(kind, cell) == cell


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("text", " Green\n Leaf ", "GREEN LEAF"), ("text", "Caf\u00e9", "Cafe\u0301"), ("text", "a\u200bb", "ab"),
        ("money", "", "0.00"), ("money", "$ -", "0"), ("money", "-0.00", "0.00"), ("money", "1.005", "1.01"),
        ("money", "1,000", "1000.0"), ("number", "24.0000", "24"), ("number", ".5", "0.50"),
        ("date", "1/5/26", "2026-01-05"),
    ],
)  # fmt: skip
def test_what_people_see_as_the_same_is_the_same(kind: Kind, one: str, other: str) -> None:
    assert identity(kind, read_value(kind, one)) == identity(kind, read_value(kind, other))


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("text", "1.0", "1"), ("text", "007", "7"), ("text", "", "0"), ("money", "0.01", ""), ("money", "1.00", "1.01"),
        ("number", "", "0"), ("number", "0.0001", "0"), ("date", "", "2026-01-05"),
    ],
)  # fmt: skip
def test_what_differs_is_told_apart(kind: Kind, one: str, other: str) -> None:
    assert identity(kind, read_value(kind, one)) != identity(kind, read_value(kind, other))


@given(st.lists(AMOUNTS), st.text(string.ascii_letters, min_size=1))
def test_sums_are_exact_and_pass_over_texts(amounts: list[Decimal], text: str) -> None:
    wide = Decimal("1e35")

    assert add_up([wide, None, text, *amounts]) - wide == sum(int(amount * 100) for amount in amounts) / Decimal(100)


def test_differences_are_here_less_there() -> None:
    assert difference(Decimal("1.00"), Decimal("3.50")) == Decimal("-2.50")
    assert difference(None, Decimal("3.50")) == Decimal("-3.50")
    assert difference(date(2026, 3, 1), date(2026, 2, 1)) == 28
    assert difference(Decimal(1), "n/a") is None
    assert difference("a", "b") is None
