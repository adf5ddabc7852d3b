"""Small random companies: orders, payments and what surrounds them, as odd as LeafLink allows.

Each comes from one seed: it takes thousands of choices, more than a strategy of hypothesis can draw.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from .semantics import lines, tax
from .source import CENT, Row, Source, amount_of, cents, currency_of, total

STATUSES = ["Draft", "Submitted", "Rejected", "Cancelled", "Combined", "Mislaid", "Accepted", "Backorder", "Fulfilled"]
STATUSES += ["Shipped", "Complete"] * 8
REPS = [{"id": 101, "user": "Ann A."}, {"id": 102, "user": "Ben B."}, {"id": 103, "user": "Cy C."}, {"id": 104}]
EVENTS = ["created", "submitted", "accepted", "backordered", "completed", "unaccepted", "edited", None]
ZONES = ["UTC", "America/Denver", "Pacific/Auckland"]
PRICES = ["10", "8.3333", "0.0049", "123.456789", "99.995", "0", "-4"]
LISTED = [None, None, "0", "12", "0.5", "10", "98765.4321"]
DUE = [0, 1, 14, 29, 30, 31, 60, 61, 90, 91, 120, 121]
# Discounts that read as a percentage, as a fraction of it or as an amount come to different cents, or to the same ones.
UNDECIDED = [(None, None), ("0.05", "%"), ("5", "%"), ("33.3333", "%"), ("0.0001", "%"), ("1", "%"), ("0.3337", "%")]
UNDECIDED += [("999.9", "%"), ("-5", "%"), ("7.5", "$"), ("7.5049", "$"), ("1000", "$"), ("-2.5", "$"), (None, "$")]
UNDECIDED += [(None, "%")] * 3


SIZES = (0, 2, 12, 30, 30)


def random_source(seed: int, as_of: date, company: str = "default", sizes: Sequence[int] = SIZES) -> Source:
    """A company of its seed; about one in three keeps to one of the ways in which LeafLink's totals may be written.

    It has as many orders as one of the `sizes` says.
    """
    return _Maker(Random(f"{seed} {company}"), as_of, company).source(sizes)


def undecided_source(seed: int, as_of: date, company: str) -> Source:
    """A company of its seed whose few orders contradict each other about how LeafLink's totals are written."""
    return _Maker(Random(f"{seed} {company}"), as_of, company).undecided()


