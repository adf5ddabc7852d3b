"""The oracle's brands and products."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from .oracle_discounts import discount_parts
from .oracle_rows import BOOKED, RATIO, RECEIVABLE, Row, Rows, id_of, number, ratio, rounded


def sold(rows: Rows, statuses: set[str]) -> Iterable[tuple[Row, Row]]:
    for order in rows.orders:
        if order["status"] in statuses:
            for line in rows.lines_by_order[order["number"]]:
                yield order, line


def month_after(month: date, months: int = 1) -> date:
    index = month.year * 12 + month.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def brand_performance(rows: Rows, as_of: date) -> list[Row]:
    """One row per seller, brand, month and currency, without gaps from the brand's first month to that of as_of."""
    parts = discount_parts(rows)
    lines_of = defaultdict(list)
    first_month: dict[tuple[Any, ...], date] = {}
    for order, line in sold(rows, BOOKED):
        day = rows.day(order["created_on"])
        if day > as_of:
            continue
        brand = (rows.product_by_id.get(line["product"]) or {}).get("brand")
        month, customer = day.replace(day=1), id_of(order.get("customer"))
        facts = line | {
            "order": order["number"],
            "customer": customer,
            "day": day.day,
            "discount": parts.get(line["id"], Decimal(0)),
        }
        lines_of[order.get("seller"), brand, line["currency"], month].append(facts)
        if not line["is_sample"] and customer is not None:
            door = order.get("seller"), brand, customer
            first_month[door] = min(first_month.get(door, month), month)
    starts: dict[tuple[Any, ...], date] = {}
    for *key, month in lines_of:
        starts[tuple(key)] = min(starts.get(tuple(key), month), month)
    found = {}
    for (seller, brand, currency), month in starts.items():
        while month <= as_of:
            key = seller, brand, currency, month
            found[key] = _brand_month(lines_of[key], key, as_of, first_month)
            month = month_after(month)
    for key, row in found.items():
        _compare(found, key, row)
    _rank(found)
    return [
        {name: value for name, value in row.items() if name != "net_to_date"} | {"_company": rows.company}
        for row in found.values()
    ]


def _net(lines: list[Row]) -> Decimal:
    gross = sum((line["amount"] or 0 for line in lines), Decimal(0))
    return rounded(gross) - sum((line["discount"] for line in lines), Decimal(0))


def _brand_month(lines: list[Row], key: tuple[Any, ...], as_of: date, first_month: dict[Any, date]) -> Row:
    seller, brand, currency, month = key
    sales, samples = [x for x in lines if not x["is_sample"]], [x for x in lines if x["is_sample"]]
    gross = rounded(sum((x["amount"] or 0 for x in sales), Decimal(0)))
    on_sale = rounded(sum((x["amount"] or 0 for x in sales if x["is_on_sale"]), Decimal(0)))
    discount = sum((x["discount"] for x in sales), Decimal(0))
    doors = {x["customer"] for x in sales} - {None}
    new = {door for door in doors if first_month[seller, brand, door] == month}
    orders = len({x["order"] for x in sales})
    points = {(x["customer"], x["product"]) for x in sales if None not in (x["customer"], x["product"])}
    return {
        "seller_id": seller,
        "brand_id": brand,
        "month": month,
        "currency": currency,
        "gross_sales": gross,
        "discount": discount,
        "net_sales": gross - discount,
        "net_to_date": _net([x for x in sales if x["day"] <= as_of.day]),
        "units": rounded(sum((x["quantity"] or 0 for x in sales), Decimal(0)), RATIO),
        "cases": rounded(sum((x["cases"] or 0 for x in sales), Decimal(0)), RATIO),
        "orders": orders,
        "doors": len(doors),
        "new_doors": len(new),
        "returning_doors": len(doors) - len(new),
        "aov": ratio(gross - discount, orders),
        "sample_units": rounded(sum((x["quantity"] or 0 for x in samples), Decimal(0)), RATIO),
        "sample_doors": len({x["customer"] for x in samples} - {None}),
        "on_sale_sales": on_sale,
        "on_sale_share": ratio(on_sale, gross),
        "discount_rate": ratio(discount, gross),
        "points_of_distribution": len(points),
        "is_complete_month": month_after(month) - timedelta(days=1) <= as_of,
        "as_of": as_of,
    }


def _compare(found: dict[tuple[Any, ...], Row], key: tuple[Any, ...], row: Row) -> None:
    *brand, month = key
    for name, months in (("mom", -1), ("yoy", -12)):
        before = found.get((*brand, month_after(month, months)))
        base = None if before is None else before["net_sales" if row["is_complete_month"] else "net_to_date"]
        row[f"{name}_base"] = base
        row[f"{name}_growth"] = None if base is None else ratio(row["net_sales"] - base, base)


def _rank(found: dict[tuple[Any, ...], Row]) -> None:
    peers = defaultdict(list)
    for (seller, _, currency, month), row in found.items():
        peers[seller, currency, month].append(row["net_sales"])
    for (seller, _, currency, month), row in found.items():
        row["rank"] = 1 + sum(net > row["net_sales"] for net in peers[seller, currency, month])


def sell_through(rows: Rows, as_of: date, days: int = 90) -> list[Row]:
    """One row per product: sales of the last `days` days, as_of included, against the stock."""
    start = as_of - timedelta(days=days - 1)
    units: dict[Any, Decimal] = defaultdict(Decimal)
    buyers = defaultdict(set)
    for order, line in sold(rows, RECEIVABLE):
        if line["is_sample"] or not start <= rows.day(order.get("ship_date") or order["created_on"]) <= as_of:
            continue
        units[line["product"]] += line["quantity"] or 0
        buyers[line["product"]] |= {id_of(order.get("customer"))} - {None}
    closes = defaultdict(list)
    for product_id, day, quantity, is_managed in rows.inventory:
        if day <= as_of:
            closes[product_id].append((day, quantity, is_managed))
    return [
        _product_row(
            rows, product, start, as_of, days, units[product["id"]], buyers[product["id"]], closes[product["id"]]
        )
        for product in rows.products
    ]


def _product_row(
    rows: Rows,
    product: Row,
    start: date,
    as_of: date,
    days: int,
    units: Decimal,
    buyers: set[int],
    closes: list[tuple[date, Decimal | None, bool]],
) -> Row:
    if closes:
        day, quantity, is_managed = max(closes, key=lambda close: close[0])
    else:
        day, quantity = None, number(product.get("quantity"))
        is_managed = str(product.get("inventory_management")) == "1"
    on_hand = rounded(quantity, RATIO) if is_managed and quantity is not None else None
    observed = [close for close in closes if close[0] >= start and close[2]]
    sold_units = rounded(units, RATIO)
    return {
        "_company": rows.company,
        "seller_id": product.get("seller"),
        "product_id": product["id"],
        "product_name": product.get("display_name") or product.get("name"),
        "brand_id": product.get("brand"),
        "window_start": start,
        "window_end": as_of,
        "window_days": days,
        "units_sold": sold_units,
        "on_hand": on_hand,
        "inventory_basis": None if on_hand is None else "daily" if closes else "current",
        "inventory_date": None if on_hand is None else day,
        "sell_through": None if on_hand is None else ratio(sold_units, sold_units + on_hand),
        "weeks_of_supply": None if on_hand is None else ratio(on_hand * days, sold_units * 7),
        "days_in_stock": sum(1 for close in observed if close[1] is not None and close[1] > 0) if observed else None,
        "days_observed": len(observed) if observed else None,
        "doors": len(buyers),
        "velocity": ratio(sold_units * 7, len(buyers) * days),
    }
