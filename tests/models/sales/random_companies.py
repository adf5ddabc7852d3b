"""Small random companies for the sales marts: two years of orders, samples, stock, logs, credits and purchases.

Each is built from one random seed: it takes thousands of choices, more than a strategy of hypothesis can draw.
"""

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from .company import Close, Company, ShelfClose, Version
from .values import Row

STATUSES = ["Draft", "Submitted", "Rejected", "Cancelled", "Combined", "Mislaid", "Accepted", "Backorder", "Fulfilled"]
STATUSES += ["Shipped", "Complete"] * 9
EVENTS = ["created", "submitted", "accepted", "backordered", "fulfilled", "shipped", "completed", "rejected"]
EVENTS += ["cancelled", "combined", "unaccepted", "edited", "rep_edited", "shipping_edited"]
EVENTS += ["accepted", "shipped", "completed"] * 3
REASONS = ["leaflink_return", "promo_new_customer", "return_defective", "other", "", None]
# Seller and buyer of each customer; 5 never orders, 8 is in orders only, None is an order without a customer.
SELLERS = {1: 1, 2: 1, 3: 1, 4: 2, 8: 1, None: 1}
BUYERS = {1: 501, 2: 502, 3: 501, 4: 503, 8: None, None: None}
# Days before `as_of`, around where a window begins or ends.
_BOUNDS = [-1, 0, 1, 8, 29, 30, 31, 59, 60, 61, 89, 90, 91, 179, 180, 200, 364, 365, 400, 454, 455, 729, 730]
_PRICES = ("sale_price", "ordered_unit_price")
REPS = [{"id": 101, "user": "Ann A."}, {"id": 102, "user": "Ben B."}, {"id": 103, "user": "Cy C."}]


SIZES = (0, 3, 15, 40)


def random_company(seed: int, as_of: date, company: str = "default", sizes: Sequence[int] = SIZES) -> Company:
    """A company of its seed, with as many orders as one of the `sizes` says."""
    return _Maker(Random(seed), as_of, company).company(sizes)


