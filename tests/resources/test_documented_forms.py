"""Rows as the reference gives them, in every form that it and the samples know, land without a word of doubt."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from pipeline.decoding.rows import RowDecoder
from pipeline.resources import all_resources

ORDER = "93b532b3-a125-4cd2-9b71-9996b1e164ce"
NOON = datetime(2022, 9, 1, 16, tzinfo=UTC)
# Resource, fields of a row as sent, and columns as they land.
FORMS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "order_sales_reps",
        {"order": ORDER, "rep": 4, "created_on": "2022-09-01T10:00:00.000000-06:00"},
        {"order": ORDER, "rep": 4, "created_on": NOON},
    ),
    ("order_sales_reps", {"order": ORDER, "rep": {"id": 4, "user": "A. B."}}, {"rep": 4}),
    (
        "order_event_logs",
        {"by": "placeholder.user", "description": None, "timestamp": "2022-09-01T16:00:00Z", "source_detail": "string",
         "changed_fields": {"status": {"original": "Accepted", "new": "Fulfilled"}}},
        {"by": "placeholder.user", "description": None, "timestamp": NOON,
         "changed_fields": '{"status":{"original":"Accepted","new":"Fulfilled"}}'},
    ),
    ("order_event_logs", {"changed_fields": ["notes"]}, {"changed_fields": '["notes"]'}),
    ("order_event_logs", {"changed_fields": None, "order": None}, {"changed_fields": None, "order": None}),
    ("product_categories", {"name": "Flower", "slug": "flower", "description": ""}, {"description": ""}),
    ("product_subcategories", {"name": "Shake", "slug": "shake", "category": 1}, {"category": 1}),
    ("product_subcategories", {"category": {"id": 1, "name": "Flower"}}, {"category": 1}),
    ("product_images", {"image": "http://example.com", "product": 7, "position": 5}, {"product": 7, "position": 5}),
    ("product_images", {"position": None}, {"position": None}),
    ("product_lines", {"name": "string", "brand": 0, "menu_position": None}, {"brand": 0, "menu_position": None}),
    ("strains", {"parents": [], "company": None, "strain_classification": "11-cbd"}, {"parents": [], "company": None}),
    ("strains", {"parents": [3, 4], "company": 9}, {"parents": [3, 4], "company": 9}),
    ("batches", {"owner": "3107", "batch_date": "2019-08-24"}, {"owner": 3107, "batch_date": date(2019, 8, 24)}),
    ("batches", {"owner": 3107, "thc": "21.4000", "cbd": 0.3}, {"owner": 3107, "thc": Decimal("21.4")}),
    ("batches", {"thca": None, "documents": [], "is_from_api": True}, {"thca": None, "documents": []}),
    (
        "batches",
        {"documents": [{"id": 5, "created_on": "2022-09-01T16:00:00Z", "summary": "s", "document": "http://x"}]},
        {"documents": [{"id": 5, "created_on": NOON, "modified": None, "summary": "s", "document": "http://x"}]},
    ),
    ("product_batches", {"product": "20001", "batch": 7}, {"product": 20001, "batch": 7}),
    ("product_batches", {"product": 20001, "batch": 7}, {"product": 20001, "batch": 7}),
    ("batch_documents", {"batch": 7, "modified": "2022-09-01T16:00:00Z"}, {"batch": 7, "modified": NOON}),
    (
        "inventory_items",
        {"quantity": 12.25, "quantity_in_product_uom": "12.2500", "reserved_qty": "0", "batch": None},
        {"quantity": Decimal("12.25"), "quantity_in_product_uom": Decimal("12.25"), "batch": None},
    ),
    ("inventory_items", {"quantity": 3, "is_archived": False}, {"quantity": Decimal(3), "is_archived": False}),
    ("inventory_facilities", {"name": "string", "description": "string"}, {"name": "string"}),
    ("listing_states", {"name": "Available"}, {"id": "1", "_extra": '{"name":"Available"}'}),
    ("listing_states", {"id": "available"}, {"id": "available"}),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "sent", "lands"), FORMS)
def test_a_documented_form_lands(resource: str, sent: dict[str, Any], lands: dict[str, Any]) -> None:
    decoded = RowDecoder(all_resources()[resource]).decode([orjson.dumps({"id": 1} | sent)])

    assert decoded.rejected == []
    (row,) = decoded.table.to_pylist()
    assert {name: row[name] for name in lands} == lands
    assert (row["_extra"] is None) != ("_extra" in lands)


@pytest.mark.parametrize("resource", sorted({resource for resource, _, _ in FORMS}))
def test_a_row_of_its_key_alone_lands_and_one_without_is_set_aside(resource: str) -> None:
    decoded = RowDecoder(all_resources()[resource]).decode([b'{"id": 1}', b'{"name": "nobody"}', b'{"id": null}'])

    assert decoded.table.num_rows == 1
    assert [each.path for each in decoded.rejected] == ["id", "id"]
