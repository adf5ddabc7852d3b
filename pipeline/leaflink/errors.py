"""What a request can end with, beyond the errors that every part of Leafhouse shares."""

from dataclasses import dataclass

from pipeline.errors import IncompleteError, RefusedError


class NotFoundError(IncompleteError):
    """LeafLink answered 404 for `path`: the key cannot see that row, or the API does not offer that listing."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class RejectedError(IncompleteError):
    """LeafLink does not accept a request for `path` as it stands (400 and its like): asking again is no use."""

    ending = "Nothing was committed; the last warehouse stays in place."

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class FailingError(IncompleteError):
    """LeafLink fails for a request for `path` again and again, while it answers for others."""

    def __init__(self, path: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.reason = reason


class ForbiddenError(RefusedError):
    """LeafLink answered 403 for `path`: the key lacks the permission. Other paths may well work."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(eq=False)
class Hiccup(Exception):
    """One try failed in a way that a later try may not. It never leaves the client.

    `reason` is fit to be shown. `wait_seconds` is how long the server asks to be left alone, if it does.
    `throttled`: it was a 429. `overloaded`: fewer requests at a time may help. `unreachable`: nothing at all
    is there under that name. `empty`: the answer was a good one, but for that there is nothing in it.
    """

    reason: str
    wait_seconds: float | None = None
    throttled: bool = False
    overloaded: bool = False
    unreachable: bool = False
    empty: bool = False
