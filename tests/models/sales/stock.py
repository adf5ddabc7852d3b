"""The oracle's marts of stock: sell-through, empty shelves, retailers' shelves, facilities."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from .company import Close, Company, ShelfClose, only, without
from .facts import ZERO, Line, doors, grouped, is_recent, lines_of, orders_of, units
from .values import RATIO, Row, id_of, number, ratio, rounded


def fct_inventory_daily(company: Company) -> list[Row]:
    """The closes that loads recorded."""
    return [
        {
            "_company": company.company,
            "day": close.day,
            "on_hand": close.quantity,
            "reserved": close.reserved_quantity,
            "available": close.available_quantity,
            "is_managed": close.is_managed,
        }
        | only(company.product(close.product_id), *["product_id", "product_name", "brand_id", "brand_name", "category"])
        for close in company.closes
        if close.product_id in company.product_by_id  # others are of a product that is gone
    ]


def sell_through(company: Company, as_of: date, days: int) -> list[Row]:
    """A product now: stock against shipped sales of the last `days` days."""
    every = lines_of(orders_of(company, as_of))
    shipped = grouped((line for line in every if line.is_shipped_sale), lambda line: line.product_id)
    recent = [line for line in every if line.is_sale and is_recent(line.order.order_date, as_of, 0, 89)]
    ordered = grouped(recent, lambda line: line.product_id)
    closes = grouped((close for close in company.closes if close.day <= as_of), lambda close: close.product_id)
    return [
        _product_row(company, product, as_of, days, shipped[product["id"]], closes[product["id"]])
        | {"effective_doors": _effective_doors(ordered[product["id"]])}
        for product in company.products
    ]


def _product_row(
    company: Company, product: Row, as_of: date, days: int, shipped: list[Line], closes: list[Close]
) -> Row:
    inside = [line for line in shipped if is_recent(line.order.invoice_date, as_of, 0, days - 1)]
    last_30 = units(line for line in shipped if is_recent(line.order.invoice_date, as_of, 0, 29))
    stock = _stock(product, closes)
    on_hand, sold = stock["on_hand"], units(inside)
    start = as_of - timedelta(days=days - 1)
    observed = [close for close in closes if close.day >= start and close.is_managed]
    known = on_hand is not None
    return (
        company.product(product["id"])
        | stock
        | {
            "_company": company.company,
            "seller_id": product.get("seller"),
            "window_start": start,
            "window_end": as_of,
            "window_days": days,
            "units_sold": sold,
            "doors": len(doors(inside)),
            "velocity": ratio(sold * 7, len(doors(inside)) * days),
            "listing_state": product.get("listing_state") or None,
            "sell_through": ratio(sold, sold + on_hand) if known else None,
            "weeks_of_supply": ratio(on_hand * days, sold * 7) if known else None,
            "units_30": last_30,
            "days_of_stock": ratio(on_hand * 30, last_30) if known else None,
            "days_in_stock": sum(close.quantity > 0 for close in observed) if observed else None,
            "days_observed": len(observed) if observed else None,
            "as_of": as_of,
        }
    )


def _stock(product: Row, closes: list[Close]) -> Row:
    """The newest close, else today's stock; nothing unless LeafLink counts it."""
    if closes:
        newest = max(closes, key=lambda close: close.day)
        basis, day, is_managed = "daily", newest.day, newest.is_managed
        amounts: list[Decimal | None] = [newest.quantity, newest.reserved_quantity, newest.available_quantity]
    else:
        basis, day, is_managed = "current", None, str(product.get("inventory_management")) == "1"
        amounts = [number(product.get(name)) for name in ("quantity", "reserved_qty", "available_inventory")]
    if not is_managed:
        return dict.fromkeys(("on_hand", "reserved", "available", "inventory_basis", "inventory_date"))
    on_hand, reserved, available = (None if each is None else rounded(each, RATIO) for each in amounts)
    return {
        "on_hand": on_hand,
        "reserved": reserved,
        "available": available,
        "inventory_basis": None if on_hand is None else basis,
        "inventory_date": None if on_hand is None else day,
    }


def _effective_doors(lines: list[Line]) -> int:
    orders = {(line.order.customer_id, line.order.number) for line in lines if line.order.customer_id is not None}
    return sum(count >= 2 for count in Counter(customer for customer, _ in orders).values())


def stock_outs(company: Company, as_of: date) -> list[Row]:
    """A spell of a Managed product at or below zero, after a close above."""
    every = [line for line in lines_of(orders_of(company, as_of)) if line.is_shipped_sale]
    shipped = grouped(every, lambda line: line.product_id)
    live = [close for close in company.closes if close.product_id in company.product_by_id]
    managed = [close for close in live if close.is_managed and close.day <= as_of]
    found = []
    for product, closes in grouped(managed, lambda close: close.product_id).items():
        for spell, back in _spells(sorted(closes, key=lambda close: close.day)):
            start = spell[0].day
            days = ((back or as_of + timedelta(days=1)) - start).days
            before = units(line for line in shipped[product] if 1 <= (start - line.order.invoice_date).days <= 30)
            found.append(
                {"_company": company.company, "as_of": as_of}
                | only(company.product(product), *["product_id", "product_name", "brand_id", "brand_name", "category"])
                | {
                    "from_day": start,
                    "back_day": back,
                    "days": days,
                    "observed_days": len(spell),
                    "units_before": before,
                    "lost_units": rounded(before * days / 30, RATIO),
                }
            )
    return found


