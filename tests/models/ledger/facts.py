"""The oracle's facts: orders, lines, payments, events, and what LeafLink leaves open."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
ZERO, CENT, SIX, FOUR = Decimal(0), Decimal("0.01"), Decimal("0.000001"), Decimal("0.0001")
RECEIVABLE, COMMITTED = {"Shipped", "Complete"}, {"Accepted", "Backorder", "Fulfilled"}
AT_ONCE = {"cod", "cashondelivery", "paymentondelivery", "prepay", "prepaid", "prepayment"}
STATUS_OF_EVENT = {
    "submitted": "Submitted",
    "accepted": "Accepted",
    "backordered": "Backorder",
    "fulfilled": "Fulfilled",
    "shipped": "Shipped",
    "completed": "Complete",
    "rejected": "Rejected",
    "cancelled": "Cancelled",
    "combined": "Combined",
    "unaccepted": "Submitted",
}


def number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def amount_of(money: Any) -> Decimal | None:
    return number(money["amount"]) if money else None


def currency_of(money: Any) -> str | None:
    return (money or {}).get("currency") or None


def id_of(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


def rounded(value: Decimal | None, unit: Decimal = CENT) -> Decimal | None:
    return None if value is None else value.quantize(unit, ROUND_HALF_UP, Context(prec=80))


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP, Context(prec=80))


def quotient(numerator: Decimal, denominator: Decimal | int, unit: Decimal) -> Decimal:
    with localcontext(Context(prec=80)):
        return (numerator / denominator).quantize(unit, ROUND_HALF_UP)


def ratio(numerator: Decimal | int | None, denominator: Decimal | int | None) -> Decimal | None:
    if numerator is None or not denominator:
        return None
    return quotient(Decimal(numerator), denominator, FOUR)


def listed(values: Iterable[str | None]) -> str | None:
    return "; ".join(sorted({value for value in values if value})) or None


def total(values: Iterable[Decimal | None]) -> Decimal:
    return sum((value for value in values if value is not None), ZERO)


def days_from(start: date | None, end: date | None) -> int | None:
    return None if start is None or end is None else (end - start).days


def instant(text: str | None) -> datetime | None:
    if not text:
        return None
    return datetime.fromisoformat(text + "T12:00:00+00:00" if len(text) == 10 else text).astimezone(UTC)


def read_term(order: Row) -> int | None:
    term = (order.get("selected_payment_option") or {}).get("payment_term") or {}
    if term.get("days") is not None and 0 <= term["days"] <= 9999:  # else it is no term
        return int(term["days"])
    for text in (term.get("code"), term.get("term"), order.get("payment_term")):
        plain = re.sub(r"[ .\-_]", "", (text or "").lower())
        net = re.fullmatch(r"net(\d{1,4})(days?)?", plain)
        if net or plain in AT_ONCE:
            return int(net[1]) if net else 0
    return None


@dataclass
class Source:
    """What LeafLink holds for one company: rows in the API's shapes by resource, and the date to calculate for."""

    rows: dict[str, list[Row]]
    as_of: date
    timezone: str = "UTC"
    company: str = "default"
    run_id: str = "run"
    last_day: date | None = None
    memo: dict[Any, Any] = field(default_factory=dict)

    def of(self, resource: str) -> list[Row]:
        return self.rows.get(resource, [])

    def day(self, text: str | None) -> date | None:
        at = instant(text)
        return None if at is None else at.astimezone(ZoneInfo(self.timezone)).date()

    @cached_property
    def by_id(self) -> dict[str, dict[Any, Row]]:
        return {name: {row.get("id"): row for row in rows} for name, rows in self.rows.items()}

    def one(self, resource: str, key: Any) -> Row:
        return self.by_id.get(resource, {}).get(id_of(key), {})

    def name(self, resource: str, key: Any, column: str = "name") -> str | None:
        return self.one(resource, key).get(column) or None

    @cached_property
    def words(self) -> dict[tuple[str, Any], str]:
        """What orders call customers and reps: the largest of their words."""
        found: dict[tuple[str, Any], str] = {}
        for order in self.of("orders_received"):
            customer = order.get("customer") or {}
            pairs = [("customer", customer.get("id"), customer.get("display_name"))]
            pairs += [("rep", rep.get("id"), rep.get("user")) for rep in order.get("sales_reps") or []]
            for kind, key, word in pairs:
                if word:
                    found[kind, key] = max(word, found.get((kind, key), ""))
        return found

    def customer_name(self, customer_id: int | None) -> str | None:
        record = self.one("customers", customer_id)
        return record.get("nickname") or record.get("name") or self.words.get(("customer", customer_id))

    def rep_name(self, rep_id: int | None) -> str | None:
        return self.name("company_staff", rep_id, "display_name") or self.words.get(("rep", rep_id))

    def customer(self, order: Row) -> Row:
        customer = order.get("customer") or {}
        record = self.one("customers", customer.get("id")) if customer else {}
        name = record.get("nickname") or record.get("name") or customer.get("display_name") or None
        return {"customer_id": customer.get("id"), "customer_name": name}

    def product(self, product_id: int | None) -> Row:
        record = self.one("products", product_id) if product_id is not None else {}
        return {
            "product_id": product_id,
            "product_name": record.get("display_name") or record.get("name") or None,
            "sku": record.get("sku") or None,
            "brand_id": record.get("brand"),
            "brand_name": self.name("brands", record.get("brand")),
            "product_line": self.name("product_lines", record.get("product_line")),
            "category": self.name("product_categories", record.get("category")),
        }

    @cached_property
    def order_of(self) -> dict[str, Row]:
        return {order["number"]: order for order in self.of("orders_received")}

    @cached_property
    def payments_of(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for payment in self.of("order_payments"):
            found[payment["order"]].append(payment)
        return found

    @cached_property
    def lines_of(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for line in self.of("line_items"):
            found[line["order"]].append(line)
        return found


class Line:
    """A line as ordered: its price, currency, and its amount under either basis of prices."""

    def __init__(self, source: Source, order: Row, raw: Row) -> None:
        self.raw, self.id = raw, raw["id"]
        sale, ordered = raw.get("sale_price"), raw.get("ordered_unit_price")
        self.is_on_sale = (amount_of(sale) or 0) > 0
        price = sale if self.is_on_sale else ordered
        self.price, self.currency = amount_of(price), currency_of(price) or currency_of(order.get("total"))
        self.units, self.multiplier = number(raw.get("quantity")), int(raw.get("unit_multiplier") or 1)
        self.is_sample = bool(raw.get("is_sample"))
        self.is_own = self.currency == currency_of(order.get("total"))
        product = source.one("products", raw.get("product")).get("wholesale_price")
        self.list_price, self.list_basis = number(raw.get("wholesale_price")), "line"
        if self.list_price is None or self.list_price <= 0:
            self.list_price, self.list_basis = amount_of(product), "product"
            if self.list_price is None or self.list_price <= 0 or currency_of(product) != self.currency:
                self.list_price, self.list_basis = None, "none"

    def amount(self, basis: str, price: Decimal | None) -> Decimal | None:
        if price is None or self.units is None:
            return None
        return quotient(price * self.units, self.multiplier if basis == "selling_unit" else 1, SIX)

    def line_amount(self, basis: str) -> Decimal | None:
        return self.amount(basis, self.price)

    def list_amount(self, basis: str) -> Decimal | None:
        listed_amount = self.amount(basis, self.list_price)
        return self.line_amount(basis) if listed_amount is None else listed_amount


def lines(source: Source, order: Row) -> list[Line]:
    return [Line(source, order, raw) for raw in source.lines_of[order["number"]]]


def tax(order: Row) -> Decimal:
    final = number(order.get("final_tax"))
    if final is None and order.get("tax_type") == "$":
        final = number(order.get("tax_amount"))
    return final or ZERO


def discount(order: Row, own: Decimal, percent_basis: str) -> Decimal:
    """The order's discount in cents; `own` is the unrounded sum of its non-sample lines."""
    value, kind = number(order.get("discount")), order.get("discount_type")
    if not value or own <= 0:
        return ZERO
    if kind == "$":
        return cents(min(value, own))
    return quotient(own * value, 100 if percent_basis == "percent" else 1, CENT) if kind == "%" else ZERO


def taken(source: Source, order: Row, price_basis: str, netted: bool) -> tuple[Decimal, Decimal]:
    """What the order's total lacks of its lines, charges and credits, in cents; and the sum that a percentage is of."""
    every = lines(source, order)
    own = total(line.line_amount(price_basis) for line in every if not line.is_sample and line.is_own)
    charges = cents(tax(order)) + cents(amount_of(order.get("shipping_charge")) or ZERO)
    credit = cents(number(order.get("credits")) or ZERO) if netted else ZERO
    lacks = cents(total(line.line_amount(price_basis) for line in every)) + charges - credit
    return lacks - cents(amount_of(order.get("total")) or ZERO), own


def semantics(source: Source) -> Row:
    if "semantics" not in source.memo:
        source.memo["semantics"] = _semantics(source)
    return source.memo["semantics"]


def _semantics(source: Source) -> Row:
    with_credits = netted = not_netted = 0
    for order in source.of("orders_received"):
        credit, balance = number(order.get("credits")), number(order.get("payment_balance"))
        whole = amount_of(order.get("total"))
        if credit and whole is not None and balance is not None:
            paid = total(paid_amount(payment) for payment in source.payments_of[order["number"]])
            with_credits += 1
            netted += cents(whole - paid - balance) == 0
            not_netted += cents(whole - credit - paid - balance) == 0
    row: Row = {"credits_basis": "netted" if netted > not_netted else "not_netted"}
    row |= {"orders_with_credits": with_credits, "netted": netted, "not_netted": not_netted}
    is_netted = row["credits_basis"] == "netted"
    with_multiplier, hits = 0, {"selling_unit": 0, "base_unit": 0}
    percents = {"selling_unit": [0, 0, 0], "base_unit": [0, 0, 0]}
    for order in source.of("orders_received"):
        every = lines(source, order)
        if amount_of(order.get("total")) is None or not every:
            continue
        if order.get("discount_type") == "%" and number(order.get("discount")):
            for basis, count in percents.items():
                lacks, own = taken(source, order, basis, is_netted)
                rate = number(order["discount"]) or ZERO
                count[0] += 1
                if all(line.is_sample for line in every):
                    continue
                count[1] += abs(lacks - cents(max(own, ZERO) * rate / 100)) <= CENT
                count[2] += abs(lacks - cents(max(own, ZERO) * rate)) <= CENT
    source.memo["percents"] = percents
    for order in source.of("orders_received"):
        every = lines(source, order)
        priced = all(line.price is not None and line.units is not None for line in every)
        if amount_of(order.get("total")) is None or not priced or not any(line.multiplier > 1 for line in every):
            continue
        with_multiplier += 1
        for basis, count in percents.items():
            percent_basis = "fraction" if count[2] > count[1] else "percent"
            lacks, own = taken(source, order, basis, is_netted)
            hits[basis] += abs(lacks - discount(order, own, percent_basis)) <= CENT
    price_basis = "base_unit" if hits["base_unit"] > hits["selling_unit"] else "selling_unit"
    seen, as_percent, as_fraction = percents[price_basis]
    return (
        {"_company": source.company}
        | row
        | {
            "percent_basis": "fraction" if as_fraction > as_percent else "percent",
            "orders_with_percent": seen,
            "percents": as_percent,
            "fractions": as_fraction,
            "price_basis": price_basis,
            "orders_with_multiplier": with_multiplier,
            "selling_units": hits["selling_unit"],
            "base_units": hits["base_unit"],
        }
    )


def spread(amount: Decimal, parts: dict[int, Decimal]) -> dict[int, Decimal]:
    """Whole cents in proportion to the parts, largest remainder first, then the smaller id."""
    whole = total(parts.values())
    if not amount or whole <= 0:
        return {}
    shares = {key: divmod(int(amount / CENT) * int(part / SIX), int(whole / SIX)) for key, part in parts.items()}
    left = int(amount / CENT) - sum(quotient for quotient, _ in shares.values())
    first = sorted(shares, key=lambda key: (-shares[key][1], key))[:left]
    return {key: (share + (key in first)) * CENT for key, (share, _) in shares.items()}


def fct_orders(source: Source) -> list[Row]:
    if "orders" not in source.memo:
        source.memo["orders"] = [_order(source, order) for order in source.of("orders_received")]
    return source.memo["orders"]


def counted(source: Source, order: Row, payment: Row) -> bool:
    return currency_of(payment.get("total")) in (None, currency_of(order.get("total")))


def paid_amount(payment: Row) -> Decimal | None:
    """What a payment counts, in cents."""
    return rounded(amount_of(payment.get("total")))


def paid_on(source: Source, payment: Row) -> date | None:
    return source.day(payment.get("payment_date") or payment.get("created_on"))


def _dates(source: Source, order: Row) -> Row:
    order_date = source.day(order["created_on"])
    invoice_date = source.day(order.get("ship_date")) or order_date
    due, days, basis = source.day(order.get("payment_due_date")), read_term(order), "payment_due_date"
    if due is None:
        basis = "none" if days is None else "terms"
        due = invoice_date + timedelta(days=days) if days is not None and invoice_date else None
    if order["status"] not in RECEIVABLE | COMMITTED:
        due = days = basis = None  # type: ignore[assignment]
    return {
        "order_date": order_date,
        "invoice_date": invoice_date,
        "due_date": due,
        "term_days": days,
        "due_basis": basis,
        "days_ago": days_from(order_date, source.as_of),
    }


def _order(source: Source, order: Row) -> Row:
    basis, as_of, status = semantics(source), source.as_of, order["status"]
    every, dates, price = lines(source, order), _dates(source, order), basis["price_basis"]
    own = [line for line in every if line.is_own and not line.is_sample]
    gross = total(line.line_amount(price) for line in own)
    gross_sales, list_sales = cents(gross), cents(total(line.list_amount(price) for line in own))
    off = discount(order, gross, basis["percent_basis"])
    is_booked, is_receivable = status in RECEIVABLE | COMMITTED, status in RECEIVABLE
    is_billed = is_receivable and dates["invoice_date"] <= as_of
    is_counted = is_billed or (status in COMMITTED and dates["order_date"] <= as_of)
    whole, credit = amount_of(order.get("total")), number(order.get("credits")) or ZERO
    netted = basis["credits_basis"] == "netted"
    payments = source.payments_of[order["number"]]
    in_time = [
        payment
        for payment in payments
        if counted(source, order, payment) and (day := paid_on(source, payment)) is not None and day <= as_of
    ]
    paid = total(paid_amount(payment) for payment in in_time)
    last = max((paid_on(source, payment) for payment in in_time), default=None)  # type: ignore[type-var]
    billed = cents((whole or ZERO) - (ZERO if netted else credit))
    ticked_on = order.get("paid_date")  # a date already, in no zone
    tick = date.fromisoformat(ticked_on) if ticked_on else source.day(order.get("modified"))
    is_ticked = bool(order.get("paid")) and not payments and tick is not None and tick <= as_of
    implied = billed if is_ticked else ZERO
    shipping, reps = amount_of(order.get("shipping_charge")) or ZERO, order.get("sales_reps") or []
    everything = cents(total(line.line_amount(price) for line in every if line.is_own))
    gap = None
    if whole is not None:
        gap = cents(whole - (everything - off + tax(order) + shipping - (credit if netted else ZERO)))
    record = source.one("customers", (order.get("customer") or {}).get("id"))
    option = (order.get("selected_payment_option") or {}).get("payment_term") or {}
    return {
        "_company": source.company,
        "order_number": order["number"],
        "short_id": order.get("short_id"),
        "status": status,
        "seller_id": order.get("seller"),
        "seller_name": source.name("companies", order.get("seller")),
        **source.customer(order),
        "customer_state": record.get("state") or None,
        **dates,
        "currency": currency_of(order.get("total")),
        "is_sale": is_booked and dates["order_date"] <= as_of and any(not line.is_sample for line in every),
        "is_billed": is_billed,
        "seller_number": order.get("external_id_seller") or order.get("order_seller_number") or order.get("short_id"),
        "buyer_id": order.get("buyer"),
        "classification": order.get("classification") or None,
        "is_booked": is_booked,
        "is_receivable": is_receivable,
        "is_committed": status in COMMITTED,
        "is_combination": bool(order.get("is_combination")),
        "is_manual": bool(order.get("manual")),
        "created_at": instant(order["created_on"]),
        "modified_at": instant(order.get("modified")),
        "ship_date": source.day(order.get("ship_date")),
        "terms": option.get("term") or order.get("payment_term") or None,
        "reps": listed(source.rep_name(rep["id"]) for rep in reps if rep.get("id") is not None),
        "rep_count": len({rep["id"] for rep in reps} - {None}),
        "lines": len(own),
        "sample_lines": sum(line.is_own and line.is_sample for line in every),
        "units": rounded(total(line.units for line in own), FOUR),
        "cases": total(quotient(line.units, line.multiplier, FOUR) for line in own if line.units),
        "list_sales": list_sales,
        "gross_sales": gross_sales,
        "on_sale_sales": cents(total(line.line_amount(price) for line in own if line.is_on_sale)),
        "discount_type": order.get("discount_type") or None,
        "discount_value": rounded(number(order.get("discount")), FOUR),
        "discount": off,
        "net_sales": gross_sales - off,
        "discount_rate": ratio(off, gross_sales),
        "realization": ratio(gross_sales - off, list_sales),
        "sample_amount": cents(total(line.line_amount(price) for line in every if line.is_own and line.is_sample)),
        "tax": cents(tax(order)),
        "shipping": cents(shipping),
        "total": rounded(whole),
        "total_gap": gap,
        "credits": cents(credit),
        "paid": paid,
        "last_payment_date": last,
        "reported_balance": rounded(number(order.get("payment_balance"))),
        "is_llf_financed": bool(order.get("llf_payment_method")),
        "billed": billed if is_counted else None,
        "implied_paid": implied if is_counted else None,
        "open_balance": billed - paid - implied if is_counted else None,
        "settled_date": (tick if is_ticked else last) if is_counted else None,
        "as_of": as_of,
    }


def fct_order_lines(source: Source) -> list[Row]:
    price, found = semantics(source)["price_basis"], []
    for row in fct_orders(source):
        order = source.order_of[row["order_number"]]
        every = lines(source, order)
        amounts = {line.id: line.line_amount(price) for line in every if line.is_own and not line.is_sample}
        parts = spread(row["discount"], {key: amount for key, amount in amounts.items() if amount is not None})
        columns = "_company order_number short_id status seller_id customer_id customer_name customer_state order_date "
        columns += "invoice_date days_ago is_booked as_of"
        for line in every:
            amount, part = line.line_amount(price), parts.get(line.id, ZERO)
            found.append(
                {name: row[name] for name in columns.split()}
                | source.product(id_of(line.raw.get("product")))
                | {
                    "line_id": line.id,
                    "currency": line.currency,
                    "units": rounded(line.units, FOUR),
                    "unit_multiplier": line.multiplier,
                    "cases": quotient(line.units, line.multiplier, FOUR) if line.units is not None else None,
                    "case_price": rounded(line.price, SIX),
                    "list_case_price": rounded(line.list_price, SIX),
                    "list_basis": line.list_basis,
                    "line_amount": amount,
                    "list_amount": line.list_amount(price),
                    "discount": part,
                    "net_amount": None if amount is None else amount - part,
                    "is_sample": line.is_sample,
                    "is_on_sale": line.is_on_sale,
                    "is_sale": row["is_booked"] and row["order_date"] <= source.as_of and not line.is_sample,
                    "is_shipped_sale": row["is_billed"] and not line.is_sample,
                }
            )
    return found


def fct_payments(source: Source) -> list[Row]:
    by_number, found = {row["order_number"]: row for row in fct_orders(source)}, []
    names = ["short_id", "status", "seller_id", "customer_id", "customer_name", "invoice_date", "due_date"]
    for payment in source.of("order_payments"):
        row = by_number.get(payment["order"])
        order = source.order_of.get(payment["order"], {})
        day, recorded, amount = paid_on(source, payment), source.day(payment.get("created_on")), payment.get("total")
        receivable = row is not None and row["is_receivable"]
        in_time = day is not None and day <= source.as_of
        shared = {name: row[name] if row else None for name in names}
        found.append(
            {"_company": source.company, "order_number": payment["order"], "as_of": source.as_of}
            | shared
            | {
                "payment_id": payment["id"],
                "currency": currency_of(amount) or currency_of(order.get("total")),
                "amount": paid_amount(payment),
                "payment_type": payment.get("payment_type") or None,
                "reason": payment.get("reason") or None,
                "payment_date": day,
                "recorded_date": recorded,
                "days_to_record": days_from(day, recorded),
                "days_ago": days_from(day, source.as_of),
                "is_reversal": (paid_amount(payment) or ZERO) < 0,
                "is_counted": bool(row and row["is_billed"] and counted(source, order, payment) and in_time),
                "days_to_pay": days_from(shared["invoice_date"], day) if receivable else None,
                "days_beyond_terms": days_from(shared["due_date"], day) if receivable else None,
                "recorded_by": payment.get("recorded_by"),
                "recorder_name": payment.get("recorder_name")
                or source.name("company_staff", payment.get("recorded_by"), "display_name"),
            }
        )
    return found


def fct_order_events(source: Source) -> list[Row]:
    by_order: dict[Any, list[tuple[Any, Any, Row]]] = defaultdict(list)
    for event in source.of("order_event_logs"):
        at = instant(event.get("timestamp") or event.get("created_on"))
        by_order[event.get("order")].append((at, event["id"], event))
    found = []
    for number_, events in by_order.items():
        order, previous = source.order_of.get(number_, {}), None
        for place, (at, key, event) in enumerate(sorted(events, key=lambda each: each[:2]), start=1):
            hours = ratio(int((at - previous).total_seconds()), 3600) if previous else None
            previous = at
            found.append(
                {"_company": source.company, "event_id": key, "order_number": number_, **source.customer(order)}
                | {
                    "short_id": order.get("short_id"),
                    "seller_id": order.get("seller"),
                    "event_type": event.get("event_type") or None,
                    "status_after": STATUS_OF_EVENT.get(event.get("event_type") or ""),
                    "event_at": at,
                    "event_date": source.day(at.isoformat()),
                    "place": place,
                    "hours_since_previous": hours,
                    "author": event.get("author_name") or None,
                    "username": event.get("by") or None,
                    "source": event.get("source") or None,
                }
            )
    return found
