"""The figures of the report: what each asks of the marts, and what its columns are.

Each is one SELECT on the views of `main`, shown beside its rows. Its definitions are the comments of the mart's
columns. `seller`, `currency` and `brand` are what the page picks by.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "long", "money", "number", "share", "date", "days", "flag"]


@dataclass(frozen=True)
class Column:
    """A column of a figure: its name in the query, what the page calls it, what it is, and whether it is hidden."""

    name: str
    label: str
    kind: Kind = "text"
    is_hidden: bool = False


@dataclass(frozen=True)
class Figure:
    """A figure: the mart that it shows, the query, its columns, and whether it is a table that people read.

    A figure without a title is there for the numbers at the top, or for a chart.
    """

    name: str
    mart: str
    sql: str
    columns: tuple[Column, ...]
    title: str = ""


_SELLER = Column("seller", "Seller", is_hidden=True)
_CURRENCY = Column("currency", "Currency", is_hidden=True)
_BUCKETS = ("current", "days_1_30", "days_31_60", "days_61_90", "days_91_120", "days_over_120", "no_due_date")
_AGES = ("Not due", "1-30 days", "31-60", "61-90", "91-120", "Over 120", "No due date")

FIGURES = (
    Figure(
        "receivables", "ar_summary",
        """select seller_name as seller, currency, open_net, past_due, over_60, over_90, unapplied_credit,
    committed_exposure, customers, open_orders, dso, current, days_1_30, days_31_60, days_61_90, days_91_120,
    days_over_120, no_due_date
from ar_summary
order by all""",
        (
            Column("seller", "Seller"), Column("currency", "Currency"), Column("open_net", "Open", "money"),
            Column("past_due", "Past due", "money"), Column("over_60", "Over 60 days", "money"),
            Column("over_90", "Over 90 days", "money"), Column("unapplied_credit", "Unapplied credit", "money"),
            Column("committed_exposure", "Committed", "money"), Column("customers", "Customers", "number"),
            Column("open_orders", "Open orders", "number"), Column("dso", "Days of sales outstanding", "days"),
            *(Column(name, label, "money", is_hidden=True) for name, label in zip(_BUCKETS, _AGES, strict=True)),
        ),
        "Receivables by seller and currency",
    ),
    Figure(
        "collections", "collections",
        """select dim_companies.company_name as seller, currency, place, customer_name, customer_state, past_due, owed,
    worst_days, worst_short_id, over_60, orders_past_due, contact_name, coalesce(contact_phone, phone) as phone,
    contact_email, order_reps, next_contact_date, average_days_to_pay, order_list
from collections
left join dim_companies on dim_companies._company = collections._company and company_id = seller_id
order by currency, place, past_due desc, seller""",
        (
            _SELLER, _CURRENCY, Column("place", "Call", "number"), Column("customer_name", "Customer"),
            Column("past_due", "Past due", "money"), Column("worst_days", "Days late", "number"),
            Column("contact_name", "Contact"), Column("phone", "Phone"), Column("order_reps", "Reps"),
            Column("next_contact_date", "Promised call", "date"), Column("owed", "Owed", "money"),
            Column("over_60", "Over 60 days", "money"), Column("orders_past_due", "Orders late", "number"),
            Column("worst_short_id", "Worst order"), Column("customer_state", "State"),
            Column("contact_email", "E-mail"), Column("average_days_to_pay", "Pays after", "days"),
            Column("order_list", "Open orders", "long"),
        ),
        "Whom to call, in this order",
    ),
    Figure(
        "closes", "ar_daily",
        """select company_name as seller, currency, day, open_net, past_due
from ar_daily
left join dim_companies on dim_companies._company = ar_daily._company and company_id = seller_id
where day >= (select max(day) from ar_daily) - interval 400 days
order by all""",
        (_SELLER, _CURRENCY, Column("day", "Day", "date"), Column("open_net", "Open", "money"),
         Column("past_due", "Past due", "money")),
    ),
    Figure(
        "cash", "expected_cash",
        """select company_name as seller, currency, week, week_start, week_end, due, expected, low_total, high_total
from expected_cash
left join dim_companies on dim_companies._company = expected_cash._company and company_id = seller_id
where origin = as_of and week > 0
order by all""",
        (
            _SELLER, _CURRENCY, Column("week", "Week", "number"), Column("week_start", "From", "date"),
            Column("week_end", "To", "date"), Column("due", "Due", "money"),
            Column("expected", "Expected by habit", "money"), Column("low_total", "At least, summed up", "money"),
            Column("high_total", "At most, summed up", "money"),
        ),
        "Cash by week, as customers are used to pay",
    ),
    Figure(
        "brands", "brand_performance",
        """select seller_name as seller, currency, brand_name as brand, month, net_sales, mom_base, mom_growth,
    yoy_base, yoy_growth, doors, new_doors, units, discount_rate
