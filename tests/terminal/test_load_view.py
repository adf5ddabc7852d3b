"""What people see of a load: one line for all marts."""

from pipeline.models import ModelRun
from pipeline.terminal.load_view import describe_marts


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
