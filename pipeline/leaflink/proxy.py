"""The proxy that requests go through, where one is set: never one that merely lies about in the environment."""

from dataclasses import dataclass
from urllib.request import getproxies, proxy_bypass

from pydantic import SecretStr
from yarl import URL

from pipeline.errors import ConfigurationError

_ENVIRONMENT = "environment"
ADVICE = "Set LEAFLINK_PROXY with both: http://user:password@host:port."


@dataclass(frozen=True)
class Proxy:
    """A proxy. Its URL may hold a password and shows in no repr; as text it is the address without one."""

    url: SecretStr
    is_from_environment: bool = False

    def __str__(self) -> str:
        url = URL(self.url.get_secret_value())
        return str(url.with_user(None).with_password(None)).rstrip("/")


def read_proxy(setting: SecretStr | None, base_url: str) -> Proxy | None:
    """Return the proxy for a base URL: the one that is set, or that of the environment where that is set.

    Raises ConfigurationError for what is no address of a proxy; the message does not show it.
    """
    if setting is None:
        return None
    text, is_from_environment = setting.get_secret_value().strip(), False
    if text == _ENVIRONMENT:
        url, found = URL(base_url), getproxies()
        if proxy_bypass(url.host or "") or url.scheme not in found:
            return None
        text, is_from_environment = found[url.scheme], True
    try:
        url = URL(text)
        is_usable = url.scheme in ("http", "https") and bool(url.host) and bool(url.port)
    except ValueError:
        is_usable = False
    if not is_usable:
        name = "the environment's proxy, which LEAFLINK_PROXY asks for," if is_from_environment else "LEAFLINK_PROXY"
        raise ConfigurationError(
            f"{name} is no address. Write it like http://proxy.example:3128, or {_ENVIRONMENT} for HTTPS_PROXY and "
            "NO_PROXY."
        )
    return Proxy(SecretStr(text), is_from_environment)
