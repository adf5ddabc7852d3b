"""The facts, dimensions and receivables once more, in plain Python: Decimal and dicts, no SQL, from the definitions."""

from collections.abc import Callable

from . import collection_list, dimensions, expected_cash, facts, receivables, reps, totals
from .semantics import semantics
from .source import Row, Source

# The key of each mart (beside the company), and how it is calculated.
MARTS: dict[str, tuple[str, Callable[[Source], list[Row]]]] = {
    "semantics": ("", lambda source: [semantics(source)] if source.of("orders_received") else []),
    "fct_orders": ("order_number", facts.fct_orders),
    "fct_order_lines": ("line_id", facts.fct_order_lines),
    "fct_payments": ("payment_id", facts.fct_payments),
    "fct_order_events": ("event_id", facts.fct_order_events),
    "dim_products": ("product_id", dimensions.dim_products),
    "dim_customers": ("customer_id", dimensions.dim_customers),
    "dim_brands": ("brand_id", dimensions.dim_brands),
    "dim_staff": ("staff_id", dimensions.dim_staff),
    "dim_companies": ("company_id", dimensions.dim_companies),
    "ar_aging": ("order_number", receivables.ar_aging),
    "ar_aging_by_customer": ("seller_id customer_id currency", receivables.ar_aging_by_customer),
    "collections": (
        "seller_id customer_id currency",
        lambda source: collection_list.collections(source, dimensions.dim_customers(source)),
    ),
    "ar_summary": ("seller_id currency", totals.ar_summary),
    "ar_by_rep": ("seller_id rep_id currency", reps.ar_by_rep),
    "ar_daily": ("seller_id currency day", totals.ar_daily),
    "expected_cash": ("seller_id currency origin week", expected_cash.expected_cash),
    "orders_assigned": ("order_number rep_id", reps.orders_assigned),
}
