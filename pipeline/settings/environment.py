"""Every setting, its default and its source: the environment, then `.env`, then the default."""

import grp
import os
import re
import stat
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from pipeline.errors import ConfigurationError
from pipeline.settings.hooks import EXIT_CODE, ON_FAILURE, ON_SUCCESS, Hooks, usable_hook
from pipeline.zones import zone_names

LIVE_BASE_URL = "https://app.leaflink.com/api/v2/"
ENV_FILE = Path(".env")
COMPANIES_FILE = Path("leafhouse.toml")
_STORES = ("s3", "gs", "abfs", "abfss")
_PREFIXES = ("LEAFLINK_", "LEAFHOUSE_")


# What DuckDB takes for a pattern of names, or for another system's separator, in the path of a file.
_PATTERN = re.compile(r"[*?\[\]\\]")
# What it takes for a bucket, a database elsewhere, or an extension: s3:/data, md:data. (Path makes one slash of two.)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def known_zone(name: str) -> str:
    """Return the name of a time zone. Raises ValueError, with the nearest one, for what is none."""
    if name not in zone_names():
        near = get_close_matches(name, zone_names(), 1) or ["America/Denver"]
        raise ValueError(f"not a time zone; write for example {near[0]}")
    return name


Zone = Annotated[str, AfterValidator(known_zone)]
HookValue = Annotated[SecretStr | None, AfterValidator(usable_hook)]


def _usable_folder_or_none(path: Path | None) -> Path | None:
    return None if path is None else _usable_folder(path)


def _usable_folder(path: Path) -> Path:
    """Return the path with ~ as the home folder. Raises ValueError for one that DuckDB would take for another."""
    try:
        path = path.expanduser()
    except RuntimeError:
        raise ValueError("~ stands for no folder here; write the whole path") from None
    try:
        whole = str(path.absolute()).encode().decode()
    except UnicodeEncodeError:
        raise ValueError("not UTF-8; give the folder another name") from None
    odd = _PATTERN.search(whole)
    if odd is not None:
        raise ValueError(f"DuckDB would read {odd[0]} in {whole} as a pattern; take a folder without it")
    if _ADDRESS.match(str(path)):
        raise ValueError(f"{path} begins like an address; data are kept on a disk of this machine, write a path of it")
    return path


def _usable_landing(url: str) -> str:
    """Return the URL of a landing in object storage. Raises ValueError for another one, and for one with keys in it.

    No message quotes it: what is wrong with it may be a secret.
    """
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    is_account = parts.scheme in ("abfs", "abfss") and ":" not in user  # its container stands there
    if (user and not is_account) or parts.query or parts.fragment:
        raise ValueError(
            "has more than a bucket and a prefix. Write no keys into it: they come from the environment, a profile or "
            "the role of the machine, and so do region (AWS_REGION) and address (AWS_ENDPOINT_URL)"
        )
    if parts.scheme not in _STORES or not parts.netloc:
        raise ValueError(
            "not a landing in object storage: write s3://bucket/prefix, gs:// or abfs://; without this setting, runs "
            "land in the data folder"
        )
    if ".." in parts.path.split("/") or "//" in parts.path:
        raise ValueError("its prefix has an empty part, or two dots; take another one")
    return url.rstrip("/")


def _day(value: Any) -> Any:
    # On its own, pydantic takes a number for seconds since 1970: a slip of the pen would compute another day.
    return date.fromisoformat(value) if isinstance(value, str) else value


def _file_mode(value: Any) -> Any:
    # Readers must not write: what another program has written to is not built upon.
    if isinstance(value, str):
        if not re.fullmatch("0?6[04][04]", value):
            raise ValueError("0600, 0640, 0604 or 0644: whoever else may read it must not write to it")
        return int(value, 8)
    return value


def _known_group(name: str) -> str:
    try:
        grp.getgrnam(name)
    except (KeyError, ValueError):  # it may be no text at all
        raise ValueError("there is no such group on this machine") from None
    return name


def _setting(name: str, default: Any, description: str, **limits: Any) -> Any:
    return Field(default, validation_alias=name, description=description, **limits)


