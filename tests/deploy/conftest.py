"""The source that what runs on a machine of its own reads."""

from tests.docs.operations import leaflink  # noqa: F401
