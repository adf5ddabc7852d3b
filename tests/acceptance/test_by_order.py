"""Comments and delivery information: a request for each order, only when switched on, and only where orders changed."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import pytest

from pipeline.errors import ConfigurationError, IncompleteError, LeafhouseError, UsageError
from pipeline.extract import by_parent
from pipeline.extract.plan import Way
from pipeline.extract.selection import selected
from pipeline.jobs.extract import plan_extract
from pipeline.jobs.job import open_job, refusals
from pipeline.landing import Manifest, ResourceRead
from pipeline.resources import all_resources
from pipeline.sandbox.world.below_orders import BELOW_ORDERS, comments_of
from pipeline.settings import read_settings
from pipeline.warehouse.status import read_status

from .expected import Row
from .nights import House, open_house

pytestmark = pytest.mark.every_resource

COMMENTS, DELIVERIES = "orders_received_comments", "orders_delivery_information"
ORDERS = "orders-received,line-items,order-payments"
SWITCH = "orders-received-comments, orders-delivery-information"


@asynccontextmanager
async def switched_on(folder: Path, monkeypatch: pytest.MonkeyPatch, **server: Any) -> AsyncIterator[House]:
    monkeypatch.setenv("LEAFHOUSE_ALSO", SWITCH)
    only = f"{ORDERS},{SWITCH}"
    async with open_house(folder, monkeypatch, orders=40, only=only, **server) as house:
        yield house


def read_of(manifest: Manifest, resource: str) -> ResourceRead:
    (read,) = (each for each in manifest.resources if each.resource == resource)
    return read


def moments(house: House) -> dict[str, str]:
    return {row["number"]: row["modified"] for row in house.sandbox.rows("orders_received")}


def changed(before: dict[str, str], house: House) -> set[str]:
    return {number for number, moment in moments(house).items() if before.get(number) != moment}


def comments(house: House) -> Iterator[Row]:
    for number in moments(house):
        yield from house.sandbox.comments_of(number)


def deliveries(house: House) -> Iterator[Row]:
    for number in moments(house):
        if (found := house.sandbox.delivery_of(number)) is not None:
            yield {"order": number, "information": found}


def differences(house: House) -> list[Any]:
    found = house.differences(COMMENTS, "id", comments(house))
    return found + house.differences(DELIVERIES, "order", deliveries(house))


def edit(house: House, number: str, **fields: Any) -> None:
    """Change an order an hour later, so that it shows in its `modified`."""
    now = house.sandbox.now + timedelta(hours=1)
    house.sandbox.edit_order(number, modified=now, **fields)
    house.sandbox.store.remember("now", now.isoformat())


def answer(monkeypatch: pytest.MonkeyPatch, change: Callable[[list[Row]], Any]) -> None:
    """Have the source change what it answers for the comments of an order."""
    path = ("orders-received", "comments")
    changed = lambda store, number: change(comments_of(store, number) or [])  # noqa: E731
    monkeypatch.setitem(BELOW_ORDERS, path, (COMMENTS, changed))


async def test_nothing_is_asked_for_order_by_order_unless_it_is_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=10, forbidden={COMMENTS, DELIVERIES}) as house:
        manifest = await house.extract()
        result = house.load()
        status = read_status(house.data_dir, all_resources())

    assert refusals(manifest) == result.intake.refused == []
    for shown in (manifest.resources, result.intake.merges, status.resources):
        assert "orders_received" in {each.resource for each in shown}
        assert not {COMMENTS, DELIVERIES} & {each.resource for each in shown}


@pytest.mark.parametrize(
    ("names", "wanted", "also", "error"),
    [
        (COMMENTS, None, (), UsageError),
        (None, (COMMENTS, "products"), (), ConfigurationError),
        (None, ("products",), (COMMENTS,), ConfigurationError),
        (None, None, ("orders-comments",), ConfigurationError),
        (None, None, ("products",), ConfigurationError),
    ],
)
def test_what_is_asked_for_by_orders_has_to_be_named_with_them(
    names: str | None, wanted: tuple[str, ...] | None, also: tuple[str, ...], error: type[LeafhouseError]
) -> None:
    with pytest.raises(
        error, match=r"Name that, too\.|Known are: orders_delivery_information, orders_received_comments"
    ):
        selected(names, wanted, also)


def test_it_is_switched_on_by_naming_it() -> None:
    assert not {COMMENTS, DELIVERIES} & selected(None).keys()
    assert selected(None, None, (" orders-received-comments",)).keys() - selected(None).keys() == {COMMENTS}
    assert selected(None, ("orders_received", COMMENTS)).keys() == {"orders_received", COMMENTS}
    assert selected(f"orders-received,{COMMENTS}").keys() == {"orders_received", COMMENTS}
    assert selected("products", None, (COMMENTS,)).keys() == {"products"}


async def test_every_order_is_asked_once_and_then_only_those_that_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with switched_on(tmp_path, monkeypatch) as house:
        first = await house.extract()
        house.merge()
        assert differences(house) == []
        before = moments(house)
        house.sandbox.advance(house.sandbox.now + timedelta(hours=5))

        second = await house.extract()
        third = await house.extract()  # before the second is loaded
        house.merge()
        job = open_job(read_settings())
        plan = plan_extract(job, job.companies[0], full=False, only=house.only)
        full = await house.extract(full=True)

        for resource in (COMMENTS, DELIVERIES):
            asked = read_of(second, resource).asked
            assert set(asked) == changed(before, house)
            requests = [read_of(run, resource).requests for run in (first, second, third, full)]
            assert requests == [40, len(asked), 0, len(moments(house))]
            assert (plan.steps[resource].way, plan.steps[resource].requests) == (Way.BY_PARENT, 0)
        gone = before.keys() - moments(house).keys()  # old Drafts, which only a full read finds
        left = [each for each in house.raw(COMMENTS).to_pylist() if each["order"] not in gone]
        assert {each["id"] for each in left} == {each["id"] for each in comments(house)}
        assert {first.run_id, second.run_id} == {each["_run_id"] for each in left}


async def test_a_comment_that_vanished_is_marked_and_so_is_what_belongs_to_an_order_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with switched_on(tmp_path, monkeypatch) as house:
        await house.read()
        held = house.raw(COMMENTS).to_pylist()
        emptied, deleted = sorted({each["order"] for each in held})[:2]
        for log in list(house.sandbox.rows("order_event_logs")):
            if log["order"] == emptied:
                house.sandbox.delete("order_event_logs", log["id"])
        edit(house, emptied, ship_date=None)
        house.sandbox.delete_order(deleted)

        await house.read()

        assert differences(house) == []
        con = house.connect()
        query = f'select "order", min(_deleted_reason) from raw.{COMMENTS} where _deleted_at is not null group by 1'
        reasons = dict(con.sql(query).fetchall())
        con.close()
        assert reasons.keys() == {emptied, deleted}
        assert reasons[emptied].startswith("no longer in its order, seen by ")
        assert reasons[deleted] == "its order was deleted"


async def test_a_refusal_is_told_and_what_changed_meanwhile_is_asked_for_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbidden: set[str] = set()
    async with switched_on(tmp_path, monkeypatch, forbidden=forbidden) as house:
        await house.extract()
        before, held = moments(house), list(comments(house))
        one, other, *_ = before
        forbidden.add(COMMENTS)
        edit(house, one, notes="Changed while nobody could look")
        await house.extract()
        refused = house.load()
        forbidden.clear()

        after_refusal = await house.extract()
        edit(house, other, notes="Changed while nobody asked")
        await house.extract(only=ORDERS)
        after_skipping = await house.extract()

        assert [each.partition(":")[0] for each in refused.intake.refused] == [COMMENTS]
        assert house.differences(COMMENTS, "id", held) == []
        assert read_of(after_refusal, COMMENTS).asked == (one,)
        assert other in read_of(after_skipping, COMMENTS).asked


async def test_where_no_order_has_any_it_is_not_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_parent, "AT_ONCE", 8)
    hidden = {COMMENTS}
    async with switched_on(tmp_path, monkeypatch, not_offered=hidden) as house:
        never = read_of(await house.extract(), COMMENTS)
        hidden.clear()
        found = read_of(await house.extract(), COMMENTS)
        hidden.add(COMMENTS)
        number = next(iter(moments(house)))
        edit(house, number, notes="Gone")
        gone = read_of(await house.extract(), COMMENTS)

        assert never.not_offered
        assert (found.not_offered, found.scope, found.distinct) == (False, "all", len(list(comments(house))))
        assert (gone.not_offered, gone.asked) == (False, (number,))


async def test_a_run_that_was_cut_off_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_parent, "AT_ONCE", 10)
    scope, answers = anyio.CancelScope(), count(1)

    def cut_off(found: list[Row]) -> list[Row]:
        if next(answers) == 25:
            scope.cancel()
        return found

    async with switched_on(tmp_path, monkeypatch) as house:
        with monkeypatch.context() as patch, scope:
            answer(patch, cut_off)
            await house.extract()
        assert scope.cancelled_caught

        manifest = await house.extract()

        found = read_of(manifest, COMMENTS)
        assert (found.requests, found.distinct) == (20, len(list(comments(house))))


async def test_an_order_with_a_comment_in_quarantine_is_asked_again_until_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with switched_on(tmp_path, monkeypatch) as house:
        bad = next(comments(house))
        spoil = {bad["id"]: {"id": f"number {bad['id']}"}}
        with monkeypatch.context() as patch:
            answer(patch, lambda found: [each | spoil.get(each["id"], {}) for each in found])
            first = read_of(await house.extract(), COMMENTS)
            second = read_of(await house.extract(), COMMENTS)
        third = read_of(await house.extract(), COMMENTS)
        house.merge()
        fourth = read_of(await house.extract(), COMMENTS)

        assert [each.quarantined for each in (first, second, third)] == [1, 1, 0]
        assert second.asked == third.asked == (bad["order"],)
        assert fourth.asked == ()
        assert differences(house) == []


async def test_an_order_in_quarantine_is_asked_with_all_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with switched_on(tmp_path, monkeypatch) as house:
        order = next(house.sandbox.rows("orders_received"))
        house.sandbox.put("orders_received", order | {"paid": "soon"})

        manifest = await house.extract()

        assert read_of(manifest, "orders_received").quarantined == 1
        assert read_of(manifest, COMMENTS).requests == 40


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda found: [each | {"order": "another"} for each in found], "rows whose order is another one"),
        (lambda found: {"count": 9, "results": found}, "of 9 rows"),
        (lambda found: {"comments": "Later"}, "what is no list"),
    ],
)
async def test_an_answer_that_is_not_of_this_order_and_whole_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[list[Row]], Any], says: str
) -> None:
    async with switched_on(tmp_path, monkeypatch) as house:
        answer(monkeypatch, change)

        with pytest.raises(IncompleteError, match=f"{COMMENTS}: orders-received/.*/comments/ was .*{says}. Nothing"):
            await house.extract()
