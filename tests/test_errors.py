"""How errors end: with the sentence of their class."""

import pytest

from pipeline.errors import (
    AuditError,
    ConfigurationError,
    IncompleteError,
    LeafhouseError,
    LockedError,
    ModelError,
    RefusedError,
    UsageError,
)
from pipeline.leaflink import NotFoundError, RejectedError


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (
            AuditError("Seen.", failed=1, warned=0),
            "What was landed is kept: mend the cause and run `leafhouse load` again.",
        ),
        (ConfigurationError("Seen."), "Nothing was changed."),
        (IncompleteError("Seen."), "the last warehouse stays in place. Run again later, it is safe."),
        (LockedError("Seen."), "Nothing was changed."),
        (ModelError("Seen."), "Nothing was changed."),
        (NotFoundError("products/", "Seen."), "Run again later, it is safe."),
        (RejectedError("products/", "Seen."), "the last warehouse stays in place."),
    ],
)
def test_an_error_ends_with_what_became_of_the_data(error: LeafhouseError, ending: str) -> None:
    assert error.message == "Seen."
    assert str(error).startswith("Seen. ")
    assert str(error).endswith(ending)


@pytest.mark.parametrize("kind", [UsageError, RefusedError])
def test_other_errors_say_all_in_their_message(kind: type[LeafhouseError]) -> None:
    assert str(kind("Seen.")) == "Seen."
