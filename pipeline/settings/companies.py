"""The companies to read: one from the settings, or those that `leafhouse.toml` has a section for."""

import os
import re
import socket
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, ValidationError

from pipeline.errors import ConfigurationError
from pipeline.settings.environment import (
    COMPANIES_FILE,
    ENV_FILE,
    LIVE_BASE_URL,
    Settings,
    Zone,
    read_file,
    read_variables,
    refuse_readable_secret,
)

DEFAULT_NAME = "default"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True)
class Company:
    """A company to read, and the key that sees it.

    Without `api_key`, which the variable `key_name` holds, it is the embedded sandbox. `resources` are those to read,
    None for all; `also` are more, which are read only when they are named. Companies of one `owner` share a rate
    budget: LeafLink counts the requests of all keys that one person made together.
    """

    name: str
    api_key: SecretStr | None
    auth_scheme: Literal["App", "Token"]
    base_url: str
    timezone: str
    owner: str
    resources: tuple[str, ...] | None = None
    also: tuple[str, ...] = ()
    key_name: str = "LEAFLINK_API_KEY"


def read_companies(settings: Settings) -> tuple[Company, ...]:
    """Return the companies of `leafhouse.toml` in its order, or the one of the settings where there is none.

    What the environment sets (scheme, base URL, time zone, what to read also) beats the file. Raises ConfigurationError
    for a file that cannot be used, and for a key that is not set.
    """
    sections = _read_sections(COMPANIES_FILE)
    if sections is None:
        return (_only_company(settings),)
    for section in sections.values():
        refuse_readable_secret(ENV_FILE, section.key)
    variables = read_variables()
    companies = tuple(
        _company(name, section, settings, variables.get(section.key)) for name, section in sections.items()
    )
    _refuse_one_key_twice(companies)
    return companies


def read_key(company: Company, folder: Path) -> SecretStr:
    """Return the key of a company from the environment of this process, else from the `.env` in `folder`.

    Raises ConfigurationError when neither has it, or when others can read the file.
    """
    path = folder / ENV_FILE
    refuse_readable_secret(path, company.key_name)
    key = os.environ.get(company.key_name) or _read_once(path).get(company.key_name)
    if not key:
        raise ConfigurationError(
            f"{company.name}: {company.key_name} is not set for the process {os.getpid()} on {socket.gethostname()}, "
            f"neither in its environment nor in {path}. Set it for the workers of the engine, too."
        )
    return SecretStr(key)


def read_proxy_setting(folder: Path) -> str | None:
    """Return LEAFLINK_PROXY from the environment of this process, else from the `.env` in `folder`; None without."""
    return os.environ.get("LEAFLINK_PROXY") or _read_once(folder / ENV_FILE).get("LEAFLINK_PROXY")


def _read_once(path: Path) -> Mapping[str, str]:
    try:
        found = path.stat()
    except OSError:
        return {}
    return _read_as_of(path, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=4)
def _read_as_of(path: Path, *state: int) -> Mapping[str, str]:
    # A worker of an engine reads many accounts: with 1,000 keys, their file took longer to read than an account.
    return read_file(path)


def refuse_other_names(companies: Iterable[Company], held: Iterable[str], folder: Path) -> None:
    """Raise ConfigurationError when all that is held was read without a file, and now there is one; or the reverse.

    The same rows would come once more under another name, and every sum would count them twice.
    """
    named, known = {company.name for company in companies}, set(held)
    if not known or known & named or DEFAULT_NAME not in known | named:
        return
    if DEFAULT_NAME in known:
        seen = f"what it holds was read without {COMPANIES_FILE}, as {DEFAULT_NAME}, and would be there twice"
        mend = f"Call the section of that company [companies.{DEFAULT_NAME}]"
    else:
        seen = f"holds {', '.join(sorted(known))}, read with a {COMPANIES_FILE}, and here is none"
        mend = "Run where it is"
    raise ConfigurationError(f"{folder}: {seen}. {mend}, or set LEAFHOUSE_DATA_DIR to a new folder.")


def _refuse_one_key_twice(companies: Iterable[Company]) -> None:
    seen = dict[tuple[str, str | None], str]()
    for company in companies:
        source = (company.base_url, company.api_key.get_secret_value() if company.api_key else None)
        if source in seen:
            raise ConfigurationError(
                f"{COMPANIES_FILE}: {seen[source]} and {company.name} have the same key: all rows would be there "
                "twice. Take one of the two out, or give each the key of its company."
            )
        seen[source] = company.name


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    key: str = "LEAFLINK_API_KEY"
    scheme: Literal["App", "Token"] | None = None
    base_url: str | None = None
    timezone: Zone | None = None
    owner: str | None = None
    resources: tuple[str, ...] | None = None
    also: tuple[str, ...] = ()


def _named(sections: dict[str, _Section]) -> dict[str, _Section]:
    for name in sections:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a company: use a to z, 0 to 9, _ and -")
    if not sections:
        raise ValueError("no company")
    return sections


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    companies: Annotated[dict[str, _Section], AfterValidator(_named)]


def _read_sections(path: Path) -> dict[str, _Section] | None:
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return _File.model_validate(content).companies
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: not TOML ({error}). Correct it.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{path}: {where}: {message}. See docs/settings.md for what it may hold.") from None


def _company(name: str, section: _Section, settings: Settings, key: str | None) -> Company:
    if not key:
        raise ConfigurationError(
            f"{COMPANIES_FILE}: companies.{name}: {section.key} is not set. Set it in the environment or in {ENV_FILE} "
            "to the key that LeafLink issued."
        )
    given = settings.model_fields_set
    return Company(
        name=name,
        api_key=SecretStr(key),
        auth_scheme=settings.auth_scheme if "auth_scheme" in given else section.scheme or settings.auth_scheme,
        base_url=settings.base_url or section.base_url or LIVE_BASE_URL,
        timezone=settings.timezone if "timezone" in given else section.timezone or settings.timezone,
        owner=section.owner or section.key,
        resources=section.resources,
        also=_also(settings) or section.also,
        key_name=section.key,
    )


def _only_company(settings: Settings) -> Company:
    return Company(
        name=DEFAULT_NAME,
        api_key=settings.api_key,
        auth_scheme=settings.auth_scheme,
        base_url=settings.base_url or LIVE_BASE_URL,
        timezone=settings.timezone,
        owner=DEFAULT_NAME,
        also=_also(settings),
    )


def _also(settings: Settings) -> tuple[str, ...]:
    return tuple(name for name in settings.also.split(",") if name.strip())
