"""The accounts: one for each company name of a data folder."""

from pathlib import Path

import msgspec

from pipeline.datafolder.paths import accounts_file
from pipeline.landing.files import write_aside


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
        write_aside(accounts_file(folder), lambda aside: aside.write_bytes(content))


def _read_accounts(folder: Path) -> dict[str, Account]:
    try:
        return msgspec.json.decode(accounts_file(folder).read_bytes(), type=dict[str, Account])
    except (OSError, msgspec.DecodeError):
        return {}
