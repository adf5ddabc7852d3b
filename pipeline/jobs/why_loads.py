"""Why receivables or sales differ between two loads: by what happened to each order."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError, describe_unknown
from pipeline.jobs.choice import choose_sellers
from pipeline.jobs.explanation import Explanation, Move, Part, part_of
from pipeline.warehouse.pair import choose_pair, open_pair

BUCKETS = ("current", "1_30", "31_60", "61_90", "91_120", "over_120", "no_due_date", "unapplied_credit")


def why_open_net(
    data_dir: Path, *, seller: str | None = None, bucket: str | None = None, since: str | None = None
) -> list[Explanation]:
    """Return what receivables changed by since the load `since`, or the one before, by company and currency.

    They are those of a seller or in a bucket where these are named. Raises UsageError when there is no warehouse, no
    such load, seller or bucket.
    """
    if bucket is not None and bucket not in BUCKETS:
        raise UsageError(describe_unknown("bucket", bucket, BUCKETS))
    pair = choose_pair(data_dir, since)
    with open_pair(pair, ("intermediate.order_positions", "marts.ar_aging", "marts.fct_orders")) as con:
        values: dict[str, Any] = {"sellers": choose_sellers(con, seller)}
        if bucket is None:
            rows = con.execute(_POSITIONS + _OPEN_MOVES, values).fetchall()
        else:
            rows = con.execute(_POSITIONS + _BUCKET_MOVES, values | {"bucket": bucket}).fetchall()
    order = _BUCKET_PARTS if bucket else _OPEN_PARTS
    return _by_orders("open_net" if bucket is None else f"open_net, {bucket}", pair.since, pair.until, rows, order)


def why_net_sales_since(data_dir: Path, since: str, *, seller: str | None = None) -> list[Explanation]:
    """Return what net sales of all time changed by since the load `since`, by the kinds of changes to orders.

    Raises UsageError when there is no warehouse, no such load or seller.
    """
    pair = choose_pair(data_dir, since)
    with open_pair(pair, ("intermediate.order_positions", "marts.fct_orders")) as con:
        rows = con.execute(_POSITIONS + _SALES_MOVES, {"sellers": choose_sellers(con, seller)}).fetchall()
    return _by_orders("net_sales", pair.since, pair.until, rows, _SALES_PARTS)


def _by_orders(
    amount: str, since: str, until: str, rows: Iterable[tuple[Any, ...]], order: tuple[str, ...]
) -> list[Explanation]:
    """Return the explanations of rows of company, currency, order, customer, amount before and after, and parts."""
    groups: dict[tuple[str, str | None], list[tuple[Any, ...]]] = {}
    for company, currency, *rest in rows:
        groups.setdefault((company, currency), []).append(tuple(rest))
    return [
        Explanation(
            amount, company, currency, since, until,
            sum((before for _, _, before, *_ in group), Decimal(0)),
            sum((after for _, _, _, after, *_ in group), Decimal(0)),
            _parts(
                order,
                [
                    Move(part, short_id, customer, change)
                    for short_id, customer, _, _, *changes in group
                    for part, change in zip(order, changes, strict=True)
                ],
            ),
        )
        for (company, currency), group in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    ]  # fmt: skip


def _parts(order: Iterable[str], moves: Collection[Move]) -> tuple[Part, ...]:
    return tuple(part_of(name, [move for move in moves if move.part == name and move.change]) for name in order)


# An order then and now, in its seller and currency: nulls of one side are zero, false or absent.
_POSITIONS = """
    WITH then_positions AS (SELECT * FROM earlier.intermediate.order_positions),
    now_positions AS (SELECT * FROM intermediate.order_positions),
    positions AS (
        SELECT
            coalesce(now_positions._company, then_positions._company) AS _company,
            coalesce(now_positions.order_number, then_positions.order_number) AS order_number,
            coalesce(now_positions.seller_id, then_positions.seller_id) AS seller_id,
            coalesce(now_positions.currency, then_positions.currency) AS currency,
            coalesce(now_positions.short_id, then_positions.short_id) AS short_id,
            coalesce(now_positions.customer_name, then_positions.customer_name) AS customer_name,
            then_positions.order_number IS NOT NULL AS was_there,
            now_positions.order_number IS NOT NULL AS is_there,
            coalesce(then_positions.is_billed, false) AS was_billed,
            coalesce(now_positions.is_billed, false) AS is_billed,
            then_positions.status AS status_before,
            now_positions.status AS status_after,
            coalesce(then_positions.total, 0) AS total_before,
            coalesce(now_positions.total, 0) AS total_after,
            coalesce(then_positions.credits, 0) AS credits_before,
            coalesce(now_positions.credits, 0) AS credits_after,
            coalesce(then_positions.deducted_credits, 0) AS deducted_before,
            coalesce(now_positions.deducted_credits, 0) AS deducted_after,
            coalesce(then_positions.paid, 0) AS paid_before,
            coalesce(now_positions.paid, 0) AS paid_after,
            coalesce(then_positions.implied_paid, 0) AS ticked_before,
            coalesce(now_positions.implied_paid, 0) AS ticked_after,
            coalesce(then_positions.open_balance, 0) AS open_before,
            coalesce(now_positions.open_balance, 0) AS open_after,
            coalesce(then_positions.net_sales, 0) AS own_sales_before,
            coalesce(now_positions.net_sales, 0) AS own_sales_after,
            CASE WHEN then_positions.is_sale THEN then_positions.net_sales ELSE 0 END AS sales_before,
            CASE WHEN now_positions.is_sale THEN now_positions.net_sales ELSE 0 END AS sales_after
        FROM then_positions
        FULL JOIN now_positions
            ON then_positions._company = now_positions._company
            AND then_positions.order_number = now_positions.order_number
            AND then_positions.seller_id IS NOT DISTINCT FROM now_positions.seller_id
            AND then_positions.currency IS NOT DISTINCT FROM now_positions.currency
    ),
    chosen AS (SELECT * FROM positions WHERE $sellers IS NULL OR list_contains($sellers, seller_id))
