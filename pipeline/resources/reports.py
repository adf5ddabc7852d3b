"""Exports that were asked for, without what is in them: GET /reports/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import Instant, Json, LooseInteger, Record, RequiredText, Text, one_of, personal

_TYPES = one_of(
    "orders-assigned", "orders-received", "orders-sent", "orders-report", "ordered-products", "accounts-receivable",
    "customer-value", "sales-rep-activity-feed", "brand-performance", "brand-owner-brand-performance",
    "brand-owner-inventory-overview",
)  # fmt: skip


class Report(Record):
    """An export that a user asked for."""

    number: RequiredText = Field(description="Key of the report.")
    user: LooseInteger = Field(None, description="Id of the member of staff who asked for it.")
    status: Text = Field(
        None, description="running, completed or failed.", json_schema_extra=one_of("running", "completed", "failed")
    )
    report_type: Text = Field(
        None, description="What is exported, such as accounts-receivable.", json_schema_extra=_TYPES
    )
    request_time: Instant = Field(None, description="When it was asked for.")
    complete_time: Instant = Field(None, description="When it was sent.")
    company: LooseInteger = Field(None, description="Id of the company that it is about.")
    export: Text = Field(None, description="Where the file is.")
    query: Json = personal("What it was limited to, free-form: people may have been searched for.")
    to_email: Text = personal("E-mail address that it was sent to.")


REPORTS = Resource(
    path="reports/",
    record=Report,
    key="number",
    refresh=Full(),
    filters=frozenset({"company_slug"}),
)
