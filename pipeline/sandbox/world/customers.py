"""The sellers' customers."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from pipeline.sandbox.store.forms import NOON, amount, decimal_text, instant, noon_of
from pipeline.sandbox.world.vocabulary import (
    CANADIAN_CITIES,
    CITIES,
    NOTES,
    PAYMENT_METHODS,
    SELLERS,
    STORE_FIRST,
    STORE_LAST,
    STORE_SPECIAL,
    STREETS,
    TERMS,
    Seller,
)

FIRST_CUSTOMER = 140001
_TAGS: tuple[tuple[str, ...], ...] = ((), ("VIP",), (), ("delivery on Fridays", "été 🌞"))
_WITHOUT_TERM = 12  # percent of customers who have none


class Buyer(NamedTuple):
    """What an order needs to know of its customer."""

    id: int
    display_name: str
    ext_acct_id: Any
    delinquent: bool
    seller: int
    company: int | None
    currency: str
    term: int | None
    corporate_address: dict[str, Any] | None
    delivery_address: dict[str, Any] | None
    preferences: str | None
    is_active: bool

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Buyer":
        """Return what an order needs to know of a customer as the API gives it."""
        return cls(
            id=row["id"],
            display_name=row["nickname"] or row["name"],
            ext_acct_id=row["ext_acct_id"],
            delinquent=row["delinquent"],
            seller=row["owner"],
            company=row["partner"],
            currency=row["currency"],
            term=row["payment_term"],
            corporate_address=row["corporate_address"],
            delivery_address=row["delivery_address"],
            preferences=row["delivery_preferences"],
            is_active=not row["archived"],
        )

    def short(self) -> dict[str, Any]:
        """Return the customer as it stands inside an order."""
        return {
            "id": self.id,
            "display_name": self.display_name,
            "ext_acct_id": self.ext_acct_id,
            "delinquent": self.delinquent,
        }


def make_customers(count: int, now: datetime, days: int, rng: Random) -> list[dict[str, Any]]:
    """Return `count` customers, the oldest first."""
    rows = []
    for position in range(count):
        created = now - timedelta(days=days * (1.6 - position / count / 2) + 2, seconds=rng.random() * 9e4)
        changed = created + (now - created) * rng.random()
        rows.append(make_customer(FIRST_CUSTOMER + position, created, changed, rng))
    return rows


def make_customer(key: int, created: datetime, changed: datetime, rng: Random) -> dict[str, Any]:
    """Return one customer of one of the sellers; a tenth of the second seller's pay in Canadian dollars."""
    seller = SELLERS[key % len(SELLERS)]
    canadian = seller is SELLERS[1] and rng.random() < 0.12
    city, county, state, zipcode = rng.choice(CANADIAN_CITIES if canadian else CITIES)
    street = f"{rng.randrange(1, 9900)} {rng.choice(STREETS)}"
    address = {"address": street, "unit_number": rng.choice((None, "", "4B", "12")), "city": city, "county": county}
    address |= {"state": state, "zipcode": zipcode}
    name = f"{rng.choice(STORE_FIRST)} {rng.choice(STORE_LAST)}"
    if key % 13 == 0:
        name = STORE_SPECIAL[key // 13 % len(STORE_SPECIAL)]
    return {
        "id": key,
        **address,
        "country": "CA" if canadian else "US",
        "currency": "CAD" if canadian else "USD",
        "name": name,
        "nickname": rng.choice(("", None, name.split()[0])),
        "dba": rng.choice((None, "", name)),
        "business_license_name": f"{name} Inc.",
        "brand": None,
        "created_on": instant(created, rng),
        "modified": instant(changed, rng),
        "next_contact_date": rng.choice((None, None, noon_of((changed + timedelta(days=20)).date(), rng))),
        "owner": seller.id,
        "partner": None if rng.random() < 0.1 else key // 2 + 5000,
        **_identifiers(key, rng),
        **_contact(key, rng),
        **_terms(rng),
        **_state(seller, changed, rng),
        "corporate_address": rng.choice((address, address, None)),
        "delivery_address": address,
        "contacts": [],  # until somebody is known there
        "tags": list(_TAGS[key % len(_TAGS)]),
    }


def _identifiers(key: int, rng: Random) -> dict[str, Any]:
    return {
        "external_id": rng.choice((None, "", f"C{key % 1000:04d}")),
        "ext_acct_id": rng.choice((None, "", key % 700, str(key % 700))),
        "license_number": f"{rng.choice(('402R', '404', 'WA'))}-{key % 100000:05d}",
        "old_license_number": rng.choice((None, "", "402-00012")),
        "license_inactive": rng.random() < 0.05,
        "license_type": rng.choice((3, 4, None)),
        "business_identifier": None,
        "ein": None,
        "external_ids": rng.choice(({}, None, {"crm": f"acct_{key}"})),
    }


def _contact(key: int, rng: Random) -> dict[str, Any]:
    return {
        "directions": rng.choice((None, "", "Second door past the mural, then left ↰")),
        "delivery_preferences": rng.choice((None, "", "Mornings only", "De 9h à 11h")),
        "description": rng.choice((None, "")),
        "website": rng.choice((None, "", f"https://store-{key}.example")),
        "lat": f"{37 + rng.random() * 11:.6f}",
        "long": f"{-123 + rng.random() * 18:.6f}",
        "phone": rng.choice(("", None, f"(303) 555-{key % 10000:04d}")),
        "phone_extension": rng.choice((None, "", "7")),
        "email": rng.choice((None, "", f"orders@store-{key}.example")),
        "notes": rng.choice(NOTES),
    }


def _terms(rng: Random) -> dict[str, Any]:
    term = None if rng.random() * 100 < _WITHOUT_TERM else rng.choice(TERMS)
    method, _ = rng.choice(PAYMENT_METHODS)
    option = {"id": rng.randrange(200000, 400000), "payment_method_id": method, "payment_term_id": term and term.id}
    return {
        "shipping_charge": rng.choice(("0.00", 0, "15.00")),
        "discount_percent": rng.choice(("0.00", "0.00", 0, amount(250, rng), decimal_text(500))),
        "payment_term": term.id if term else None,
        "payment_methods": [method],
        "available_payment_options": [option | {"payment_program": None, "payment_strategy": None}],
    }


def _state(seller: Seller, changed: datetime, rng: Random) -> dict[str, Any]:
    viewed = changed.date() - timedelta(days=rng.randrange(30))
    return {
        "managers": [rep for rep, _ in seller.reps if rng.random() < 0.5],
        "leaflink_last_views": rng.choice((None, instant(datetime.combine(viewed, NOON), rng))),
        "leaflink_source": rng.random() < 0.7,
        "archived": rng.random() < 0.06,
        "delinquent": rng.random() < 0.08,
        "tier": rng.choice((None, 1, 2)),
        "price_schedule": rng.choice((None, 71)),
        "service_zone": rng.choice((None, 1, 2, 3)),
        "status": rng.choice((None, 11, 12, 13)),
    }
