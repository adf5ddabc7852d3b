"""The oracle's marts of what was sold: brands, products, customers by brand, samples and doors."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from .company import Company, only, without
from .facts import (
    Line,
    cases,
    days_between,
    discount,
    doors,
    gross,
    grouped,
    is_recent,
    lines_of,
    month_end,
    month_of,
    net,
    net_alone,
    orders_of,
    rank,
    rhythm,
    units,
)
from .values import Row, ratio, rounded


def brand_performance(company: Company, as_of: date) -> list[Row]:
    """A brand by month, without gaps from its first month to that of `as_of`."""
    every = [line for line in lines_of(orders_of(company, as_of)) if line.is_sale or line.is_given]
    first = _first_months([line for line in every if line.is_sale], lambda line: line.brand_id)
    rows: dict[tuple[Any, ...], Row] = {}
    to_date: dict[tuple[Any, ...], Decimal] = {}
    brands = grouped(every, lambda line: (line.order.seller_id, line.brand_id, line.currency))
    for (seller, brand, currency), lines in brands.items():
        month = month_of(min(line.order.order_date for line in lines))
        while month <= as_of:
            now = [line for line in lines if month_of(line.order.order_date) == month]
            sales = [line for line in now if line.is_sale]
            key = seller, brand, currency, month
            new = {door for door in doors(sales) if first[seller, brand, door] == month}
            rows[key] = (
                {"_company": company.company, "seller_id": seller, "month": month, "currency": currency}
                | {"seller_name": company.name("companies", seller), "as_of": as_of}
                | company.brand(brand)
                | _brand_month(sales, [line for line in now if line.is_sample], len(new))
                | {"is_complete_month": month_end(month) <= as_of}
            )
            to_date[key] = net_alone(line for line in sales if line.order.order_date.day <= as_of.day)
            month = month_after(month)
    for (*brand_key, month), row in rows.items():
        for name, months in (("mom", -1), ("yoy", -12)):
            before = (*brand_key, month_after(month, months))
            known = before in rows
            base = (rows[before]["net_sales"] if row["is_complete_month"] else to_date[before]) if known else None
            growth = None if base is None else ratio(row["net_sales"] - base, base)
            row |= {f"{name}_base": base, f"{name}_growth": growth}
    for peers in grouped(rows.values(), lambda row: (row["seller_id"], row["month"], row["currency"])).values():
        for row in peers:
            row["rank"] = rank(-row["net_sales"], [-peer["net_sales"] for peer in peers])
    return list(rows.values())


def _brand_month(sales: list[Line], samples: list[Line], new_doors: int) -> Row:
    on_sale = gross(line for line in sales if line.is_on_sale)
    orders = len({line.order.number for line in sales})
    points = {(line.order.customer_id, line.product_id) for line in sales}
    return {
        "gross_sales": gross(sales),
        "discount": discount(sales),
        "net_sales": net(sales),
        "units": units(sales),
        "cases": cases(sales),
        "orders": orders,
        "doors": len(doors(sales)),
        "new_doors": new_doors,
        "returning_doors": len(doors(sales)) - new_doors,
        "aov": ratio(net(sales), orders),
        "sample_units": units(samples),
        "sample_doors": len(doors(samples)),
        "on_sale_sales": on_sale,
        "on_sale_share": ratio(on_sale, gross(sales)),
        "discount_rate": ratio(discount(sales), gross(sales)),
        "points_of_distribution": sum(None not in point for point in points),
    }


def month_after(month: date, months: int = 1) -> date:
    index = month.year * 12 + month.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def brand_owner_brand_performance(company: Company, as_of: date) -> list[Row]:
    """The brands whose owner the key sees."""
    owner_of = {brand["id"]: brand.get("company") for brand in company.brands}
    columns = [
        "_company",
        "seller_id",
        "seller_name",
        "brand_id",
        "brand_name",
        "month",
        "currency",
        "gross_sales",
        "discount",
        "net_sales",
        "units",
        "cases",
        "orders",
        "doors",
        "new_doors",
        "points_of_distribution",
        "sample_units",
        "as_of",
    ]
    seen = {each["id"] for each in company.companies}
    return [
        only(row, *columns) | {"owner_id": owner, "owner_name": company.name("companies", owner)}
        for row in brand_performance(company, as_of)
        if (owner := owner_of.get(row["brand_id"])) in seen
    ]


def product_performance(company: Company, as_of: date) -> list[Row]:
    """A product by month, list against net."""
    every = [line for line in lines_of(orders_of(company, as_of)) if line.is_sale or line.is_given]
    first = _first_months([line for line in every if line.is_sale], lambda line: line.product_id)

    def key(line: Line) -> tuple[Any, ...]:
        return line.order.seller_id, line.product_id, month_of(line.order.order_date), line.currency

    found = []
    for (seller, product, month, currency), lines in grouped(every, key).items():
        sales = [line for line in lines if line.is_sale]
        listed = rounded(sum((line.list_amount for line in sales), start=gross([])))
        new = {door for door in doors(sales) if first[seller, product, door] == month}
        found.append(
            {"_company": company.company, "seller_id": seller, "month": month, "currency": currency, "as_of": as_of}
            | without(company.product(product), "sku")
            | {
                "is_complete_month": month_end(month) <= as_of,
                "list_sales": listed,
                "gross_sales": gross(sales),
                "discount": discount(sales),
                "net_sales": net(sales),
                "realization": ratio(net(sales), listed),
                "units": units(sales),
                "cases": cases(sales),
                "case_price": ratio(net(sales), cases(sales)),
                "list_case_price": ratio(listed, cases(sales)),
                "sample_units": units(line for line in lines if line.is_sample),
                "orders": len({line.order.number for line in sales}),
                "doors": len(doors(sales)),
                "new_doors": len(new),
            }
        )
    return found


def _first_months(sales: list[Line], item: Callable[[Line], Any]) -> dict[tuple[Any, ...], date]:
    """The month of the first sale line by seller, item and customer, in any currency."""
    by_door = grouped(sales, lambda line: (line.order.seller_id, item(line), line.order.customer_id))
    return {key: month_of(min(line.order.order_date for line in lines)) for key, lines in by_door.items()}


def reorders(company: Company, as_of: date) -> list[Row]:
    """A customer and a brand that it bought."""
    sales = [line for line in lines_of(orders_of(company, as_of)) if line.is_sale]

    def key(line: Line) -> tuple[Any, ...]:
        return line.order.seller_id, line.order.customer_id, line.brand_id, line.currency

    return [
        {"_company": company.company, "seller_id": seller, "currency": currency, "as_of": as_of}
        | company.customer(customer)
        | company.brand(brand)
        | rhythm({line.order.order_date for line in lines}, as_of)
        | {
            "orders": len({line.order.number for line in lines}),
            "products": len({line.product_id for line in lines} - {None}),
            "units": units(lines),
            "net_sales": net_alone(lines),
            "net_sales_12m": net_alone(line for line in lines if is_recent(line.order.order_date, as_of, 0, 364)),
        }
        for (seller, customer, brand, currency), lines in grouped(sales, key).items()
    ]


def sample_conversion(company: Company, as_of: date) -> list[Row]:
    """A customer and a product that was sampled, and whether it was bought."""

    def key(line: Line) -> tuple[Any, ...]:
        return line.order.seller_id, line.order.customer_id, line.product_id

    every = lines_of(orders_of(company, as_of))
    bought = grouped((line for line in every if line.is_sale), key)
    found = []
    for (seller, customer, product), samples in grouped((line for line in every if line.is_given), key).items():
        if customer is None or product is None:
            continue
        sampled = min(line.order.order_date for line in samples)
        dates = [line.order.order_date for line in bought[seller, customer, product]]
        purchase = min((day for day in dates if day > sampled), default=None)
        days = None if purchase is None else days_between(sampled, purchase)
        is_mature = days_between(sampled, as_of) >= 60
        if any(day <= sampled for day in dates):
            outcome = "bought_before"
        elif days is not None and days <= 60:
            outcome = "converted"
        else:
            outcome = "not_converted" if is_mature else "open"
        found.append(
            {"_company": company.company, "seller_id": seller, "as_of": as_of}
            | only(company.customer(customer), "customer_id", "customer_name")
            | only(company.product(product), "product_id", "product_name", "brand_id", "brand_name")
            | {
                "first_sample_date": sampled,
                "sample_orders": len({line.order.number for line in samples}),
                "sample_units": units(samples),
                "first_purchase_date": purchase,
                "days_to_purchase": days,
                "is_mature": is_mature,
                "outcome": outcome,
            }
        )
    return found


def same_door_growth(company: Company, as_of: date) -> list[Row]:
    """The last 90 days against another 90, by doors that bought in both."""
    sales = [line for line in lines_of(orders_of(company, as_of)) if line.is_sale]
    sets = {
        ("seller", *key): lines
        for key, lines in grouped(sales, lambda line: (line.order.seller_id, None, line.currency)).items()
    } | {
        ("brand", *key): lines
        for key, lines in grouped(sales, lambda line: (line.order.seller_id, line.brand_id, line.currency)).items()
    }
    found = []
    for (level, seller, brand, currency), lines in sets.items():
        for comparison, start in (("previous", 90), ("year", 365)):
            now = [line for line in lines if is_recent(line.order.order_date, as_of, 0, 89)]
            then = [line for line in lines if is_recent(line.order.order_date, as_of, start, start + 89)]
            if now or then:
                found.append(
                    {"_company": company.company, "seller_id": seller, "level": level, "currency": currency}
                    | company.brand(brand)
                    | {"comparison": comparison, "as_of": as_of}
                    | _doors_in_both(now, then)
                )
    return found


def _doors_in_both(now: list[Line], then: list[Line]) -> Row:
    same, new, lost = doors(now) & doors(then), doors(now) - doors(then), doors(then) - doors(now)
    sales = net_alone(line for line in now if line.order.customer_id in same)
    base = net_alone(line for line in then if line.order.customer_id in same)
    return {
        "net_sales": net_alone(now),
        "base_sales": net_alone(then),
        "same_doors": len(same),
        "same_door_sales": sales,
        "same_door_base": base,
        "same_door_growth": ratio(sales - base, base),
        "new_doors": len(new),
        "new_door_sales": net_alone(line for line in now if line.order.customer_id in new),
        "lost_doors": len(lost),
        "lost_door_base": net_alone(line for line in then if line.order.customer_id in lost),
    }