def _spells(closes: list[Close]) -> list[tuple[list[Close], date | None]]:
    """The closes of each spell, and the day that ended it."""
    spells: list[tuple[list[Close], date | None]] = []
    spell: list[Close] = []
    was_above = False
    for close in closes:
        if close.quantity > 0:
            if spell:
                spells.append((spell, close.day))
            spell, was_above = [], True
        elif was_above:
            spell.append(close)
    return spells + ([(spell, None)] if spell else [])


def retail_depletion(company: Company, as_of: date) -> list[Row]:
    """What left a retailer's shelf between two closes, up to `as_of`."""
    every = [line for line in lines_of(orders_of(company, as_of)) if line.is_shipped_sale]
    shipped = grouped(
        (line for line in every if line.order.buyer_id is not None),
        lambda line: (line.order.buyer_id, line.product_id),
    )
    items = {item["id"]: item for item in company.retailer_inventory}
    found = []
    recorded = [close for close in company.shelf_closes if close.day <= as_of]
    for item_id, closes in grouped(recorded, lambda close: close.retailer_item_id).items():
        item = items[item_id]
        product, basis = _match(company, item)
        for start, end in pairwise(sorted(closes, key=lambda close: close.day)):
            lines = [] if product is None else shipped[item.get("company"), product]
            delivered = units(line for line in lines if start.day < line.order.invoice_date <= end.day)
            if start.quantity != end.quantity or delivered:
                row = {
                    "_company": company.company,
                    "retailer_item_id": item_id,
                    "company_id": item.get("company"),
                    "match_basis": basis,
                }
                row |= only(company.product(product), "product_id", "product_name")
                found.append(row | _movement(start, end, None if product is None else delivered))
    return found


def _movement(start: ShelfClose, end: ShelfClose, delivered: Decimal | None) -> Row:
    gone = None if delivered is None else start.quantity + delivered - end.quantity
    return {
        "from_day": start.day,
        "to_day": end.day,
        "start_quantity": start.quantity,
        "end_quantity": end.quantity,
        "delivered": delivered,
        "depleted": None if gone is None else max(ZERO, gone),
        "unexplained_gain": None if gone is None else max(ZERO, -gone),
    }


def _match(company: Company, item: Row) -> tuple[int | None, str]:
    """The one product with the item's stock number, else the one with its brand and name."""

    def plain(text: str | None) -> str:
        return (text or "").strip().lower()

    sku, brand, name = plain(item.get("sku")), plain(item.get("brand")), plain(item.get("name"))
    products = [company.product(product["id"]) for product in company.products]
    same_sku = {each["product_id"] for each in products if sku and plain(each["sku"]) == sku}
    if len(same_sku) == 1:
        return same_sku.pop(), "sku"
    same_name = {
        each["product_id"]
        for each in products
        if name and brand and plain(each["product_name"]) == name and plain(each["brand_name"]) == brand
    }
    return (same_name.pop(), "name") if len(same_name) == 1 else (None, "none")


def brand_owner_inventory_overview(company: Company) -> list[Row]:
    """A product of an owned brand at a facility."""
    owner_of = {brand["id"]: brand.get("company") for brand in company.brands}
    seen = {each["id"] for each in company.companies}
    live = [item for item in company.inventory_items if not item.get("is_archived")]
    found = []
    for (product, facility), items in grouped(
        live, lambda item: (id_of(item.get("product")), id_of(item.get("facility")))
    ).items():
        record = company.product_by_id.get(product or 0)
        owner = owner_of.get(record.get("brand")) if record else None
        if record is None or owner not in seen:
            continue
        on_hand, reserved = _sum(items, "quantity_in_product_uom"), _sum(items, "reserved_qty_in_product_uom")
        found.append(
            {"_company": company.company, "seller_id": record.get("seller")}
            | without(company.product(product), "product_line")
            | {
                "owner_id": owner,
                "owner_name": company.name("companies", owner),
                "facility_id": facility,
                "facility_name": company.name("inventory_facilities", facility),
                "on_hand": on_hand,
                "reserved": reserved,
                "available": on_hand - reserved,
                "batches": len({id_of(item.get("batch")) for item in items} - {None}),
            }
        )
    return found


def _sum(items: list[Row], column: str) -> Decimal:
    return rounded(sum((number(item.get(column)) or ZERO for item in items), ZERO), RATIO)