class _Maker:
    def __init__(self, random: Random, as_of: date, company: str) -> None:
        self.random, self.as_of, self.company, self.pick = random, as_of, company, random.choice
        self.is_honest = random.random() < 0.5
        self.netted, self.fraction = random.random() < 0.5, random.random() < 0.4
        self.is_paid = random.random() < 0.3  # most orders are, each at once
        self.customers = self.pick([[1, 1, 1, 2, 2, 3, 4, 8, None], [1, 1, 1, 2, 2, 3, 4, 8, None], [1, None]])
        self.sellers = self.pick([[1, 1, 1, 2, 3, None], [1, 1, 1, 2, 3, None], [None]])
        self.basis = self.pick(["selling_unit", "base_unit"])

    def source(self, sizes: Sequence[int]) -> Source:
        orders = [self.order(index) for index in range(self.pick(sizes))]
        rows = {
            "orders_received": orders,
            "line_items": [line for order in orders for line in order.pop("line_items")],
            "order_payments": [],
            "products": [self.product(key) for key in range(1, 5)],
            "customers": [self.customer(key) for key in range(1, 6)],
            "brands": [{"id": 10, "name": "Alpha", "company": 1}, {"id": 11, "name": "", "company": 77}],
            "companies": [{"id": 1, "name": "Grower", "state": "CO", "seller": True}, {"id": 2, "name": ""}],
            "company_staff": [
                {"id": 101, "display_name": "Ann Able", "username": "ann", "is_active": True, "company": 1},
                {"id": 102, "display_name": "", "email": "ben@example.org", "is_admin": True},
                {"id": 104, "display_name": "Ann Able", "phone": "5"},
            ],
            "contacts": [
                {"id": 60, "first_name": "Pat", "last_name": "", "role": "AP", "phone": "1", "phone_extension": "2"},
                {"id": 61, "first_name": "Lee", "last_name": "Low", "role": "Buyer", "delete": self.flag()},
                self.contact(63),
                self.contact(64) | {"delete": self.flag()},
            ],
            "credits": [self.credit(key) for key in range(self.pick([0, 6]))],
            "order_event_logs": [self.event(key) for key in range(self.pick([0, 20]))],
            "customer_tiers": self.named(41, "rank", "Gold"),
            "customer_statuses": self.named(42, "state", "Approved"),
            "license_types": self.named(43, "display_type", "Retailer"),
            "product_lines": self.named(44, "name", "Jars"),
            "product_categories": self.named(45, "name", "Flower"),
            "product_subcategories": self.named(46, "name", "Smalls"),
            "strains": [*self.named(47, "name", "Kush"), *self.named(48, "name", "Haze")],
        }
        source = Source(rows, self.as_of, self.pick(ZONES), self.company)
        if self.is_honest:
            self.write_totals(source)
        rows["order_payments"] = [payment for order in orders for payment in self.payments(order)]
        for key, payment in enumerate(rows["order_payments"], start=1):
            payment["id"] = key
        if self.is_honest:
            self.write_balances(rows)
        return Source(rows, self.as_of, source.timezone, self.company)

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def instant(self, day: date) -> str:
        hours = timedelta(hours=self.random.randrange(24), minutes=self.pick([0, 30]))
        return (datetime(day.year, day.month, day.day, tzinfo=UTC) + hours).isoformat()

    def near(self) -> date:
        """A day of a year and a half up to some days after `as_of`, often near a bound of a window or a month's end."""
        bounds = [-3, -1, 0, 1, 29, 30, 31, 60, 61, 89, 90, 91, 120, 121, 179, 180, 181, 366, 455, 456]
        if self.chance(0.2):
            return date(self.as_of.year, self.pick([1, 2, 3]), 1) - timedelta(days=self.pick([0, 1]))
        return self.as_of - timedelta(days=self.pick(bounds) if self.chance(0.4) else self.random.randrange(500))

    def order(self, index: int) -> Row:
        number, currency = f"o-{index}", self.pick(["USD", "USD", "USD", "CAD", None])
        created = self.near()
        shipped = created + timedelta(days=self.pick([0, 2, 30]))
        customer = self.pick(self.customers)
        option = {
            "payment_term": {
                "days": self.pick([0, 7, None, None, 9999, 10000]),
                "code": self.term(),
                "term": self.term(),
            }
        }
        kinds = [(None, None), (None, None), ("0.05" if self.fraction else "5", "%"), ("33.3333", "%"), ("7.5", "$")]
        kinds += [("0.01", "$"), ("9000", "$"), ("1000", "$"), (None, "%"), ("-5", "%"), ("1000", "%")]
        kinds += [("-2.5", "$"), ("5", None)]
        value, kind = self.pick(kinds)
        twice = [REPS[2], REPS[2] | {"user": "Cyrus"}]
        reps = [[], None, REPS[:1], REPS[1:], REPS[::-1], twice, REPS[:3]]
        money = ["1000.03", "48.17", "0", "-5.01", "100", "20.0049", "0.75"]
        return {
            "number": number,
            "short_id": self.pick([f"s{index}", f"t{index}"]),
            "external_id_seller": self.pick(["", None, f"x{index}"]),
            "status": self.pick(STATUSES),
            "seller": self.pick(self.sellers),
            "buyer": self.pick([501, None]),
            "customer": customer
            and {
                "id": customer,
                "display_name": self.pick([f"Word {customer}", f"Old word {customer}", ""]),
                "delinquent": self.flag(),
            },
            "created_on": self.instant(created),
            "modified": self.pick([self.instant(created + timedelta(days=self.pick([0, 40]))), None]),
            "ship_date": self.pick([shipped.isoformat(), shipped.isoformat(), None]),
            "payment_due_date": self.due() if self.chance(0.5) else None,
            "payment_term": self.term(),
            "selected_payment_option": self.pick([option, None]),
            "total": {"amount": self.pick(money), "currency": currency} if self.chance(0.95) else None,
            "credits": self.pick([0, None, None, "12.5049", "-3"]),
            "payment_balance": self.pick(["0", "987.53", "1000.03", None]),
            "paid": self.pick([True, True, False, False, None]),
            "paid_date": self.pick(
                [(shipped + timedelta(days=self.pick([-1, 5, 20, 70]))).isoformat(), self.at_close(), None]
            ),
            "discount": value,
            "discount_type": kind,
            "final_tax": self.pick([None, "0", "3.1049"]),
            "tax_amount": self.pick([None, "2"]),
            "tax_type": self.pick(["%", "$"]),
            "shipping_charge": self.pick([None, {"amount": self.pick(["15", "0.0049"]), "currency": "USD"}]),
            "classification": self.pick([None, "", "Medical"]),
            "is_combination": self.flag(),
            "manual": self.flag(),
            "llf_payment_method": self.flag(),
            "sales_reps": self.pick(reps),
            "line_items": [self.line(number, index * 10 + place, currency) for place in range(self.pick([0, 1, 2, 4]))],
        }

    def at_close(self) -> str:
        """The date to calculate for, or one of the last month ends before it."""
        ends = [self.as_of.replace(month=month, day=1) - timedelta(days=1) for month in range(1, self.as_of.month + 1)]
        return self.pick([self.as_of, *ends]).isoformat()

    def named(self, key: int, column: str, name: str) -> list[Row]:
        """A row with a name of this company alone, with an empty one, or none."""
        row = {"id": key, column: f"{name} of {self.company}"}
        return self.pick([[row], [row], [row], [row | {column: ""}], []])

    def flag(self) -> bool | None:
        return self.pick([True, False, False, None])

    def term(self) -> str | None:
        return self.pick(["COD", "Net 30", "net-15 days", "Prepay", "on consignment", "", None])

    def due(self) -> str:
        return (self.as_of - timedelta(days=self.pick(DUE) - self.pick([0, 0, 70]))).isoformat()

    def line(self, order: str, key: int, currency: str | None) -> Row:
        foreign = self.pick([currency] * 9 + ["CAD"])
        price = {"amount": self.pick(PRICES[: 5 if self.is_honest else 7]), "currency": foreign}
        return {
            "id": key,
            "order": order,
            "product": self.pick([1, 1, 2, 3, {"id": 2}, 99, None]),
            "quantity": self.pick(["12", "12", "24", "1", "7.33335", "-2.5", "5" if self.is_honest else None]),
            "unit_multiplier": self.pick([None, 0, 1, 2, 12, 7]),
            "ordered_unit_price": self.pick([price, price, price if self.is_honest else None]),
            "sale_price": self.pick([None, None, {"amount": self.pick(["0", "7.1246", "0.75"]), "currency": foreign}]),
            "wholesale_price": self.pick(LISTED),
            "is_sample": self.chance(0.25),
        }

    def write_totals(self, source: Source) -> None:
        """Totals as the company's own way of writing has them, now and then a cent beside."""
        for order in source.of("orders_received"):
            self.write_total(source, order, self.pick([0, 0, 0, 0, 0, CENT, -CENT]))

    def write_total(self, source: Source, order: Row, beside: Decimal | str | int) -> None:
        every = lines(source, order)
        own = total(line.line_amount(self.basis) for line in every if line.is_own and not line.is_sample)
        value, off = order["discount"], cents(own * 0)
        if value is not None and order["discount_type"] == "$":
            off = max(min(cents(own * 0) + amount_of({"amount": value}), own), cents(own * 0))
        elif value is not None:
            off = own * amount_of({"amount": value}) / (1 if self.fraction else 100)
        charges = tax(order) + (amount_of(order["shipping_charge"]) or 0)
        credit = amount_of({"amount": order["credits"] or 0}) if self.netted else 0
        whole = cents(total(line.line_amount(self.basis) for line in every) - off + charges - credit)
        order["total"] = {"amount": str(whole + Decimal(beside)), "currency": currency_of(order["total"])}

    def undecided(self) -> Source:
        """A few orders, each with a total of its own way of writing, and with balances or without."""
        source = self.source([1, 2, 3, 5])
        for order in source.of("orders_received"):
            self.netted, self.fraction = self.chance(0.5), self.chance(0.5)
            self.basis = self.pick(["selling_unit", "base_unit"])
            order["credits"] = self.pick([0, None, "12.50", "12.5049", "-3"])
            order["discount"], order["discount_type"] = self.pick(UNDECIDED)
            self.write_total(source, order, self.pick([0, 0, CENT, -CENT, "0.0049", "0.0149", "-0.0149"]))
            order["payment_balance"] = None
        if self.chance(0.7):
            self.write_balances(source.rows)
        return Source(source.rows, self.as_of, source.timezone, self.company)

    def payments(self, order: Row) -> list[Row]:
        found: list[Row] = []
        whole = order["total"] or {"amount": "7", "currency": None}
        amounts = [whole["amount"], whole["amount"], "25", "-3", "4.9949", str(Decimal(whole["amount"]) - CENT * 50)]
        is_paid = self.is_paid and self.chance(0.85)
        for _ in range(1 if is_paid else self.pick([0, 0, 1, 1, 2, 3])):
            day = date.fromisoformat(order["created_on"][:10]) + timedelta(days=self.pick([-5, 0, 20, 45, 70, 200]))
            day = self.pick([day, day, day, day, self.as_of])
            currency = whole["currency"] if is_paid else self.pick([whole["currency"]] * 6 + ["CAD", None])
            amount = whole["amount"] if is_paid else self.pick(amounts)
            found.append(
                {
                    "order": order["number"] if self.chance(0.95) else "gone",
                    "total": {"amount": amount, "currency": currency} if is_paid or self.chance(0.95) else None,
                    "payment_date": self.pick([day.isoformat(), day.isoformat(), None]),
                    "created_on": self.instant(day + timedelta(days=self.pick([0, 9]))) if self.chance(0.95) else None,
                    "payment_type": self.pick(["cash", "check", "", None]),
                    "reason": self.pick(["deposit", "", None]),
                    "recorded_by": self.pick([101, 103, None]),
                    "recorder_name": self.pick(["Written", "", None]),
                }
            )
        return found

    def write_balances(self, rows: dict[str, list[Any]]) -> None:
        for order in rows["orders_received"]:
            paid = total(
                amount_of(each["total"]) for each in rows["order_payments"] if each["order"] == order["number"]
            )
            credit = amount_of({"amount": 0 if self.netted else order["credits"] or 0}) or 0
            order["payment_balance"] = str((amount_of(order["total"]) or 0) - credit - paid)

    def product(self, key: int) -> Row:
        def money(*amounts: str) -> Any:
            return self.pick([None, {"amount": self.pick(amounts), "currency": self.pick(["USD", "CAD", None])}])

        return {
            "id": key,
            "seller": self.pick([1, 1, 2]),
            "brand": self.pick([10, 11, 12, None]),
            "name": self.pick([f"Product {key}", ""]),
            "display_name": self.pick([None, "", f"Shown {key}"]),
            "sku": self.pick([None, "", f"SKU{key}"]),
            "product_line": self.pick([44, None]),
            "category": self.pick([45, None]),
            "sub_category": self.pick([46, 49, None]),
            "strains": self.pick([None, [], [47], [48, 47, 99, 47]]),
            "parent": self.pick([None, {"id": 1}]),
            "listing_state": self.pick(["Available", "", None]),
            "unit_of_measure": self.pick(["Unit", None]),
            "unit_multiplier": self.pick([None, 0, 12]),
            "wholesale_price": money("11", "0", "10.1234567", "0.25"),
            "sale_price": money("0", "9.5"),
            "retail_price": money("3.33"),
            "quantity": self.pick(["0", "100.5", "-3", None]),
            "reserved_qty": self.pick(["4", None]),
            "available_inventory": self.pick(["96.5", None]),
            "inventory_management": self.pick([1, 2, "3", "1", None]),
            "created_on": self.pick([self.instant(self.near()), None]),
        }

    def customer(self, key: int) -> Row:
        def name(*words: str) -> Any:
            return self.pick([*words, "", None])

        embedded = [self.contact(number) for number in (62, 61, 60, 65, 64, 66)]
        embedded += [self.contact(66), embedded[3] | {"id": 67}]  # one twice, and one who has a twin
        return {
            "id": key,
            "owner": self.pick([1, 2]),
            "name": name(f"Door {key}"),
            "nickname": name(f"Nick {key}"),
            "state": name("CO"),
            "currency": self.pick(["USD", None]),
            "partner": self.pick([501, None]),
            "license_number": name("L-1"),
            "license_inactive": self.flag(),
            "license_type": self.pick([43, 44, None]),
            "tier": self.pick([41, None]),
            "status": self.pick([42, None]),
            "service_zone": self.pick([5, {"id": 6}, None]),
            "city": name("Salem"),
            "address": name("1 Main St"),
            "unit_number": name("B"),
            "zipcode": name("97301"),
            "phone": name("555"),
            "phone_extension": name("9"),
            "email": name("door@example.org"),
            "contacts": self.pick([None, [], embedded, embedded[:1], embedded[1:], embedded[3:], embedded[5:]]),
            "managers": self.pick([None, [], [101], [104, 101, 101], [102, 999], [{"id": 103}]]),
            "discount_percent": self.pick([None, "2.5"]),
            "next_contact_date": self.pick([self.near().isoformat(), None]),
            "leaflink_last_views": self.pick([self.instant(self.near()), None]),
            "created_on": self.pick([self.instant(self.near()), None]),
            "delinquent": self.flag(),
            "archived": self.flag(),
        }

    def contact(self, key: int) -> Row:
        return {
            "id": key,
            "first_name": self.pick(["Kim", "Kai", ""]),
            "last_name": self.pick([f"Kay {key}", "Lay", None]),
            "role": self.pick(["Buyer", "Accounts", "ap desk", "Owner", "", None]),
            "phone": self.pick(["7", "8", "", None]),
            "email": self.pick([f"{key}@example.org", f"kim{key}@example.org", "", None]),
        }

    def credit(self, key: int) -> Row:
        return {
            "id": key,
            "company": self.pick([1, 2, None]),
            "customer": self.pick([None, {"id": 1, "display_name": "Word"}, {"id": 2}]),
            "amount": self.pick([*({"amount": "12.50", "currency": name} for name in ("USD", "CAD", None)), None]),
            "credit_date": self.pick([self.near().isoformat(), None]),
            "status": self.pick(["active", "active", "used", "cancelled"]),
            "archived": self.flag(),
        }

    def event(self, key: int) -> Row:
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.pick([0, 0, 1, 5999, 86400, 200_000]))
        return {
            "id": 1000 - key,
            "order": self.pick(["o-0", "o-0", "o-1", "gone", None]),
            "event_type": self.pick(EVENTS),
            "timestamp": self.pick([at.isoformat(), at.isoformat(), None]),
            "created_on": (at + timedelta(seconds=7)).isoformat(),
            "author_name": self.pick(["Written", "", None]),
            "by": self.pick(["ann", "", None]),
            "source": self.pick(["app", "api", None]),
        }
