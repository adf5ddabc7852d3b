"""The sellers as companies: their staff, licences and brands, what promotes these, and the reports they asked for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from unicodedata import normalize
from uuid import UUID

from pipeline.sandbox.store import filters
from pipeline.sandbox.store.forms import decimal_text, instant, random_for
from pipeline.sandbox.store.table import Row, Table
from pipeline.sandbox.world.slugs import seller_slug
from pipeline.sandbox.world.vocabulary import SELLERS, Seller

_ADMINS = {3107: (40, "Odalys Brandt"), 3244: (56, "Søren Achterberg")}
_PLACES = {3107: ("4410 Larimer St", "Denver", "80205"), 3244: ("18 Alder Way, Suite ½", "Seattle", "98109")}
# The licence types of LeafLink that customers and sellers have: id, state, its id, name, words, class.
_LICENSE_TYPES = (
    (3, "CO", 6, "Recreational", "Adult Use", "Adult Use"),
    (4, "WA", 47, "Retailer", "Retailer (I-502)", "Adult Use"),
    (5, "CO", 6, "Medical", "Medical Store", "Medical"),
    (9, "CA", 5, "Type 10", "Retailer before 2018", "Medical"),
)
_FOUNDED = datetime.fromisoformat("2018-03-01T09:30:00.250000-07:00")
_FIRST_CUSTOMER_LICENSE = 600_000  # and the customer's id
_FIRST_PROMOCODE, FIRST_NEW_PROMOCODE = 4001, 5001
_REPORT_TYPES = (
    "accounts-receivable", "orders-received", "brand-performance", "ordered-products", "sales-rep-activity-feed",
)  # fmt: skip
_COMPANY_OF_BRAND = "(SELECT brands.body ->> '$.company' FROM brands WHERE brands.key = promocodes.body ->> '$.brand')"
_COMPANY_OF_LICENSE = """
    (CASE WHEN key < 600000 THEN key / 10
    ELSE (SELECT customers.body ->> '$.owner' FROM customers WHERE customers.key = licenses.key - 600000) END)
"""

COMPANIES = Table(path="companies/")

COMPANY_STAFF = Table(
    path="company-staff/",
    filters={
        "company": filters.is_number(filters.field("company")),
        "company_slug": seller_slug(filters.field("company")),
        "is_admin": filters.is_true(filters.field("is_admin")),
        "is_active": filters.is_true(filters.field("is_active")),
    },
)

LICENSES = Table(
    path="licenses/",
    filters={
        "id": filters.is_number("key"),
        "number": filters.equals(filters.text_field("number")),
        "number__in": filters.one_of(filters.text_field("number")),
        "company_slug": seller_slug(_COMPANY_OF_LICENSE),
    },
)

LICENSE_TYPES = Table(path="license-types/")

BRANDS = Table(
    path="brands/",
    filters={
        "company": filters.is_number(filters.field("company")),
        "company__in": filters.one_of_numbers(filters.field("company")),
        "company_slug": seller_slug(filters.field("company")),
    },
)

PROMOCODES = Table(
    path="promocodes/",
    filters={
        "brand": filters.is_number(filters.field("brand")),
        "code": filters.equals(filters.text_field("code")),
        "company_slug": seller_slug(_COMPANY_OF_BRAND),
    },
)

REPORTS = Table(
    path="reports/",
    key="number",
    key_type="TEXT",
    order_by="body ->> '$.request_time' DESC, key",
    filters={"company_slug": seller_slug(filters.field("company"))},
)

COMPANY_TABLES = (COMPANIES, COMPANY_STAFF, LICENSES, LICENSE_TYPES, BRANDS, PROMOCODES, REPORTS)


def make_companies() -> Iterator[Row]:
    """Yield the sellers as companies."""
    for seller in SELLERS:
        address, city, zipcode = _PLACES[seller.id]
        is_joined = seller is SELLERS[0]
        yield {
            "id": seller.id,
            "name": seller.name,
            "slug": seller.slug,
            "dba": "" if is_joined else seller.name,
            "business_license_name": f"{seller.name}, LLC",
            "business_identifier": "" if is_joined else "604-117-302",
            "description": f"{seller.name} — depuis 2018",
            "announcement": "" if is_joined else "Closed on 12/24 🎄",
            "address": address,
            "city": city,
            "state": seller.state,
            "zipcode": zipcode,
            "image": f"https://images.leaflink.example/companies/{seller.slug}.png",
            "buyer": True,
            "seller": True,
            "apply_ancillary_tax": not is_joined,
            "apply_arms_length_tax": False,
            "batch_enabled": True,
            "has_accting": is_joined,
            "hide_attached_packages": False,
            "sts_enabled": is_joined,
        }


def make_staff() -> Iterator[Row]:
    """Yield who works for the sellers: all of their sales reps, and one who administers."""
    for seller in SELLERS:
        for key, name in (_ADMINS[seller.id], *seller.reps):
            username = username_of(name)
            yield {
                "id": key,
                "user": 88000 + key,
                "company": seller.id,
                "is_admin": key == _ADMINS[seller.id][0],
                "is_active": True,
                "is_poc": key == _ADMINS[seller.id][0],
                "email": f"staff-{key}@{seller.slug}.example",
                "phone": "" if key % 3 == 0 else f"(206) 555-{key:04d}",
                "identification_number": None if key % 2 else f"M{key:05d}",
                "display_name": name,
                "username": username,
            }


def username_of(name: str) -> str:
    """Return the name of a person's account: the initials, without accents, and the last name."""
    *firsts, last = name.lower().split()
    initials = (normalize("NFD", first)[0] for first in firsts)
    return "".join(initials) + "".join(letter for letter in last if letter.isalpha())


