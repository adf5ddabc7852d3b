"""What sellers keep of their customers beside the customers themselves: people, notes, statuses, tiers and credits."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from pipeline.sandbox.store import filters
from pipeline.sandbox.store.filters import Filter
from pipeline.sandbox.store.forms import instant, number, random_for, scaled
from pipeline.sandbox.store.table import TIME_FILTERS, TIMES, Column, Row, Table, moment, text_filters
from pipeline.sandbox.world.slugs import seller_slug
from pipeline.sandbox.world.vocabulary import NOTES, SELLERS

_FIRST_NAMES = ("Amara", "Łukasz", "Renée", "D'Shawn", "Thi Hoa", "Bjørk", "Иван", "Maria José", "Quinn", "Sam")
_LAST_NAMES = ("Vasquez", "O'Dwyer", "Þórsdóttir", "Nakamura", "el-Amin", "Smith", "García Ruiz", "")
_ROLES = ("Owner", "Buyer", "Inventory Manager", "Bookkeeper", "Gérant", None)
_ACTIVITIES = ("Call", "Email", "Visit", "Sample Drop", "Note")
_MESSAGES = (
    "Left a voicemail.", "Wants the menu again on Monday", "Tasting at 14:00 — très content 🎉", "لم يرد",
    "Out of prerolls; will reorder\nafter the holiday",
)  # fmt: skip
_CONTACTS_PER_CUSTOMER = 4  # at most; the id of a contact tells its customer
_ENTRIES_PER_CUSTOMER = 10  # of a new sandbox; the id of these tells their customer, too
FIRST_NEW_ENTRY = 9_000_001
# id, words, description, whose, colour; the first three are LeafLink's own
_STATUSES = (
    (11, "Prospect", "Never ordered", None, "#7aa5d2"),
    (12, "Active", None, None, "#3c9d57"),
    (13, "Lapsed", "", None, None),
    (14, "On hold — QA", "Waits for the auditor", 3107, "#ffbf00"),
    (15, "À relancer", None, 3244, None),
)
_TIERS = ((1, "Gold"), (2, "Silver"), (3, "Bronze"))
_FOUNDED = datetime.fromisoformat("2019-05-02T10:00:00.000001-06:00")
_REASONS = {
    "leaflink_return": "LeafLink Return",
    "promo_new_customer": "Promo: New Customer",
    "return_defective": "Return: Defective",
    "return_order_issue": "Return: Order Issue",
    "other": "Other",
}


def _ids(*names: str) -> dict[str, Filter]:
    """Return the filters by ids, under the name of the field and with `_id` behind it."""
    found = {name: filters.one_of_numbers(filters.field(name)) for name in names}
    return found | {f"{name}_id": one_of for name, one_of in found.items()}


CONTACTS = Table(
    path="contacts/",
    columns={**TIMES, "customer_id": Column("INTEGER", lambda row: row["id"] // _CONTACTS_PER_CUSTOMER)},
    filters={
        **TIME_FILTERS,
        **text_filters(("first_name", "last_name")),
        "id": filters.is_number("key"),
        "owner": filters.one_of_numbers(filters.field("owner")),
        "company_slug": seller_slug(filters.field("owner")),
        "delete": filters.is_true(filters.field("delete")),
    },
    indexes=("customer_id",),
)

ACTIVITY_ENTRIES = Table(
    path="activity-entries/",
    columns={**TIMES, "date": moment("date")},
    filters={
        **TIME_FILTERS,
        **filters.instants("date", "date {}"),
        **text_filters(("entry",)),
        **_ids("owner", "author", "company", "customer", "staff", "brand", "contact"),
        "id": filters.is_number("key"),
        "type": filters.words(filters.field("type")),
        "search": filters.contains(filters.field("entry")),
        "company_slug": seller_slug(filters.field("owner")),
        "delete": filters.is_true(filters.field("delete")),
        "is_deleted": filters.is_true(filters.field("delete")),
    },
)

CUSTOMER_STATUSES = Table(
    path="customer-statuses/",
    filters={
        "id": filters.is_number("key"),
        "state": filters.contains(filters.field("state")),
        "order": filters.is_number(filters.field("order")),
        "description": filters.equals(filters.field("description")),
        "owner": filters.is_number(filters.field("owner")),
        "is_stock": filters.is_true(filters.field("is_stock")),
        "hex_color": filters.equals(filters.field("hex_color")),
        "company_slug": seller_slug(filters.field("owner")),
        "search": filters.contains(f"{filters.field('state')} || coalesce({filters.field('description')}, '')"),
    },
)

CUSTOMER_TIERS = Table(path="customer-tiers/")

CREDITS = Table(
    path="credits/",
    columns={"applied_to": Column("TEXT", lambda row: row["applied_to"])},
    filters={
        "status": filters.words(filters.field("status")),
        "reason": filters.words(filters.field("reason")),
        "brand": filters.one_of_numbers(filters.field("brand")),
        "customer": filters.one_of_numbers(filters.field("customer.id")),
        "order": filters.equals(filters.field("order")),
        "company_slug": seller_slug(filters.field("company")),
        "archived": filters.is_true(filters.field("archived")),
        "credit_date_after": lambda text: filters.Condition(f"{filters.field('credit_date')} >= ?", (text,)),
        "credit_date_before": lambda text: filters.Condition(f"{filters.field('credit_date')} <= ?", (text,)),
        "amount_min": filters.numbers("amount", filters.field("amount.amount"))["amount__gte"],
        "amount_max": filters.numbers("amount", filters.field("amount.amount"))["amount__lte"],
    },
)

RELATION_TABLES = (CONTACTS, ACTIVITY_ENTRIES, CUSTOMER_STATUSES, CUSTOMER_TIERS, CREDITS)


class Party(NamedTuple):
    """A customer with its contacts, and when it was created."""

    row: Row
    contacts: Sequence[Row]

    @property
    def created(self) -> datetime:
        """When the customer was created."""
        return datetime.fromisoformat(self.row["created_on"])


def make_statuses() -> Iterator[Row]:
    """Yield the statuses that customers have, and one more of each seller."""
    for position, (key, words, description, owner, color) in enumerate(_STATUSES):
        row: Row = {"id": key, "state": words, "order": position + 1, "description": description, "owner": owner}
        yield row | {"is_stock": owner is None, "hex_color": color}


def make_tiers() -> Iterator[Row]:
    """Yield the tiers that customers are in, and one more."""
    rng = random_for("tiers")
    for position, (key, rank) in enumerate(_TIERS):
        times = {"created_on": instant(_FOUNDED, rng), "modified": instant(_FOUNDED, rng)}
        yield {"id": key, **times, "rank": rank, "sort": position + 1}


def make_contacts(customer: Row, now: datetime, seed: int) -> list[Row]:
    """Return the people known at a customer: up to three, often none."""
    rng = random_for(seed, "contacts", customer["id"])
    first = customer["id"] * _CONTACTS_PER_CUSTOMER
    return [_contact(first + position, customer, now, rng) for position in range(rng.randrange(_CONTACTS_PER_CUSTOMER))]


def _contact(key: int, customer: Row, now: datetime, rng: Random) -> Row:
    known = datetime.fromisoformat(customer["created_on"])
    created = known + (now - known) * rng.random()
    first_name, last_name = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
    return {
        "id": key,
        "created_on": instant(created, rng),
        "modified": instant(created + (now - created) * rng.random(), rng),
        "owner": customer["owner"],
        "first_name": first_name,
        "last_name": last_name,
        "email": rng.choice((None, "", f"person-{key}@store.example")),
        "secondary_email": rng.choice((None, None, f"person-{key}.home@mail.example")),
        "role": rng.choice(_ROLES),
        "description": rng.choice((None, "", "Prefers texts ☎ after noon")),
        "phone": rng.choice((None, "", f"(720) 555-{key % 10000:04d}")),
        "phone_extension": rng.choice((None, "", "12")),
        "secondary_phone": rng.choice((None, "")),
        "secondary_phone_extension": rng.choice((None, "")),
        "delete": rng.random() < 0.04,
    }


def make_entries(party: Party, now: datetime, seed: int) -> list[Row]:
    """Return what was noted about a customer until now: up to six entries."""
    rng = random_for(seed, "entries", party.row["id"])
    moments = (party.created + (now - party.created) * rng.random() for _ in range(rng.randrange(7)))
    first = party.row["id"] * _ENTRIES_PER_CUSTOMER
    return [entry(first + position, party, made, rng) for position, made in enumerate(sorted(moments))]


def entry(key: int, party: Party, made: datetime, rng: Random) -> Row:
    """Return an entry about a customer, written then about some hours before."""
    customer = party.row
    seller = next(each for each in SELLERS if each.id == customer["owner"])
    contact = rng.choice(party.contacts)["id"] if party.contacts and rng.random() < 0.6 else None
    return {
        "id": key,
        "type": rng.choice(_ACTIVITIES),
        "created_on": instant(made, rng),
        "modified": instant(made, rng),
        "date": instant(max(party.created, made - timedelta(hours=rng.randrange(30))), rng),
        "entry": rng.choice(_MESSAGES),
        "delete": rng.random() < 0.03,
        "owner": seller.id,
        "author": rng.choice(seller.reps)[0],
        "company": customer["partner"],
        "customer": customer["id"],
        "staff": rng.choice((None, None, seller.reps[0][0])),
        "brand": rng.choice((None, None, seller.brands[0][0])),
        "contact": contact,
    }


def credit_used(key: int, order: Row, rng: Random) -> Row:
    """Return the credit that was used for an order which has some applied."""
    row = _credit(key, order, scaled(order["credits"], 2), rng)
    shared = {"status": "used", "status_display": "Used", "applied_to": order["number"], "read_only": True}
    row |= shared | {"applied_to_display": order["order_seller_number"], "order": None, "order_display": None}
    return row | {"credit_date": datetime.fromisoformat(order["created_on"]).date().isoformat()}


def credit_granted(key: int, order: Row, now: datetime, rng: Random) -> Row:
    """Return a credit that was granted for something about an order, and not used so far."""
    created = datetime.fromisoformat(order["created_on"])
    status = rng.choice(("active", "active", "cancelled"))
    row = _credit(key, order, rng.randrange(500, 20000), rng)
    row |= {"order": order["number"], "order_display": order["order_seller_number"]}
    row |= {"status": status, "status_display": status.title(), "archived": status == "cancelled"}
    return row | {"credit_date": (created + (now - created) * rng.random()).date().isoformat()}


def _credit(key: int, order: Row, cents: int, rng: Random) -> Row:
    reason = rng.choice(tuple(_REASONS))
    customer: Any = order["customer"]
    return {
        "id": key,
        "company": order["seller"],
        "customer": customer if isinstance(customer, dict) else {"id": customer},
        "amount": {"amount": number(cents), "currency": order["total"]["currency"]},
        "credit_date": None,
        "status": "active",
        "status_display": "Active",
        "reason": reason,
        "reason_display": _REASONS[reason],
        "brand": order["brand"],
        "order": None,
        "order_display": None,
        "notes": rng.choice(NOTES) or "",
        "applied_to": None,
        "applied_to_display": None,
        "read_only": False,
        "archived": False,
    }