"""
# As in ar_roll_forward: of an order billed now and not then all credits, payments and ticks are moves of their own.
_OPEN_PARTS = ("new", "removed", "edits", "credits", "payments", "ticks")
_OPEN_MOVES = """,
    split AS (
        SELECT
            *,
            CASE WHEN NOT was_billed AND is_billed THEN total_after ELSE 0 END AS new,
            CASE WHEN was_billed AND NOT is_billed THEN -open_before ELSE 0 END AS removed,
            CASE WHEN is_billed THEN CASE WHEN was_billed THEN deducted_before ELSE 0 END - deducted_after ELSE 0 END
                AS credits,
            CASE WHEN is_billed THEN CASE WHEN was_billed THEN paid_before ELSE 0 END - paid_after ELSE 0 END
                AS payments,
            CASE WHEN is_billed THEN CASE WHEN was_billed THEN ticked_before ELSE 0 END - ticked_after ELSE 0 END
                AS ticks
        FROM chosen
    )
    SELECT
        _company, currency, short_id, customer_name, open_before, open_after, new, removed,
        open_after - open_before - new - removed - credits - payments - ticks AS edits, credits, payments, ticks
    FROM split
    WHERE was_billed OR is_billed
"""
_BUCKET_PARTS = (
    "new", "arrived from other buckets", "reopened", "left for other buckets", "settled", "removed", "edits", "credits",
    "payments", "ticks",
)  # fmt: skip
_BUCKET_MOVES = """,
    then_open AS (SELECT _company, order_number, seller_id, currency, bucket FROM earlier.marts.ar_aging),
    now_open AS (SELECT _company, order_number, seller_id, currency, bucket FROM marts.ar_aging),
    placed AS (
        SELECT
            chosen.*,
            then_open.bucket AS bucket_before,
            now_open.bucket AS bucket_after,
            CASE WHEN then_open.bucket = $bucket THEN open_before ELSE 0 END AS before,
            CASE WHEN now_open.bucket = $bucket THEN open_after ELSE 0 END AS after
        FROM chosen
        LEFT JOIN then_open
            ON was_there
            AND then_open._company = chosen._company
            AND then_open.order_number = chosen.order_number
            AND then_open.seller_id IS NOT DISTINCT FROM chosen.seller_id
            AND then_open.currency IS NOT DISTINCT FROM chosen.currency
        LEFT JOIN now_open
            ON is_there
            AND now_open._company = chosen._company
            AND now_open.order_number = chosen.order_number
            AND now_open.seller_id IS NOT DISTINCT FROM chosen.seller_id
            AND now_open.currency IS NOT DISTINCT FROM chosen.currency
    ),
    split AS (
        SELECT
            *,
            coalesce(bucket_before = $bucket AND bucket_after = $bucket, false) AS stayed,
            CASE WHEN stayed THEN deducted_before - deducted_after ELSE 0 END AS credits,
            CASE WHEN stayed THEN paid_before - paid_after ELSE 0 END AS payments,
            CASE WHEN stayed THEN ticked_before - ticked_after ELSE 0 END AS ticks
        FROM placed
        WHERE bucket_before = $bucket OR bucket_after = $bucket
    )
    SELECT
        _company, currency, short_id, customer_name, before, after,
        CASE WHEN NOT stayed AND NOT was_billed THEN after ELSE 0 END AS new,
        CASE WHEN NOT stayed AND bucket_before IS NOT NULL THEN after ELSE 0 END AS arrived,
        CASE WHEN NOT stayed AND was_billed AND bucket_before IS NULL THEN after ELSE 0 END AS reopened,
        CASE WHEN NOT stayed AND bucket_after IS NOT NULL THEN -before ELSE 0 END AS departed,
        CASE WHEN NOT stayed AND is_billed AND bucket_after IS NULL THEN -before ELSE 0 END AS settled,
        CASE WHEN NOT stayed AND NOT is_billed THEN -before ELSE 0 END AS removed,
        CASE WHEN stayed THEN after - before - credits - payments - ticks ELSE 0 END AS edits,
        credits, payments, ticks
    FROM split
"""
# The kinds of order_changes: the first that holds.
_SALES_PARTS = ("new", "deleted", "status", "edited", "paid", "dated")
_SALES_MOVES = """,
    kinds AS (
        SELECT
            *,
            CASE
                WHEN NOT was_there THEN 'new'
                WHEN NOT is_there THEN 'deleted'
                WHEN status_before IS DISTINCT FROM status_after THEN 'status'
                WHEN total_before <> total_after OR credits_before <> credits_after
                    OR own_sales_before <> own_sales_after THEN 'edited'
                WHEN paid_before <> paid_after OR ticked_before <> ticked_after THEN 'paid'
                ELSE 'dated'
            END AS kind,
            sales_after - sales_before AS change
        FROM chosen
    )
    SELECT
        _company, currency, short_id, customer_name, sales_before, sales_after,
        CASE WHEN kind = 'new' THEN change ELSE 0 END, CASE WHEN kind = 'deleted' THEN change ELSE 0 END,
        CASE WHEN kind = 'status' THEN change ELSE 0 END, CASE WHEN kind = 'edited' THEN change ELSE 0 END,
        CASE WHEN kind = 'paid' THEN change ELSE 0 END, CASE WHEN kind = 'dated' THEN change ELSE 0 END
    FROM kinds
    WHERE sales_before <> 0 OR sales_after <> 0
"""
