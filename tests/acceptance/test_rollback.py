"""`leafhouse rollback`: what is kept, putting it back, and never while another run is at work."""

import asyncio
import json
import signal

from .commands import House, finish
from .test_exit_codes import relay


def test_a_night_is_taken_back_and_the_next_load_takes_it_up_again(house: House) -> None:
    assert house.run("load").code == 0
    published, kept = json.loads(house.run("rollback", "--json").stdout)
    assert published["is_published"] and not kept["is_published"]

    restored = house.run("rollback", kept["newest_run"])
    taken_back = json.loads(house.run("rollback", "--json").stdout)
    loaded = json.loads(house.run("load", "--json").stdout)

    assert restored.code == 0
    assert f"as load {kept['load_id']} left it" in restored.stdout
    assert [each["load_id"] for each in taken_back] == [kept["load_id"], published["load_id"]]
    assert loaded["runs"] == [published["newest_run"]]


def test_the_list_names_the_loads_and_the_runs(house: House) -> None:
    listed = house.run("rollback")

    assert listed.code == 0
    assert house.manifests[0].stem in listed.stdout
    assert "(published)" in listed.stdout


def test_a_run_that_nothing_holds_is_a_usage_error(house: House) -> None:
    house.refuses("rollback", "20200101T000000Z-0000", code=2, says=("no kept warehouse", "Nothing was changed"))


async def test_nothing_is_put_back_while_another_run_is_at_work(house: House) -> None:
    async with relay(house.base_url, keeps_waiting=True) as source:
        process = house.start("extract", LEAFLINK_BASE_URL=source.base_url)
        await asyncio.wait_for(source.asked.wait(), 60)
        says = ("in use by `leafhouse extract`",)
        await asyncio.to_thread(house.refuses, "rollback", house.manifests[0].stem, code=6, says=says)
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(finish, process)
