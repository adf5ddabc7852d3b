"""Documents of batches, such as certificates of analysis: GET /batch-documents/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import IdOrObject, Instant, Record, RequiredInteger, Text, personal


class BatchDocument(Record):
    """A document that was uploaded for a batch."""

    id: RequiredInteger = Field(description="Key of the document.")
    batch: IdOrObject = Field(None, description="Id of the batch.")
    created_on: Instant = Field(None, description="When the document was uploaded.")
    modified: Instant = Field(None, description="When the document was last changed.")
    summary: Text = personal("What the document says, in short.")
    document: Text = Field(None, description="Address that the document can be fetched from.")


# Rows say when they were changed, but the listing cannot be asked by it.
BATCH_DOCUMENTS = Resource(path="batch-documents/", record=BatchDocument, key="id", refresh=Full())
