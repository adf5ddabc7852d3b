"""The marts once more, in plain Python: Decimal and dicts, no SQL. Written from the definitions, to check the SQL.

`Rows` takes the API's own shapes: orders (with `line_items` inside, or the lines apart), customers, products, payments.
Each mart function returns a list of dicts with the mart's columns, to be compared without regard to their order.
"""

from .oracle_discounts import discount_parts
from .oracle_receivables import ar_aging, ar_aging_by_customer
from .oracle_rows import Rows
from .oracle_sales import brand_performance, sell_through

__all__ = ["Rows", "ar_aging", "ar_aging_by_customer", "brand_performance", "discount_parts", "sell_through"]
