"""The oracle's dimensions."""

from datetime import date, timedelta
from typing import Any

from .source import (
    FOUR,
    SIX,
    Row,
    Source,
    amount_of,
    currency_of,
    id_of,
    listed,
    month_end,
    month_start,
    number,
    rounded,
)

CONTACT_WORDS = ("first_name", "last_name", "role", "phone", "email")
MONEY_WORDS = ("account", "payable", "a/p", "billing", "finance")


def dim_products(source: Source) -> list[Row]:
    return [_product(source, row) for row in source.of("products")]


def _product(source: Source, row: Row) -> Row:
    managed = str(row.get("inventory_management")) == "1"
    sale, multiplier = amount_of(row.get("sale_price")), row.get("unit_multiplier") or 0
    stocks = {"on_hand": "quantity", "reserved": "reserved_qty", "available": "available_inventory"}
    return (
        {"_company": source.company, "seller_id": row.get("seller")}
        | source.product(row["id"])
        | {name: rounded(number(row.get(field)), FOUR) if managed else None for name, field in stocks.items()}
        | {
            "product_line_id": row.get("product_line"),
            "category_id": row.get("category"),
            "subcategory_id": row.get("sub_category"),
            "subcategory": source.name("product_subcategories", row.get("sub_category")),
            "strains": listed(source.name("strains", strain) for strain in row.get("strains") or []),
            "strain_classification": row.get("strain_classification") or None,
            "parent_id": id_of(row.get("parent")),
            "listing_state": row.get("listing_state") or None,
            "is_managed": managed,
            "unit_of_measure": row.get("unit_of_measure") or None,
            "unit_multiplier": max(int(multiplier), 1),
            "wholesale_case_price": rounded(amount_of(row.get("wholesale_price")), SIX),
            "sale_case_price": rounded(sale, SIX) if sale else None,
            "retail_unit_price": rounded(amount_of(row.get("retail_price")), SIX),
            "price_currency": currency_of(row.get("wholesale_price")),
            "created_date": source.day(row.get("created_on")),
        }
    )


def dim_customers(source: Source) -> list[Row]:
    return [_customer(source, row) for row in source.of("customers")]


def _phone(row: Row) -> str | None:
    extension = row.get("phone_extension")
    return (row["phone"] + (f" x{extension}" if extension else "")) if row.get("phone") else None


def _contacts(source: Source, row: Row) -> list[Row]:
    """The customer's contacts, as `contacts` has them, else as the customer names them: by the largest of its words."""
    named: dict[Any, Row] = {}
    for given in row.get("contacts") or []:
        item = given if isinstance(given, dict) else {"id": given}
        words = named.setdefault(item["id"], {"id": item["id"]})
        words |= {field: max(item.get(field) or "", words.get(field, "")) for field in CONTACT_WORDS}
    found = []
    for key, words in named.items():
        record = source.one("contacts", key) or words
        if not record.get("delete"):
            name = " ".join(filter(None, [record.get("first_name"), record.get("last_name")])) or None
            role, phone = record.get("role") or None, _phone(record)
            text = " ".join(filter(None, [name, f"({role})" if role else None, phone])) or None
            found.append({"id": key, "name": name, "role": role, "phone": phone, "text": text})
            found[-1]["email"] = record.get("email") or None
    return found


def _about_money(role: str | None) -> bool:
    plain = (role or "").lower()
    return any(word in plain for word in MONEY_WORDS) or "ap" in plain.replace("-", " ").replace(",", " ").split()


def _customer(source: Source, row: Row) -> Row:
    contacts = _contacts(source, row)
    best = min(
        contacts, key=lambda each: (not _about_money(each["role"]), each["phone"] is None, each["id"]), default={}
    )
    managers = {id_of(manager) for manager in row.get("managers") or []} - {None}
    license_number, is_inactive = row.get("license_number") or None, bool(row.get("license_inactive"))
    address = [row.get(name) for name in ("address", "unit_number", "city", "state", "zipcode")]
    return {
        "_company": source.company,
        "customer_id": row["id"],
        "customer_name": row.get("nickname") or row.get("name") or None,
        "customer_state": row.get("state") or None,
        "seller_id": row.get("owner"),
        "currency": row.get("currency") or None,
        "legal_name": row.get("name") or None,
        "partner_id": row.get("partner"),
        "license_number": license_number,
        "license_type": source.name("license_types", row.get("license_type"), "display_type"),
        "is_license_inactive": is_inactive,
        "is_licensed": license_number is not None and not is_inactive,
        "tier": source.name("customer_tiers", row.get("tier"), "rank"),
        "customer_status": source.name("customer_statuses", row.get("status"), "state"),
        "service_zone_id": id_of(row.get("service_zone")),
        "city": row.get("city") or None,
        "address": ", ".join(filter(None, address)) or None,
        "phone": _phone(row),
        "email": row.get("email") or None,
        "contacts": listed(each["text"] for each in contacts),
        "contact_id": best.get("id"),
        "contact_name": best.get("name"),
        "contact_role": best.get("role"),
        "contact_phone": best.get("phone"),
        "contact_email": best.get("email"),
        "managers": listed(source.name("company_staff", manager, "display_name") for manager in managers),
        "manager_count": len(managers),
        "discount_percent": rounded(number(row.get("discount_percent")), FOUR),
        "next_contact_date": source.day(row.get("next_contact_date")),
        "last_viewed_date": source.day(row.get("leaflink_last_views")),
        "created_date": source.day(row.get("created_on")),
        "is_delinquent": bool(row.get("delinquent")),
        "is_archived": bool(row.get("archived")),
    }


def dim_brands(source: Source) -> list[Row]:
    seen = source.by_id.get("companies", {})
    return [
        {
            "_company": source.company,
            "brand_id": row["id"],
            "brand_name": row.get("name") or None,
            "owner_id": row.get("company"),
            "owner_name": source.name("companies", row.get("company")),
            "is_owned": row.get("company") in seen,
        }
        for row in source.of("brands")
    ]


def dim_staff(source: Source) -> list[Row]:
    return [
        {
            "_company": source.company,
            "staff_id": row["id"],
            "staff_name": row.get("display_name") or None,
            "username": row.get("username") or None,
            "email": row.get("email") or None,
            "phone": row.get("phone") or None,
            "company_id": row.get("company"),
            "is_active": bool(row.get("is_active")),
            "is_admin": bool(row.get("is_admin")),
        }
        for row in source.of("company_staff")
    ]


def dim_companies(source: Source) -> list[Row]:
    return [
        {
            "_company": source.company,
            "company_id": row["id"],
            "company_name": row.get("name") or None,
            "state": row.get("state") or None,
            "is_seller": bool(row.get("seller")),
            "is_buyer": bool(row.get("buyer")),
        }
        for row in source.of("companies")
    ]


def dim_date(as_of: date) -> list[Row]:
    first, end = date(2014, 1, 1), date(as_of.year + 1, 12, 31)
    days = (first + timedelta(days=place) for place in range((end - first).days + 1))
    return [
        {
            "date": day,
            "month": month_start(day),
            "is_complete_month": month_end(day) <= as_of,
            "week": day - timedelta(days=day.weekday()),
            "quarter": date(day.year, (day.month - 1) // 3 * 3 + 1, 1),
            "year": day.year,
            "weekday": day.isoweekday(),
            "month_end": month_end(day),
            "days_ago": (as_of - day).days,
            "as_of": as_of,
        }
        for day in days
    ]
