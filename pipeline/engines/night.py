"""A night on an engine: what its driver hands to the tasks, without a key, and what they answer."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from pipeline.datafolder.paths import night_file
from pipeline.errors import LeafhouseError
from pipeline.extract.journal import FRESH
from pipeline.landing.files import write_aside
from pipeline.settings import Company, Settings

# What a task does goes by these settings of its driver. None of them is a secret.
_FIELDS = (
    "page_size", "rate_per_minute", "burst_per_minute", "max_connections", "give_up_seconds", "data_dir",
    "trailing_days", "personal", "landing",
)  # fmt: skip


class CompanyTask(msgspec.Struct, frozen=True, kw_only=True):
    """A company to read as the run `run_id`, unless one newer than `after` is committed (empty where it has none).

    The key is named, and not here.
    """

    name: str
    run_id: str
    after: str
    key_name: str
    auth_scheme: Literal["App", "Token"]
    base_url: str
    timezone: str
    resources: tuple[str, ...] | None
    also: tuple[str, ...]


class AccountTask(msgspec.Struct, frozen=True):
    """The companies of one owner of keys: they share a budget of requests, so that one task reads all of them."""

    owner: str
    companies: tuple[CompanyTask, ...]


class Night(msgspec.Struct, frozen=True, kw_only=True):
    """What the tasks of a night have in common.

    `config_folder` is where the `.env` of the driver is, `driver` who holds the data folder, and `personal_label` how
    personal data are treated, with which key.
    """

    config_folder: str
    driver: str
    personal_label: str
    full: bool
    only: str | None
    settings: dict[str, str | int | float]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a company. `exit_code` and `message` are those of the error that it failed with, else 0 or 5."""

    company: str
    run_id: str | None = None
    resources: int = 0
    rows: int = 0
    requests: int = 0
    seconds: float = 0.0
    exit_code: int = 0
    message: str = ""
    is_resumed: bool = False


class TaskError(LeafhouseError):
    """A fault of Leafhouse in a task of the engine, whose log has the trace. Report it."""

    exit_code = 7
    ending = "Nothing was committed for it; the last warehouse stays in place."


class Unended(msgspec.Struct, frozen=True):
    """A night that the engine did not bring to its end: by company the newest run before it began."""

    began_at: datetime
    full: bool
    only: str | None
    after: dict[str, str]

    def goes_on(self, now: datetime, *, full: bool, only: str | None) -> bool:
        """Whether an extract goes on with this night: it asks for the same, and the rows are of this night still."""
        return (self.full, self.only) == (full, only) and timedelta() <= now - self.began_at < FRESH


def travelling(settings: Settings) -> dict[str, str | int | float]:
    """Return the settings that tasks need, by the names of their fields; the data folder by its whole path."""
    values = {name: value for name in _FIELDS if (value := getattr(settings, name)) is not None}
    return values | {"data_dir": str(settings.data_dir.absolute())}


def arrived(values: dict[str, str | int | float], proxy: str | None) -> Settings:
    """Return the settings of a task: those of its driver, and the proxy of its own environment."""
    names = {field: str(info.validation_alias) for field, info in Settings.model_fields.items()}
    variables = {names[field]: value for field, value in values.items()}
    return Settings.model_validate(variables | ({"LEAFLINK_PROXY": proxy} if proxy else {}))


def task_of(company: Company, run_id: str, after: str) -> CompanyTask:
    """Return the task for a company."""
    return CompanyTask(
        name=company.name, run_id=run_id, after=after, key_name=company.key_name, auth_scheme=company.auth_scheme,
        base_url=company.base_url, timezone=company.timezone, resources=company.resources, also=company.also,
    )  # fmt: skip


def read_unended(data_dir: Path) -> Unended | None:
    """Return the night that did not end; None where there is none, or nothing readable tells of it."""
    try:
        return msgspec.json.decode(night_file(data_dir).read_bytes(), type=Unended)
    except (OSError, msgspec.DecodeError):
        return None


def keep_unended(data_dir: Path, night: Unended) -> None:
    """Note that a night has begun. Hold the DataLock meanwhile."""
    write_aside(night_file(data_dir), lambda aside: aside.write_bytes(msgspec.json.encode(night)))


def end_night(data_dir: Path) -> None:
    """Note that every account of the night has answered."""
    night_file(data_dir).unlink(missing_ok=True)
