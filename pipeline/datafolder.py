"""The data folder: private to its owner, claimed by one kind of source, and by one account for each company name."""

import os
import re
import secrets
import stat
from pathlib import Path
from typing import Literal

import msgspec

from pipeline.errors import ConfigurationError
from pipeline.landing.store import write_aside

Kind = Literal["sandbox", "live"]
_CLAIM = "source"
_ACCOUNTS = "accounts.json"
_KEY_BYTES = 32
_KEY = re.compile(rf"[0-9a-f]{{{2 * _KEY_BYTES}}}\s*")


def prepare_data_dir(folder: Path, source: Kind) -> None:
    """Create `folder` (0700) if need be, and see that `source` may use it.

    Raises ConfigurationError when it is not writable, or belongs to the other kind of source: invented and
    real numbers must never meet in one warehouse.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: the data folder cannot be made ({error.strerror}). "
            "Set LEAFHOUSE_DATA_DIR to a folder that can be written to."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"{folder}: the data folder cannot be written to. Give this user the right to, "
            "or set LEAFHOUSE_DATA_DIR to another folder. Nothing was changed."
        )
    owner = claimed_by(folder)
    if owner is not None and owner != source:
        raise ConfigurationError(_belongs_to_other(folder, owner))


def claim_data_dir(folder: Path, source: Kind) -> None:
    """Note, with the first rows that land, whose the folder is."""
    if claimed_by(folder) is None:
        write_aside(folder / _CLAIM, lambda aside: aside.write_text(f"{source}\n"))


def claimed_by(folder: Path) -> str | None:
    """Return the kind of source that the folder belongs to: sandbox, live, or None for nobody yet."""
    try:
        return (folder / _CLAIM).read_text().strip() or None
    except OSError:
        return None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Whose data a company name stands for: where they come from, and what the key for them sees.

    `origin` is the base URL, or "sandbox" for the embedded one; `key` is a fingerprint, which cannot be turned back;
    `owner` is whose budget of requests it uses. `companies` are the ids that `companies/` lists, None where that does
    not tell.
    """

    origin: str
    scheme: str
    key: str
    owner: str
    companies: tuple[str, ...] | None = None

    @property
    def fingerprint(self) -> str:
        """What an unfinished run must have been begun with for another one to go on with it."""
        return f"{self.origin} {self.scheme} {self.key}"


def read_account(folder: Path, company: str) -> Account | None:
    """Return whose the data of a company name are; None where nothing readable says so: then the rows decide."""
    return _read_accounts(folder).get(company)


def keep_account(folder: Path, company: str, account: Account) -> None:
    """Note whose the data of a company name are. Hold the DataLock meanwhile."""
    accounts = _read_accounts(folder)
    if accounts.get(company) != account:
        content = msgspec.json.format(msgspec.json.encode(accounts | {company: account}, order="sorted"), indent=2)
        write_aside(folder / _ACCOUNTS, lambda aside: aside.write_bytes(content))


def _read_accounts(folder: Path) -> dict[str, Account]:
    try:
        return msgspec.json.decode((folder / _ACCOUNTS).read_bytes(), type=dict[str, Account])
    except (OSError, msgspec.DecodeError):
        return {}


def personal_key_file(folder: Path) -> Path:
    """Return where the key is that personal data are hashed with: beside the data folder, so that no copy has both."""
    folder = folder.resolve()
    return folder.with_name(f"{folder.name}.pii-key")


def read_personal_key(folder: Path) -> bytes | None:
    """Return the key that personal data are hashed with, None where none was made yet.

    Raises ConfigurationError when it is no key, or others can read it: who has it can try names until a hash fits.
    """
    path = personal_key_file(folder)
    try:
        content, mode = path.read_text("ascii", "replace"), path.stat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(
            f"{path}: the key that personal data are hashed with cannot be read ({error.strerror}). Give this user the "
            "right to, or set LEAFHOUSE_PII to drop. Nothing was changed."
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(f"{path}: can be read by others. Run `chmod 600 {path}`. Nothing was changed.")
    if not _KEY.fullmatch(content):
        raise ConfigurationError(
            f"{path}: holds no key ({2 * _KEY_BYTES} digits from 0 to f). Put the old one back, or remove the file for "
            "a new one, which makes other hashes. Nothing was changed."
        )
    return bytes.fromhex(content.strip())


def make_personal_key(folder: Path) -> bytes:
    """Return the key that personal data are hashed with, made now if there is none. Raises ConfigurationError.

    Hold the DataLock meanwhile.
    """
    held = read_personal_key(folder)
    if held is not None:
        return held
    path, key = personal_key_file(folder), secrets.token_bytes(_KEY_BYTES)
    try:
        write_aside(path, lambda aside: aside.write_text(f"{key.hex()}\n"))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: the key that personal data are hashed with cannot be made ({error.strerror}). Let this user "
            f"write there once, or put {2 * _KEY_BYTES} random digits from 0 to f there. Nothing was changed."
        ) from error
    return key


def _belongs_to_other(folder: Path, owner: str) -> str:
    if owner == "live":
        return (
            f"{folder}: holds data of a live LeafLink account, but neither LEAFLINK_API_KEY nor LEAFLINK_BASE_URL is "
            "set. Set the key, or set LEAFHOUSE_DATA_DIR to another folder to try the sandbox. Nothing was changed."
        )
    return (
        f"{folder}: belongs to the embedded sandbox (invented data), but a live source is set. "
        "Set LEAFHOUSE_DATA_DIR to a new folder for the live data. Nothing was changed."
    )
