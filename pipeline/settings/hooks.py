"""The hooks: what is called when a job has ended, a command or an address."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr

ON_SUCCESS, ON_FAILURE = "LEAFHOUSE_ON_SUCCESS", "LEAFHOUSE_ON_FAILURE"
# How a command that a hook runs finds out what happened; one that finds it calls no hooks, or they would never end.
EXIT_CODE = "LEAFHOUSE_EXIT_CODE"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True)
class Hook:
    """A command of the shell, or an address to post to, and the setting `name` that holds it.

    Either may hold a token, and shows in no repr; as text it is the host, or the words "a command".
    """

    name: str
    value: SecretStr

    @property
    def is_address(self) -> bool:
        """Whether it is posted to."""
        return _ADDRESS.match(self.value.get_secret_value()) is not None

    def __str__(self) -> str:
        if not self.is_address:
            return "a command"
        return urlsplit(self.value.get_secret_value()).netloc.rpartition("@")[2]


@dataclass(frozen=True)
class Hooks:
    """The hook for each way a job can end; None where nothing is to be called."""

    on_success: Hook | None = None
    on_failure: Hook | None = None

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Self:
        """Return the hooks among some variables: none for a command that a hook runs itself."""
        if EXIT_CODE in values:
            return cls()
        return cls(*(Hook(name, SecretStr(values[name])) if values.get(name) else None
                     for name in (ON_SUCCESS, ON_FAILURE)))  # fmt: skip


def usable_hook(value: SecretStr | None) -> SecretStr | None:
    """Return the value of a hook. Raises ValueError, which does not show it, for an address that is none of HTTP."""
    if value is None or not _ADDRESS.match(value.get_secret_value()):
        return value
    try:
        parts = urlsplit(value.get_secret_value())
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError("no address of a server; write it like https://hooks.example/path, or write a command")
    return value