class Settings(BaseModel):
    """The settings of a run. Counts are per minute, times in the unit of their name."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    api_key: SecretStr | None = _setting("LEAFLINK_API_KEY", None, "The key that LeafLink issued.")
    auth_scheme: Literal["App", "Token"] = _setting("LEAFLINK_AUTH_SCHEME", "App", "App or Token, as the key is.")
    base_url: str | None = _setting("LEAFLINK_BASE_URL", None, f"Where the API is; {LIVE_BASE_URL} with a key.")
    proxy: SecretStr | None = _setting("LEAFLINK_PROXY", None, "A proxy to ask through, or the word environment.")
    page_size: int = _setting("LEAFLINK_PAGE_SIZE", 100, "Rows to ask for in a page.", ge=1, le=10_000)
    rate_per_minute: int = _setting("LEAFLINK_RATE_PER_MINUTE", 300, "Requests a minute; 0 is no limit.", ge=0)
    burst_per_minute: int = _setting("LEAFLINK_BURST_PER_MINUTE", 1000, "Most in any 60 s; 0 is the rate.", ge=0)
    max_connections: int = _setting("LEAFLINK_MAX_CONNECTIONS", 16, "Most requests at the same time.", ge=1, le=256)
    give_up_seconds: float = _setting(
        "LEAFLINK_GIVE_UP_SECONDS", 300.0, "Seconds without one good answer that end a run.", gt=0
    )
    sandbox: bool = _setting("LEAFHOUSE_SANDBOX", False, "Ask for the invented data of the embedded sandbox.")
    data_dir: Annotated[Path, AfterValidator(_usable_folder)] = _setting(
        "LEAFHOUSE_DATA_DIR", Path("data"), "Where landing and warehouse are."
    )
    landing: Annotated[str | None, AfterValidator(lambda url: None if url is None else _usable_landing(url))] = (
        _setting(
            "LEAFHOUSE_LANDING", None, "Where runs land instead of the data folder: s3://bucket/prefix, gs://, abfs://."
        )
    )
    tables: Annotated[Path | None, AfterValidator(_usable_folder_or_none)] = _setting(
        "LEAFHOUSE_TABLES", None, "Where loads on an engine publish; `tables` in the data folder."
    )
    as_of: Annotated[date | None, BeforeValidator(_day)] = _setting(
        "LEAFHOUSE_AS_OF", None, "The date that the marts are computed for."
    )
    timezone: Zone = _setting("LEAFHOUSE_TIMEZONE", "UTC", "The reporting time zone.")
    trailing_days: int = _setting(
        "LEAFHOUSE_TRAILING_DAYS", 60, "Orders created in so many days are read every night.", ge=0, le=3660
    )
    personal: Literal["keep", "hash", "drop"] = _setting(
        "LEAFHOUSE_PII", "keep", "What is done to personal data before anything is written: keep, hash or drop."
    )
    also: str = _setting("LEAFHOUSE_ALSO", "", "What is read only when named here: comments, delivery information.")
    keep_warehouses: int = _setting(
        "LEAFHOUSE_KEEP_WAREHOUSES", 3, "Earlier warehouses that stay beside the published one.", ge=0, le=1000
    )
    keep_landing_days: int = _setting(
        "LEAFHOUSE_KEEP_LANDING_DAYS", 14, "Days for which landed runs stay as they came.", ge=0, le=36_600
    )
    keep_log_days: int = _setting(
        "LEAFHOUSE_KEEP_LOG_DAYS", 90, "Days for which traces of unforeseen errors stay.", ge=0, le=36_600
    )
    file_mode: Annotated[int, BeforeValidator(_file_mode)] = _setting(
        "LEAFHOUSE_FILE_MODE", 0o600, "Mode of the published warehouse: 0600, 0640, 0604 or 0644."
    )
    file_group: Annotated[str | None, AfterValidator(_known_group)] = _setting(
        "LEAFHOUSE_FILE_GROUP", None, "Group of the published warehouse."
    )
    report: bool = _setting("LEAFHOUSE_REPORT", False, "Write the report after each load.")
    sell_through_days: int = _setting("LEAFHOUSE_SELL_THROUGH_DAYS", 90, "Window of sell-through.", ge=1, le=3660)
    spark_remote: SecretStr | None = _setting(
        "LEAFHOUSE_SPARK_REMOTE", None, "The sc:// address of the engine that `--engine spark` runs on."
    )
    on_success: HookValue = _setting(ON_SUCCESS, None, "A command or a URL, called when a job is done.")
    on_failure: HookValue = _setting(ON_FAILURE, None, "A command or a URL, called when a job has failed.")


def read_settings(changes: Mapping[str, str] | None = None) -> Settings:
    """Read the settings, with some variables in place of those that are set.

    Raises ConfigurationError naming the variable, or the line, that cannot be used.
    """
    refuse_readable_secret(ENV_FILE, "LEAFLINK_API_KEY")
    values = {**read_variables(), **(changes or {})}
    _refuse_unknown(values)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        raise ConfigurationError(f"{name}: {_sentence(name, first['msg'])}") from None


def read_hooks() -> Hooks:
    """Return the hooks that are set, whatever other setting is no good: a job that ends with 3 calls its hook too."""
    try:
        return Hooks.of(read_variables())
    except (ConfigurationError, OSError):  # of `.env`
        return Hooks.of(os.environ)


def read_variables() -> dict[str, str]:
    """Return all variables of `.env` and of the environment, which comes first.

    Raises ConfigurationError for a file or a line that cannot be read.
    """
    return {**read_file(ENV_FILE), **os.environ}


def read_file(path: Path) -> dict[str, str]:
    """Return the variables of a file like `.env`; none where there is no file.

    Raises ConfigurationError for a file or a line that cannot be read.
    """
    content = read_text(path)
    for line in parse_stream(StringIO(content)):
        if line.error or (line.key is not None and line.value is None):
            text = line.original.string
            number = line.original.line + text[: len(text) - len(text.lstrip())].count("\n")
            raise ConfigurationError(
                f"{path}, line {number}: cannot be read. Write one NAME=value a line, values with spaces in quotes."
            )
    return {name: value or "" for name, value in dotenv_values(stream=StringIO(content)).items()}


def read_text(path: Path) -> str:
    """Return the text of a file like `.env`, empty where there is no file. Raises ConfigurationError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: not UTF-8 text. Save it as UTF-8, with one NAME=value a line.") from None


