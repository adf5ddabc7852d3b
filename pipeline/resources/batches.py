"""Production batches with their test results: GET /batches/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import (
    Boolean,
    Day,
    Exact,
    IdOrObject,
    Instant,
    LooseInteger,
    LooseText,
    Record,
    RequiredInteger,
    Text,
    one_of,
    personal,
)


class DocumentOfBatch(Record):
    """A document of a batch, such as a certificate of analysis."""

    id: LooseInteger = Field(None, description="Id of the document.")
    created_on: Instant = Field(None, description="When the document was uploaded.")
    modified: Instant = Field(None, description="When the document was last changed.")
    summary: Text = personal("What the document says, in short.")
    document: Text = Field(None, description="Address that the document can be fetched from.")


class Batch(Record):
    """A production batch; its test results are in `cannabinoid_unit`."""

    id: RequiredInteger = Field(description="Key of the batch.")
    owner: IdOrObject = Field(None, description="Id of the company that made it.")
    production_batch_number: LooseText = Field(None, description="The company's own number of the batch.")
    batch_date: Day = Field(None, description="Date of the batch.")
    thc: Exact = Field(None, description="Content of THC.")
    thca: Exact = Field(None, description="Content of THCA.")
    total_thc: Exact = Field(None, description="Content of THC, with what THCA turns into.")
    cbd: Exact = Field(None, description="Content of CBD.")
    cbda: Exact = Field(None, description="Content of CBDA.")
    cbg: Exact = Field(None, description="Content of CBG.")
    cbn: Exact = Field(None, description="Content of CBN.")
    total_cannabinoids: Exact = Field(None, description="Content of all cannabinoids.")
    documents: list[DocumentOfBatch] | None = Field(None, description="Documents of the batch.")
    cannabinoid_unit: Text = Field(
        None,
        description="Unit of the test results: %, MG/ML or MG/G.",
        json_schema_extra=one_of("%", "MG/ML", "MG/G"),
    )
    testing_source: Text = Field(None, description="System that the test results come from.")
    is_from_api: Boolean = Field(None, description="Whether another system created the batch.")


BATCHES = Resource(
    path="batches/",
    record=Batch,
    key="id",
    refresh=Full(),
    filters=frozenset(
        {f"batch_date__{suffix}" for suffix in ("lt", "lte", "gt", "gte")}
        | {"thc", "thca", "total_thc", "cbd", "cbda", "cbg", "cbn", "total_cannabinoids"}
        | {"id", "owner", "company_slug", "production_batch_number", "products"}
    ),
)