class _Maker:
    def __init__(self, random: Random, as_of: date, name: str) -> None:
        self.random, self.as_of, self.name = random, as_of, name
        self.pick = random.choice
        self.basis = self.pick(["none", "selling_unit", "base_unit"])  # how the totals of this company come about
        self.is_focused = self.chance(0.5)  # few doors that buy few products often

    def company(self, sizes: Sequence[int]) -> Company:
        orders = [self.order(index) for index in range(self.pick(sizes))]
        order_versions, line_versions = self.versions(orders)
        return Company(
            orders=orders,
            products=self.products(),
            customers=self.customers(),
            payments=self.payments(orders),
            company=self.name,
            timezone=self.pick(["UTC", "America/Denver", "Pacific/Auckland"]),
            brands=[
                {"id": 10, "name": "Alpha", "company": 1},
                {"id": 11, "name": "Beta", "company": 77},
                {"id": 12, "name": "", "company": 2},
            ],
            companies=[{"id": 1, "name": "Grower"}, *self.pick([[], [{"id": 2, "name": "Maker"}]])],
            company_staff=[
                {"id": 101, "display_name": "Ann Able", "username": "ann"},
                {"id": 102, "display_name": self.pick(["Ben Best", ""]), "username": "ben"},
                {"id": 104, "display_name": "Dee One", "username": "dee"},
                {"id": 105, "display_name": "Dee Two", "username": "dee"},
            ],
            credits=[self.credit(key, orders) for key in range(self.pick([0, 5]))],
            activity_entries=[self.activity(key) for key in range(self.pick([0, 5]))],
            order_event_logs=self.events(orders),
            buyer_orders=[self.buyer_order(key) for key in range(self.pick([0, 5]))],
            inventory_items=[self.item(key) for key in range(self.pick([0, 12]))],
            inventory_facilities=[{"id": 31, "name": "Vault"}, {"id": 32, "name": ""}],
            retailer_inventory=self.shelf(),
            customer_tiers=[{"id": 41, "rank": "Gold"}],
            customer_statuses=[{"id": 42, "state": "Approved"}],
            license_types=[{"id": 43, "display_type": "Retailer"}],
            product_lines=[{"id": 44, "name": "Jars"}],
            product_categories=[{"id": 45, "name": "Flower"}],
            closes=self.closes(),
            shelf_closes=self.shelf_closes(),
            order_versions=order_versions,
            line_versions=line_versions,
        )

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def some_units(self) -> str:
        return str(Decimal(self.random.randrange(-200_000, 2_000_000)) / 10_000)

    def instant(self, day: date) -> str:
        hours = timedelta(hours=self.random.randrange(24), minutes=self.pick([0, 30]))
        return (datetime(day.year, day.month, day.day, tzinfo=UTC) + hours).isoformat()

    def order_day(self) -> date:
        """A day of the last two years, often at a bound of the windows that marts count in, sometimes after `as_of`."""
        if self.chance(0.4):
            return self.as_of - timedelta(days=self.pick(_BOUNDS))
        return self.as_of - timedelta(days=self.random.randrange(-5, 120 if self.is_focused else 740))

    def order(self, index: int) -> Row:
        number, currency = f"o-{index}", self.pick(["USD", "USD", "USD", "USD", "CAD", None])
        created, customer = self.order_day(), self.pick([1, 1, 2] if self.is_focused else [1, 1, 2, 2, 3, 4, 8, None])
        shipped = created + timedelta(days=self.pick([0, 2, 30]))
        lines = [self.line(number, index * 10 + place, currency) for place in range(self.pick([0, 1, 2, 4]))]
        total = self.pick(["1000.03", "1000.03", "48.17", "0", "-5.01"])
        discount = self.pick(
            [(None, None), (None, None), ("10", "%"), ("7.5", "$"), ("0.01", "$"), ("9000", "$"), ("-5", "%")]
        )
        return {
            "number": number,
            "short_id": f"s{index}",
            "status": self.pick(STATUSES),
            "seller": SELLERS[customer] if customer and self.chance(0.9) else self.pick([1, None]),
            "buyer": BUYERS[customer],
            "customer": {"id": customer, "display_name": f"Word {customer}"} if customer else None,
            "created_on": self.instant(created),
            "modified": self.instant(created + timedelta(days=self.pick([0, 40]))),
            "ship_date": shipped.isoformat() if self.chance(0.7) else None,
            "payment_due_date": (shipped + timedelta(days=14)).isoformat() if self.chance(0.3) else None,
            "payment_term": self.pick(["COD", "Net 30", "as agreed", None]),
            "total": {"amount": total if self.basis == "none" else self.sum(lines), "currency": currency},
            "credits": self.pick([0, None, "12.50"]),
            "payment_balance": self.pick(["0", "987.53", "1000.03", None]),
            "paid": self.chance(0.3),
            "paid_date": (shipped + timedelta(days=9)).isoformat() if self.chance(0.5) else None,
            "discount": discount[0],
            "discount_type": discount[1],
            "sales_reps": self.pick([None, [], REPS[:1], REPS[1:], REPS[::-1], [REPS[2]] * 2]),
            "line_items": lines,
        }

    def sum(self, lines: list[Row]) -> str:
        """The total of an order with these lines, without a discount."""
        whole = Decimal(0)
        for line in lines:
            sale, ordered = (Decimal((line[name] or {"amount": 0})["amount"]) for name in _PRICES)
            divisor = line["unit_multiplier"] or 1 if self.basis == "selling_unit" else 1
            whole += (sale or ordered) * Decimal(line["quantity"] or 0) / divisor
        return str(round(whole, 2))

    def line(self, order: str, key: int, currency: str | None) -> Row:
        foreign = self.pick([currency] * 8 + ["CAD"])
        return {
            "id": key,
            "order": order,
            "product": self.pick([1, 2, 3] if self.is_focused else [1, 1, 2, 3, 4, 5, 6, {"id": 2}, 99, None]),
            "quantity": self.pick(["12", "12", "24", "1", "7.33335", "-2", self.some_units(), None]),
            "unit_multiplier": self.pick([None, 0, 1, 12, 12, 7]),
            "ordered_unit_price": self.pick([{"amount": self.pick(["10", "10", "8.3333"]), "currency": foreign}, None]),
            "sale_price": self.pick([None, None, {"amount": self.pick(["0", "7.1246"]), "currency": foreign}]),
            "wholesale_price": self.pick([None, None, "0", "12"]),
            "is_sample": self.pick([True] * 3 + [False] * 6 + [None]),
        }

    def versions(self, orders: list[Row]) -> tuple[list[Version], list[Version]]:
        """What loads knew of orders and lines before; everything else is as it is since the last instant."""
        instants = [datetime(2026, 1, day, 2, tzinfo=UTC) for day in (5, 6, 7)]
        order_versions, line_versions = [], []
        for order in orders:
            spans = list(itertools.pairwise(instants))
            seen = [
                Version(order | {"status": self.pick(STATUSES[:9]), "line_items": []}, since, until)
                for since, until in spans
                if self.chance(0.5)
            ]
            order_versions += seen
            last = len(instants) - 1
            for line in order["line_items"]:
                since = self.random.randrange(len(instants)) if seen else last
                line_versions.append(Version(line, instants[since], None))
                if since and self.chance(0.6):
                    changed = line | {
                        "quantity": self.pick(["6", "12", "30"]),
                        "is_sample": self.pick([True, None] + [False] * 8),
                    }
                    line_versions.append(Version(changed, instants[0], instants[since]))
            if seen and self.chance(0.3):
                gone = self.line(order["number"], 100_000 + len(line_versions), "USD")
                line_versions.append(Version(gone, instants[0], instants[self.pick([1, 2])]))
        return order_versions, line_versions

    def payments(self, orders: list[Row]) -> list[Row]:
        found: list[Row] = []
        for order in orders:
            whole = order["total"]["amount"]
            for _ in range(self.pick([0, 0, 1, 1, 2])):
                paid = date.fromisoformat(order["created_on"][:10]) + timedelta(days=self.pick([0, 20, 45, 70]))
                currency = self.pick([order["total"]["currency"]] * 4 + ["CAD", None])
                found.append(
                    {
                        "id": len(found) + 1,
                        "order": self.pick([order["number"]] * 9 + ["gone"]),
                        "total": {
                            "amount": self.pick(
                                [whole, whole, str(Decimal(whole) - Decimal("0.5")), "25", "4.9949", "-3"]
                            ),
                            "currency": currency,
                        },
                        "payment_date": self.pick([paid.isoformat(), None]),
                        "created_on": self.instant(paid),
                        "payment_type": self.pick(["cash", "check", None]),
                        "reason": self.pick(["deposit", "", None]),
                        "recorded_by": self.pick([101, 102, 103, None]),
                        "recorder_name": self.pick(["Written", "", None]),
                    }
                )
        return found

    def products(self) -> list[Row]:
        brands = {1: 10, 2: 10, 3: 11, 4: None, 5: 13, 6: 12}
        skus = {1: " Sku-1", 2: "DUP", 3: "dup ", 4: "", 5: None, 6: "S6"}
        names = {1: "Kush", 2: "Haze", 3: "Haze", 4: "Kush", 5: "Kush", 6: "Diesel"}
        return [
            {
                "id": key,
                "seller": self.pick([1, 1, 2]),
                "brand": brand,
                "name": names[key],
                "display_name": self.pick([None, "", f"Shown {key}"]) if key > 3 else None,
                "sku": skus[key],
                "product_line": self.pick([44, None]),
                "category": self.pick([45, 46, None]),
                "listing_state": self.pick(["Available", "Archived", None]),
                "wholesale_price": self.pick([None, {"amount": "11", "currency": self.pick(["USD", "CAD"])}]),
                "quantity": self.pick(["0", self.some_units(), "-3", None]),
                "reserved_qty": self.pick(["0", "4", None]),
                "available_inventory": self.pick(["0", "96.5", None]),
                "inventory_management": self.pick([1, 1, 2, "3", None]),
            }
            for key, brand in brands.items()
        ]

    def customers(self) -> list[Row]:
        return [
            {
                "id": key,
                "owner": 2 if key == 4 else self.pick([1] * 9 + [None]),
                "name": f"Door {key}",
                "nickname": self.pick([None, "", f"Nick {key}"]),
                "state": self.pick(["CO", "OR", "", None]),
                "currency": self.pick(["USD", "CAD", None]),
                "license_number": self.pick(["L-1", "", None]),
                "license_inactive": self.pick([True, False, None]),
                "license_type": self.pick([43, 44, None]),
                "tier": self.pick([41, None]),
                "status": self.pick([42, None]),
                "managers": self.pick([None, [], [101], [105, 101, 101], [102, 999]]),
                "archived": self.pick([True, False, None]),
            }
            for key in range(1, self.pick([5, 6, 7]))
        ]

    def credit(self, key: int, orders: list[Row]) -> Row:
        numbers = [order["number"] for order in orders] + [None, ""]
        return {
            "id": key,
            "company": self.pick([1, 2]),
            "customer": self.pick([None, {"id": 1, "display_name": "Word 1"}, {"id": 9, "display_name": "Word 9"}]),
            "amount": self.pick(
                [{"amount": "12.50", "currency": "USD"}, {"amount": "3.0049", "currency": "CAD"}, None]
            ),
            "credit_date": self.pick([self.order_day().isoformat(), None]),
            "status": self.pick(["active", "used", "cancelled"]),
            "reason": self.pick(REASONS),
            "brand": self.pick([10, 12, 13, None]),
            "order": self.pick(numbers),
            "applied_to": self.pick(numbers),
            "archived": self.pick([True, False, False, None]),
        }

    def activity(self, key: int) -> Row:
        return {
            "id": key,
            "type": self.pick(["Call", "Visit", "", None]),
            "created_on": self.instant(self.order_day()),
            "date": self.pick([self.instant(self.order_day()), self.order_day().isoformat(), None]),
            "entry": self.pick(["Asked for more", "", None]),
            "delete": self.pick([True, False, None]),
            "author": self.pick([101, 102, 103, None]),
            "customer": self.pick([1, 5, 8, 9, None]),
        }

    def events(self, orders: list[Row]) -> list[Row]:
        found: list[Row] = []
        for order in orders:
            start = datetime.fromisoformat(order["created_on"])
            for _ in range(self.pick([0, 0, 1, 4, 8])):
                at = start + timedelta(seconds=self.pick([-3600, 0, 0, 1, 5999, 86400, 200_000]))
                found.append(
                    {
                        "id": 10_000 - len(found),
                        "order": self.pick([order["number"]] * 9 + ["gone", None]),
                        "event_type": self.pick(EVENTS),
                        "timestamp": self.pick([at.isoformat(), at.isoformat(), None]),
                        "created_on": (at + timedelta(seconds=7)).isoformat(),
                        "author_name": self.pick(["Written", "", None]),
                        "by": self.pick(["ann", "ben", "dee", "eve", "", None]),
                        "description": self.pick(["It happened", "", None]),
                    }
                )
        return found

    def buyer_order(self, key: int) -> Row:
        def amount() -> str | None:
            return self.pick([None, "0", "10.25", "3", "7.0049"])

        return {
            "id": f"b-{key}",
            "short_id": self.pick([f"bs{key}", None]),
            "status": self.pick(["Accepted", "Complete", None]),
            "buyer": self.pick([None, {"id": 1, "name": "Grower"}, {"id": 2, "name": ""}]),
            "seller": self.pick([None, {"id": 600, "name": "Supplier"}]),
            "created_on": self.pick([self.instant(self.order_day()), None]),
            "currency": self.pick(["USD", None]),
            "line_items": self.pick([None, [], [{"quantity": "1"}, {"quantity": "2"}]]),
            "subtotal": amount(),
            "discount": amount(),
            "shipping_charge": amount(),
            "tax": amount(),
            "total": amount(),
            "payment_term": self.pick(["Net 30", "", None]),
            "payment_due_date": self.pick([self.order_day().isoformat(), None]),
            "ship_date": self.pick([self.order_day().isoformat(), None]),
            "delivered_date": self.pick([self.order_day().isoformat(), None]),
            "is_delivered": self.pick([True, False, None]),
        }

    def item(self, key: int) -> Row:
        return {
            "id": key,
            "facility": self.pick([31, 32, 33, None]),
            "product": self.pick([1, 1, {"id": 2}, 3, 4, 6, 99, None]),
            "batch": self.pick([71, 72, None]),
            "quantity_in_product_uom": self.pick(["5", "0.250049", None]),
            "reserved_qty_in_product_uom": self.pick(["1", "0.000049", None]),
            "is_archived": self.pick([True, False, False, None]),
        }

    def closes(self) -> list[Close]:
        found = []
        for product in (1, 2, 3, 4, 99):
            for before in sorted(self.random.sample(range(-5, 130), self.pick([0, 1, 10, 40]))):
                on_hand = Decimal(self.pick(["0", "-3", "0", "0.5", "12", self.some_units()]))
                managed = self.chance(0.9)
                day = self.as_of - timedelta(days=before)
                found.append(Close(product, day, on_hand, Decimal(2), on_hand - 2, managed))
        return found

    def shelf(self) -> list[Row]:
        items = [
            (201, "sku-1 ", None, None),  # by its stock number
            (202, "DUP", "alpha ", "HAZE"),  # two products have its number, one its brand and name
            (203, "DUP", None, "Haze"),  # two products have its number, and its brand is not known
            (204, None, "Beta", "Haze"),
            (205, "", None, None),
            (206, "unheard of", "Nobody", "Nothing"),
            (207, "SKU-1", None, None),  # the same product once more
        ]
        return [
            {"id": key, "sku": sku, "brand": brand, "name": name, "company": self.pick([501, 501, 502, None])}
            for key, sku, brand, name in items
        ]

    def shelf_closes(self) -> list[ShelfClose]:
        return [
            ShelfClose(item, self.as_of - timedelta(days=before), Decimal(self.pick(["0", "5", "5", "4.6", "17.5"])))
            for item in range(201, 208)
            for before in self.random.sample(range(-1, 400), self.pick([0, 1, 5, 10]))
        ]
