"""Whose folder is it: the account that a company name stands for, seen to before anything is read into its data."""

import msgspec
from yarl import URL

from pipeline.datafolder.accounts import Account, read_account
from pipeline.datafolder.paths import sandbox_folder
from pipeline.errors import ConfigurationError
from pipeline.extract.account import find_contradiction, find_objection, read_companies
from pipeline.jobs.job import Job
from pipeline.leaflink import Client
from pipeline.settings import Company

# LeafLink's sandboxes. The first is copied from production every night: the same orders, until somebody tries things.
_COPIES = {"www.sandbox.leaflink.com", "www.leaflink-integrations.leaflink.com"}


async def check_account(job: Job, company: Company, client: Client) -> Account:
    """Return the account that the client reads, to be noted once something of it is committed.

    With the settings and the key of last time one held row that is there is enough. Raises ConfigurationError when what
    is held of the company is of another account, or nothing proves that it is of this one; nothing is changed then.
    """
    from pipeline.warehouse.proofs import read_proofs  # DuckDB is needed for this only

    account, noted = _account_of(job, company, client), read_account(job.settings.data_dir, company.name)
    proofs = read_proofs(job.settings.data_dir, job.landing, company.name)
    if noted is not None and noted.fingerprint == account.fingerprint:
        if objection := await find_contradiction(client, proofs):
            raise ConfigurationError(_other_account(job, company, account, noted, objection))
        return msgspec.structs.replace(account, companies=noted.companies)
    if noted is not None and not proofs.is_empty and (copy := _copy_of(noted, account)):
        changed = f"{copy} holds a copy of an account, with changes of its own"
        raise ConfigurationError(_other_account(job, company, account, noted, changed))
    seen = await read_companies(client)
    last_seen = None if noted is None else noted.companies
    if objection := await find_objection(client, proofs, last_seen, seen):
        raise ConfigurationError(_other_account(job, company, account, noted, objection))
    return msgspec.structs.replace(account, companies=seen)


def _copy_of(noted: Account, account: Account) -> str | None:
    """Return the one of two hosts that has a copy of what the other has, if so: held rows prove nothing then."""
    hosts = {str(URL(each.origin).host) for each in (noted, account)}
    return min(hosts & _COPIES, default=None) if len(hosts) > 1 else None


def _account_of(job: Job, company: Company, client: Client) -> Account:
    source = client.source
    origin = "sandbox" if job.source == "sandbox" else source.base_url  # the embedded one is at another port each time
    return Account(origin=origin, scheme=source.scheme, key=source.key_fingerprint, owner=company.owner)


def _other_account(job: Job, company: Company, account: Account, noted: Account | None, objection: str) -> str:
    folder, sandbox = job.settings.data_dir, sandbox_folder(job.settings.data_dir)
    if job.source == "sandbox":
        return (
            f"{folder}: holds data of another sandbox than the one in {sandbox}: {objection}. Put the old one back, "
            "or set LEAFHOUSE_DATA_DIR to a new folder."
        )
    last = "" if noted is None else f" It was read last with {_described(noted, company)}."
    return (
        f"{folder}: holds data of another account than {_described(account, company)} sees, or nothing shows that it "
        f"is the same: {objection}.{last} Set LEAFHOUSE_DATA_DIR to a new folder for this account, or put the old key, "
        "scheme and base URL back."
    )


def _described(account: Account, company: Company) -> str:
    owner = "" if account.owner == company.name else f" of {account.owner}"
    return f"the {account.scheme} key {account.key[:6]}…{owner} at {account.origin}"
