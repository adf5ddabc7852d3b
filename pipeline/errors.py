"""The errors a run can end with: the class says what to do next, the message says where and what was seen."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar

_FEW = 5


class LeafhouseError(Exception):
    """A run cannot go on. `exit_code` is what the command exits with.

    The text is the `message`, in whole sentences, and the `ending` of the class: what became of the data.
    """

    exit_code = 1
    ending: ClassVar[str] = ""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message} {self.ending}" if self.ending else message)
        self.message = message


class AuditError(LeafhouseError):
    """An audit of severity error found rows: nothing was published. Look at the rows, mend, load again."""

    exit_code = 1
    ending = "What was landed is kept: mend the cause and run `leafhouse load` again."

    def __init__(self, message: str, *, failed: int, warned: int) -> None:
        """Take how many audits of severity error and warn found rows, too."""
        super().__init__(message)
        self.failed = failed
        self.warned = warned


class UsageError(LeafhouseError):
    """The command was called with something that it cannot use. Call it again, corrected."""

    exit_code = 2


class ConfigurationError(LeafhouseError):
    """A setting, a key or the data folder is not as it must be. Fix it, then run again."""

    exit_code = 3
    ending = "Nothing was changed."


class IncompleteError(LeafhouseError):
    """The source could not be reached or not be read completely. Run again later, it is safe."""

    exit_code = 4
    ending = "Nothing was committed; the last warehouse stays in place. Run again later, it is safe."


class RefusedError(LeafhouseError):
    """LeafLink answered 403 for a resource. Its last rows stay; give the key the permission."""

    exit_code = 5


class LockedError(LeafhouseError):
    """Another run holds the data folder. Wait for it."""

    exit_code = 6
    ending = "Nothing was changed."


class StaleError(LeafhouseError):
    """The data are older than `status --max-age` allows. See why the last run failed, and run again."""

    exit_code = 9


class ModelError(LeafhouseError):
    """A file of sql/ cannot be read, or its query fails; the message names file and line. Mend it, load again."""

    exit_code = 8
    ending = "Nothing was changed."  # models run in the file that is being built


def describe_unknown(kind: str, wanted: str, known: Iterable[str]) -> str:
    """Return that there is no `kind` called `wanted`, with the known names that are nearest to it, in any case."""
    names = {name.casefold(): name for name in sorted(known)}
    if not names:
        return f"{wanted}: no such {kind}; there is none at all."
    near = get_close_matches(wanted.casefold(), names, n=_FEW, cutoff=0.4) or list(names)[:_FEW]
    return f"{wanted}: no such {kind}. The nearest: {', '.join(names[name] for name in near)}."
