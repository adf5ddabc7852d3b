"""Whether a key sees the account whose rows are held: two accounts must never meet in one folder."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import Any

from pipeline.decoding.heads import HeadReader
from pipeline.errors import RefusedError
from pipeline.landing.holdings import HeldRow, Proofs
from pipeline.leaflink import Client, FailingError, NotFoundError, RejectedError
from pipeline.leaflink.paging import BrokenPage, parse_page
from pipeline.resources import Resource, all_resources

# A key's own companies are few. Where more are listed, they are everybody's, and tell nothing.
_MOST_COMPANIES = 100
# One or two rows may have been deleted since.
_ENOUGH_GONE = 3
# With the key of last time many rows may have gone at once: none of two kinds must be there, nor of any other.
_ENOUGH_STRANGE = 2
_MOST_ASKED = 5
# Each seller costs up to five requests.
_MOST_SELLERS = 8
_ORDERS_PER_PAGE = "50"


class _Sign(StrEnum):
    """What the answer for a held row says: the same row, another one under its key, none (404), or nothing."""

    SAME = "same"
    OTHER = "another"
    GONE = "gone"
    NOTHING = "nothing"


class _OtherAccount(Exception):
    """What was seen that no key for the same account would see, in words."""


async def read_companies(client: Client) -> tuple[str, ...] | None:
    """Return the ids of the companies that the key sees; None where `companies/` does not tell."""
    found, offset = set[str](), 0
    while True:
        page = await _read_page(client, "companies/", {"limit": str(_MOST_COMPANIES), "offset": str(offset)})
        if page is None:
            return None
        count, rows = page
        if count > _MOST_COMPANIES:
            return None
        found |= {head.key for head in HeadReader("id", ()).read(rows) if head.key is not None}
        offset += len(rows)
        if not rows or offset >= count:
            return tuple(sorted(found)) or None


async def find_objection(
    client: Client, proofs: Proofs, noted: Collection[str] | None, seen: Collection[str] | None
) -> str | None:
    """Return why the key may see another account than the one that is held, in words; None where it is the same.

    `noted` are the companies that the last key saw, `seen` those that this one sees. Rows that are held and that the
    key sees too prove an account; the list of companies alone does only where no such row is held, since it may say
    the same to everyone.
    """
    if proofs.is_empty:
        return None
    noted = noted or proofs.companies
    if noted and seen and not set(noted) & set(seen):
        return f"the key sees {_named(seen)}, and what is held is of {_named(noted)}"
    try:
        is_proven = await _is_proven(client, proofs)
        if is_proven:
            await _refuse_strangers(client, proofs, noted)
    except _OtherAccount as other:
        return str(other)
    if is_proven or (noted and seen and not any(proofs.rows.values())):
        return None
    return (
        "the key sees none of what is held that would show whose account it is. See that LEAFLINK_AUTH_SCHEME (App or "
        "Token) is the key's, and that the key may see orders-received"
    )


async def find_contradiction(client: Client, proofs: Proofs) -> str | None:
    """Return why the key of last time seems to see another account now, in words; None where a held row is there.

    That takes one request as a rule.
    """
    strange = list[str]()
    for name, rows in proofs.rows.items():
        signs = list[_Sign]()
        for row in rows[:_MOST_ASKED]:
            try:
                signs.append(await _ask(client, row))
            except RefusedError:
                break
            if signs[-1] is _Sign.SAME:
                return None
        if _Sign.OTHER in signs or signs.count(_Sign.GONE) >= _ENOUGH_GONE:
            strange.append(name)
    if len(strange) < _ENOUGH_STRANGE:
        return None
    return f"the key sees none of the newest rows held of {', '.join(strange)}"


async def _is_proven(client: Client, proofs: Proofs) -> bool:
    """Return whether the key sees rows that are held. Raises _OtherAccount when it should and does not."""
    for rows in proofs.rows.values():
        by_seller = defaultdict[str | None, list[HeldRow]](list)
        for row in rows:
            by_seller[row.seller].append(row)
        # Each seller is asked about: a key may see the company of one, and no longer that of another.
        proven = [await _proves(client, group) for group in list(by_seller.values())[:_MOST_SELLERS]]
        if any(proven):
            return True
    return False


async def _proves(client: Client, rows: Sequence[HeldRow]) -> bool:
    """Return whether the key sees the rows of one resource and seller. Raises _OtherAccount when it clearly does not.

    A row that belongs to an order, or whose key is no mere number, proves it alone: both are unique everywhere. Rows
    of another account may have the numbers of ours, so that each of these must be the same.
    """
    signs = list[_Sign]()
    for row in rows:
        try:
            signs.append(await _ask(client, row))
        except RefusedError:
            return False
        if signs[-1] is _Sign.SAME and (row.parent is not None or not row.key.isdigit()):
            return True
    if _Sign.OTHER in signs:
        row = rows[signs.index(_Sign.OTHER)]
        raise _OtherAccount(f"{row.resource}: {row.key} is another row there than the one that is held")
    if _Sign.SAME not in signs and signs.count(_Sign.GONE) >= _ENOUGH_GONE:
        of_seller = "" if rows[0].seller is None else f" of company {rows[0].seller}"
        raise _OtherAccount(
            f"{rows[0].resource}: the key sees none of the newest {len(rows)} rows held{of_seller}, "
            f"such as {rows[0].key} (404)"
        )
    return _Sign.SAME in signs


async def _ask(client: Client, row: HeldRow) -> _Sign:
    """Ask for a held row. Raises RefusedError when the key may not see rows of its kind."""
    resource = all_resources()[row.resource]
    parent_field, created_field = _identity_of(resource)
    try:
        answer = await client.get(f"{resource.path}{row.key}/", resource.params, may_be_empty=True)
    except NotFoundError:
        return _Sign.GONE
    except (RejectedError, FailingError):
        return _Sign.NOTHING
    head = HeadReader(resource.key, (parent_field, created_field, "name")).read([answer.body])[0]
    if head.key != row.key:
        return _Sign.NOTHING
    parent, created = head.values[parent_field], head.microseconds(created_field)
    if (row.parent is not None and not isinstance(parent, str)) or (row.created is not None and created is None):
        return _Sign.NOTHING
    if (row.parent is not None and parent != row.parent) or (row.created is not None and created != row.created):
        return _Sign.OTHER
    # A name may be edited, so that another one tells nothing.
    return _Sign.SAME if row.name in (None, head.values["name"]) else _Sign.NOTHING


def _identity_of(resource: Resource) -> tuple[str, str]:
    """Return the fields with a row's parent and its creation."""
    return resource.parent_key or "order", resource.created_field or "created_on"