def make_license_types() -> Iterator[Row]:
    """Yield the licence types."""
    rng = random_for("license types")
    for key, state_abbr, state, name, words, classification in _LICENSE_TYPES:
        is_old = key == 9
        yield {
            "id": key,
            "type": name,
            "display_type": words,
            "classification": classification,
            "state": state,
            "state_abbr": state_abbr,
            "require_ein": False,
            "has_medical_line_items": classification == "Medical",
            "active_for_registration": not is_old,
            "description": None if key % 2 else "",
            "pre_2018_CA": is_old,
            "post_2018_CA": False,
            "created_on": instant(_FOUNDED, rng),
            "modified": instant(_FOUNDED + timedelta(days=key * 30), rng),
        }


def make_seller_licenses() -> Iterator[Row]:
    """Yield the licences that the sellers' products are sold under."""
    return (_license(seller.id * 10, seller.license_number, 3) for seller in SELLERS)


def license_of(customer: Row) -> Row:
    """Return the licence of a customer."""
    return _license(_FIRST_CUSTOMER_LICENSE + customer["id"], customer["license_number"], customer["license_type"] or 3)


def _license(key: int, number: str, license_type: int) -> Row:
    _, _, _, name, words, classification = next(each for each in _LICENSE_TYPES if each[0] == license_type)
    return {"id": key, "number": number, "type": name, "display_type": words, "classification": classification}


def make_brands() -> Iterator[Row]:
    """Yield the sellers' brands."""
    for seller in SELLERS:
        for key, name in seller.brands:
            yield {
                "id": key,
                "name": name,
                "company": seller.id,
                "description": "" if key % 2 else f"{name}: small lots, grown slowly",
                "image": f"https://images.leaflink.example/brands/{key}.png",
                "banner": None if key % 3 == 0 else f"https://images.leaflink.example/brands/{key}-banner.png",
            }


def make_promocodes(now: datetime, days: int, rng: Random) -> Iterator[Row]:
    """Yield two codes for each brand: one that has run out, one that runs."""
    brands = [brand for seller in SELLERS for brand, _ in seller.brands]
    for position, brand in enumerate(brands * 2):
        started = now - timedelta(days=rng.random() * days)
        yield promocode(_FIRST_PROMOCODE + position, brand, started, 10 if position < len(brands) else days + 30, rng)


def promocode(key: int, brand: int, started: datetime, days: int, rng: Random) -> Row:
    """Return a code that works for so many days."""
    return {
        "id": key,
        "brand": brand,
        "code": f"{rng.choice(('HOLA', 'SPRING', 'THANKS'))}{key}",
        "discount_type": "%",
        "discount_amount": rng.choice(("10.00", "12.50", decimal_text(rng.randrange(100, 3000)))),
        "start_date": instant(started, rng),
        "end_date": instant(started + timedelta(days=days), rng),
    }


def make_reports(now: datetime, days: int, rng: Random) -> list[Row]:
    """Return some reports of the time before now: all but the newest have been sent, or failed."""
    moments = sorted((now - timedelta(days=days) * rng.random() for _ in range(12)), reverse=True)
    rows = [report(requested, now, rng) for requested in moments]
    return [running(rows[0]), *rows[1:]]


def report(requested: datetime, now: datetime, rng: Random) -> Row:
    """Return a report that was asked for then and is done by now."""
    seller: Seller = rng.choice(SELLERS)
    key, _ = rng.choice((_ADMINS[seller.id], *seller.reps))
    number, is_done = str(UUID(int=rng.getrandbits(128), version=4)), rng.random() < 0.85
    done = min(now, requested + timedelta(seconds=20 + rng.random() * 300))
    kind = rng.choice(_REPORT_TYPES)
    query: dict[str, Any] = rng.choice(({}, {"brand": seller.brands[0][0]}, {"status": ["complete", "shipped"]}))
    return {
        "number": number,
        "user": key,
        "status": "completed" if is_done else "failed",
        "report_type": kind,
        "request_time": instant(requested, rng),
        "complete_time": instant(done, rng) if is_done else None,
        "company": seller.id,
        "export": f"https://exports.leaflink.example/{number}.csv" if is_done else None,
        "query": query,
        "to_email": f"staff-{key}@{seller.slug}.example",
    }


def running(row: Row) -> Row:
    """Return a report as it is before it is done."""
    return row | {"status": "running", "complete_time": None, "export": None}


def completed(row: Row, now: datetime, rng: Random) -> Row:
    """Return a report once it was sent."""
    export = f"https://exports.leaflink.example/{row['number']}.csv"
    return row | {"status": "completed", "complete_time": instant(now, rng), "export": export}
