"""What people see of a load: a line for all rows, one for all marts, one for the audits, and the first numbers."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from pipeline.models import AuditResult, ModelRun
from pipeline.terminal.load_view import (
    describe_audits,
    describe_headline,
    describe_marts,
    describe_merges,
    describe_movement,
)
from pipeline.warehouse.headlines import Headline, Movement
from pipeline.warehouse.merge import MergeCounts

DAY = date(2026, 11, 27)


def test_the_marts_take_one_line_and_what_they_stand_on_takes_none() -> None:
    models = [
        ModelRun("staging.orders_received", 900, 0.7),
        ModelRun("marts.fct_orders", 60_000, 0.84),
        ModelRun("marts.collections", 1_234, 0.33),
    ]

    assert describe_marts(models) == "marts: 2 tables, 61,234 rows, 1.2 s"


def test_tables_that_were_not_made_again_are_counted() -> None:
    models = [
        ModelRun("marts.fct_orders", 60_000, 0.84),
        ModelRun("marts.dim_brands", 12, 0.0, is_unchanged=True),
    ]

    assert describe_marts(models) == "marts: 2 tables, 60,012 rows, 0.8 s; 1 had not changed"


def test_what_changed_takes_one_line_with_the_resources_that_moved_most() -> None:
    merges = [MergeCounts("brands"), MergeCounts("line_items", 12, 1_000, 3), MergeCounts("products", 0, 1)]

    assert describe_merges(merges) == "12 new, 1,001 changed, 3 deleted (line_items 1,015, products 1)"
    assert describe_merges(merges[:1]) == "nothing has changed"


def test_receivables_are_told_with_how_they_moved() -> None:
    first = Headline(DAY, "USD", Decimal("1286166.32"), Decimal("810672.02"))
    later = replace(first, change=Decimal("-20675.61"), newly_late=41)

    assert describe_headline(first) == "Open receivables on 2026-11-27: 1,286,166.32 USD, 810,672.02 past due"
    assert describe_headline(later) == (
        "Open receivables on 2026-11-27: 1,286,166.32 USD (-20,675.61), 810,672.02 past due, 41 newly late"
    )
    assert describe_movement(Movement("net_sales", "CAD", Decimal(2), Decimal(0))) == "Net sales 2.00 CAD (+0.00)"
    assert describe_movement(Movement("on_hand", None, Decimal(7), Decimal(-3))) == "On hand 7 units (-3)"


def test_a_warning_is_named_while_it_is_new_and_counted_when_it_stands() -> None:
    audits = [
        AuditResult("open_balance", "error", 0, 0.1),
        AuditResult("paid_flag", "warn", 2, 0.1, failing_since=DAY),
        AuditResult("restated_months", "warn", 1_005, 0.1, failing_since=DAY - timedelta(days=30)),
        AuditResult("volume", "warn", 3, 0.1, failing_since=DAY - timedelta(days=2)),
    ]

    assert describe_audits(audits, DAY) == (
        "1 passed, 1 warn: paid_flag (2 rows), 2 warn as before, the first since 2026-10-28 "
        "(`leafhouse status` lists them)"
    )