from brand_performance
where is_complete_month
qualify month = max(month) over ()
order by seller, currency, net_sales desc""",
        (
            _SELLER, _CURRENCY, Column("brand", "Brand"), Column("month", "Month", "date"),
            Column("net_sales", "Net sales", "money"), Column("mom_base", "Month before", "money"),
            Column("mom_growth", "Change", "share"), Column("yoy_base", "Year before", "money"),
            Column("yoy_growth", "Change on year", "share"), Column("doors", "Doors", "number"),
            Column("new_doors", "New doors", "number"), Column("units", "Units", "number"),
            Column("discount_rate", "Discount", "share"),
        ),
        "Brands, the last complete month",
    ),
    Figure(
        "months", "brand_performance",
        """select seller_name as seller, currency, brand_name as brand, month, net_sales
from brand_performance
where is_complete_month and month >= (select max(month) from brand_performance) - interval 13 months
order by all""",
        (_SELLER, _CURRENCY, Column("brand", "Brand"), Column("month", "Month", "date"),
         Column("net_sales", "Net sales", "money")),
    ),
    Figure(
        "products", "product_performance",
        """select company_name as seller, currency, brand_name as brand, product_name, category, month, net_sales,
    units, doors, realization
from product_performance
left join dim_companies on dim_companies._company = product_performance._company and company_id = seller_id
where is_complete_month
qualify month = max(month) over () and row_number() over (partition by seller, currency order by net_sales desc) <= 300
order by seller, currency, net_sales desc""",
        (
            _SELLER, _CURRENCY, Column("brand", "Brand"), Column("product_name", "Product"),
            Column("category", "Category"), Column("month", "Month", "date", is_hidden=True),
            Column("net_sales", "Net sales", "money"), Column("units", "Units", "number"),
            Column("doors", "Doors", "number"), Column("realization", "Of list price", "share"),
        ),
        "Products, the last complete month",
    ),
    Figure(
        "stock", "sell_through",
        """select company_name as seller, brand_name as brand, product_name, sku, units_sold, available, sell_through,
    weeks_of_supply, days_of_stock, doors,
    case when units_sold > 0 and available <= 0 then 'sold out'
        when units_sold > 0 and days_of_stock < 14 then 'runs out'
        when units_sold = 0 and available > 0 then 'sits' else 'sells' end as state
from sell_through
left join dim_companies on dim_companies._company = sell_through._company and company_id = seller_id
where units_sold > 0 or available > 0
order by days_of_stock nulls last, units_sold desc""",
        (
            _SELLER, Column("state", "State"), Column("product_name", "Product"), Column("brand", "Brand"),
            Column("sku", "SKU"), Column("units_sold", "Units sold", "number"),
            Column("available", "Available", "number"), Column("sell_through", "Sell-through", "share"),
            Column("weeks_of_supply", "Weeks of supply", "days"), Column("days_of_stock", "Days of stock", "days"),
            Column("doors", "Doors", "number"),
        ),
        "What sells, what sits, what runs out",
    ),
    Figure(
        "reorders", "reorders",
        """select company_name as seller, currency, brand_name as brand, customer_name, customer_state, last_order_date,
    next_order_date, days_until_next, median_gap_days, net_sales_12m,
    case when band <> 'active' then 'lapsed' when days_until_next < 0 then 'overdue' else 'due' end as state
from reorders
left join dim_companies on dim_companies._company = reorders._company and company_id = seller_id
where band <> 'active' or days_until_next <= 14
order by net_sales_12m desc
limit 2000""",
        (
            _SELLER, _CURRENCY, Column("state", "State"), Column("customer_name", "Customer"),
            Column("customer_state", "Of"), Column("brand", "Brand"), Column("last_order_date", "Last order", "date"),
            Column("next_order_date", "Next expected", "date"), Column("days_until_next", "In days", "number"),
            Column("median_gap_days", "Orders every", "days"), Column("net_sales_12m", "Net sales, 12 months", "money"),
        ),
        "Who should reorder, who lapsed",
    ),
    Figure(
        "changes", "changes",
        """select company_name as seller, currency, headline, item, before, after, change
from changes
left join dim_companies on dim_companies._company = changes._company and company_id = seller_id
where run_id = (select max(run_id) from changes) and change <> 0
order by item <> 'total', abs(change) desc
limit 500""",
        (
            _SELLER, _CURRENCY, Column("headline", "Figure"), Column("item", "Of"), Column("before", "Before", "money"),
            Column("after", "Now", "money"), Column("change", "Change", "money"),
        ),
        "What the last load changed",
    ),
)  # fmt: skip
