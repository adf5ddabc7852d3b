"""The marts of sales, stock and single orders once more, in plain Python: Decimal and dicts, no SQL."""

from collections.abc import Callable
from datetime import date

from . import customers, orders, products, stock
from .company import Company
from .values import Row

KEYS = {
    "brand_performance": "seller_id brand_id month currency",
    "product_performance": "seller_id product_id month currency",
    "customer_value": "seller_id customer_id currency",
    "reorders": "seller_id customer_id brand_id currency",
    "rep_performance": "seller_id rep_id month currency",
    "cohorts": "seller_id currency cohort_month month_number",
    "sample_conversion": "seller_id customer_id product_id",
    "same_door_growth": "seller_id level brand_id currency comparison",
    "order_lifecycle": "order_number",
    "fill_rate": "order_number",
    "credits_and_returns": "credit_id",
    "sell_through": "seller_id product_id",
    "stock_outs": "product_id from_day",
    "retail_depletion": "retailer_item_id to_day",
    "fct_inventory_daily": "product_id day",
    "orders_sent": "order_id",
    "sales_rep_activity_feed": "source source_id",
    "brand_owner_brand_performance": "seller_id brand_id month currency",
    "brand_owner_inventory_overview": "product_id facility_id",
}


def expectation(company: Company, as_of: date, window: int) -> dict[str, Callable[[], list[Row]]]:
    """How each mart is calculated."""
    return {
        "brand_performance": lambda: products.brand_performance(company, as_of),
        "product_performance": lambda: products.product_performance(company, as_of),
        "customer_value": lambda: customers.customer_value(company, as_of),
        "reorders": lambda: products.reorders(company, as_of),
        "rep_performance": lambda: customers.rep_performance(company, as_of),
        "cohorts": lambda: customers.cohorts(company, as_of),
        "sample_conversion": lambda: products.sample_conversion(company, as_of),
        "same_door_growth": lambda: products.same_door_growth(company, as_of),
        "order_lifecycle": lambda: orders.order_lifecycle(company),
        "fill_rate": lambda: orders.fill_rate(company, as_of),
        "credits_and_returns": lambda: orders.credits_and_returns(company, as_of),
        "sell_through": lambda: stock.sell_through(company, as_of, window),
        "stock_outs": lambda: stock.stock_outs(company, as_of),
        "retail_depletion": lambda: stock.retail_depletion(company, as_of),
        "fct_inventory_daily": lambda: stock.fct_inventory_daily(company),
        "orders_sent": lambda: orders.orders_sent(company, as_of),
        "sales_rep_activity_feed": lambda: orders.sales_rep_activity_feed(company),
        "brand_owner_brand_performance": lambda: products.brand_owner_brand_performance(company, as_of),
        "brand_owner_inventory_overview": lambda: stock.brand_owner_inventory_overview(company),
    }
