"""Where the data comes from: one base URL, one key, and the promise that the key goes nowhere else."""

import hashlib
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from pydantic import SecretStr
from yarl import URL

from pipeline.errors import ConfigurationError, IncompleteError
from pipeline.leaflink.proxy import Proxy

DEFAULT_BASE_URL = "https://app.leaflink.com/api/v2/"

Scheme = Literal["App", "Token"]

# Segments of unreserved characters, each closed by a slash: no scheme, no host, no "..", no "//", no query. LeafLink
# answers 400 to a path without the slash at its end.
_PATH = re.compile(r"(?:[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*/)+")


@dataclass(frozen=True)
class Source:
    """A LeafLink API and the key for it. Raises ConfigurationError, naming the setting, where one is no good.

    `base_url` is kept with a slash at its end. The key shows in no repr; `key_name` is the variable that holds it.
    Where there is a `proxy`, everything is asked through it.
    """

    base_url: str
    key: SecretStr
    scheme: Scheme = "App"
    key_name: str = "LEAFLINK_API_KEY"
    proxy: Proxy | None = None

    def __post_init__(self) -> None:
        key = self.key.get_secret_value()
        _check_key(key, self.key_name)
        object.__setattr__(self, "base_url", _checked_base_url(self.base_url, key))
        if self.scheme not in ("App", "Token"):
            raise ConfigurationError(f"LEAFLINK_AUTH_SCHEME is {_shown(self.scheme)}. Set it to App or to Token.")

    @property
    def host(self) -> str:
        """The host, with its port where that is not the usual one: what messages call the source."""
        return str(URL(self.base_url).host_port_subcomponent)

    @property
    def authorization(self) -> str:
        """The value of the Authorization header. It holds the key: for the session's headers only."""
        return f"{self.scheme} {self.key.get_secret_value()}"

    @property
    def fingerprint(self) -> str:
        """A name for this key at this host that cannot be turned back into the key."""
        text = f"leafhouse pacing\0{self.host}\0{self.key.get_secret_value()}"
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    @property
    def key_fingerprint(self) -> str:
        """A name for this key at any host that cannot be turned back into the key."""
        return hashlib.sha256(f"leafhouse account\0{self.key.get_secret_value()}".encode()).hexdigest()[:24]

    def url_of(self, path: str) -> URL:
        """Return the URL of `path` below the base; raise IncompleteError for a path that could lead elsewhere."""
        if not _PATH.fullmatch(path):
            raise IncompleteError(f"{self.redact(_shown(path))} is no path below {self.host}: it was not asked for.")
        return URL(self.base_url + path)

    def redact(self, text: str) -> str:
        """Return `text`, which someone else wrote, without the key."""
        key = self.key.get_secret_value()
        return text.replace(key, "[key]").replace(quote(key, safe=""), "[key]")


def _checked_base_url(base_url: str, key: str) -> str:
    text = base_url.strip()
    if not re.match(r"https?://", text, re.IGNORECASE):
        # What was given is shown only where it looks like a host: somebody may have put a password, or the key, there.
        is_host = re.fullmatch(r"[A-Za-z0-9.-]+\.[A-Za-z]+[A-Za-z0-9:/._-]*", text) and key not in text
        raise ConfigurationError(
            "LEAFLINK_BASE_URL has to start with https:// (or http://). "
            f"Write {'https://' + text if is_host else 'for example ' + DEFAULT_BASE_URL}"
        )
    authority = re.split(r"[/?#]", text.split("://", 1)[1], maxsplit=1)[0]
    if "@" in authority:
        raise ConfigurationError(
            "LEAFLINK_BASE_URL holds a user name or a password. Take it out: the key goes into LEAFLINK_API_KEY."
        )
    if "?" in text or "#" in text:
        raise ConfigurationError(
            f"LEAFLINK_BASE_URL holds a query or a fragment (? or #). Take it out; write for example {DEFAULT_BASE_URL}"
        )
    return _parsed(text, authority)


def _parsed(text: str, authority: str) -> str:
    try:
        url = URL(text)
    except ValueError:
        url = None
    if url is None or not url.host or not url.port or re.search(r"\s", authority):
        raise ConfigurationError(
            f"LEAFLINK_BASE_URL names no host, or no port that exists. Write for example {DEFAULT_BASE_URL}"
        )
    return str(url).rstrip("/") + "/"


def _check_key(key: str, name: str) -> None:
    if not key:
        raise ConfigurationError(f"{name} is empty. Set it to the key that LeafLink gave you.")
    if not re.fullmatch(r"[!-~]+", key):
        raise ConfigurationError(
            f"{name} holds a space, a line break or another character that no key has. "
            "Give the key alone: the word before it (App or Token) goes into LEAFLINK_AUTH_SCHEME."
        )


def _shown(text: object) -> str:
    return ascii(text)[:80]