async def _refuse_strangers(client: Client, proofs: Proofs, noted: Collection[str]) -> None:
    """Raise _OtherAccount when the key brings orders of a company that the last key did not see.

    Nightly reads ask for what changed: most of that company's rows would be missing.
    """
    if not proofs.sellers:
        return
    page = await _read_page(client, "orders-received/", {"limit": _ORDERS_PER_PAGE, "offset": "0"})
    heads = HeadReader("number", ("seller",)).read([] if page is None else page[1])
    sellers = {seller for head in heads if (seller := _id_of(head.values.get("seller"))) is not None}
    strangers = sellers - proofs.sellers - set(noted)
    if strangers:
        raise _OtherAccount(f"the key also brings orders of {_named(strangers)}, of which nothing is held")


async def _read_page(client: Client, path: str, query: dict[str, str]) -> tuple[int, list[bytes]] | None:
    try:
        return parse_page((await client.get(path, query)).body)
    except (RefusedError, NotFoundError, RejectedError, BrokenPage):
        return None


def _id_of(value: Any) -> str | None:
    """Return the id in a value that is one or is an object with one; None where there is none to be read."""
    found = value.get("id") if isinstance(value, dict) else value
    text = str(found)
    return text if isinstance(found, int | str) and text.isdigit() else None


def _named(companies: Iterable[str]) -> str:
    return f"company {', '.join(sorted(companies)[:5])}"