def _refuse_unknown(values: Mapping[str, str]) -> None:
    """Raise ConfigurationError for a name of ours that is no setting, and for one whose value is empty.

    A mistyped or an empty key would else be none, for which there is the sandbox.
    """
    known, keys = {str(field.validation_alias) for field in Settings.model_fields.values()}, names_of_keys()
    for name, value in values.items():
        if not name.startswith(_PREFIXES) or name in keys or name == EXIT_CODE:
            continue
        if name not in known:
            near = get_close_matches(name, known, 1) or ["LEAFLINK_API_KEY"]
            raise ConfigurationError(f"{name}: no such setting. The nearest is {near[0]}; docs/settings.md has all.")
        if not value:
            raise ConfigurationError(f"{name}: empty. Give it a value, or unset it.")


def names_of_keys() -> set[str]:
    """Return what `leafhouse.toml` may call the variables of its keys: every word in it."""
    try:
        return set(re.findall(r"\w+", COMPANIES_FILE.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):  # whoever reads the companies says so
        return set()


def _sentence(name: str, message: str) -> str:
    message = message.removeprefix("Value error, ")
    if name == "LEAFHOUSE_AS_OF":
        return "not a date. Write it as YYYY-MM-DD, for example 2026-11-23, or unset it."
    return f"{message}. Correct it in the environment or in {ENV_FILE}."


def refuse_readable_secret(path: Path, name: str) -> None:
    """Raise ConfigurationError when others can read a file of settings in which a key of that name is."""
    try:
        mode, content = path.stat().st_mode, path.read_text(errors="replace")
    except OSError:
        return
    if name in content and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(f"{path}: holds a key and can be read by others. Run `chmod 600 {path}`.")
