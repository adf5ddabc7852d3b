"""`leafhouse status`, the page of the morning: fresh, complete, what is owed, and what became of the last attempt."""

import json
import signal
from datetime import UTC, datetime

import pytest

from pipeline.datafolder.lock import DataLock

from .commands import House, finish


def test_it_says_how_fresh_and_how_complete_the_data_are_and_what_is_owed(house: House) -> None:
    status = house.run("status")
    document = json.loads(house.run("status", "--json").stdout)

    assert status.code == 0
    read = next(line for line in status.stdout.splitlines() if line.startswith("Read at "))
    assert " min ago: 12 complete" in read
    assert sum(line.startswith("Open receivables on ") for line in status.stdout.splitlines()) == len(
        document["headlines"]
    )
    assert 0 <= document["age_seconds"] < 3600
    assert document["attempt"]["failure"] is None
    newest = [each["newest_change"] for each in document["resources"] if each["newest_change"]]
    assert {datetime.fromisoformat(each).tzinfo for each in (*newest, document["read_until"])} == {UTC}
    assert "Last attempt" not in status.stdout


@pytest.mark.parametrize(("age", "code"), [("26h", 0), ("2d", 0), ("0m", 9)])
def test_a_monitor_is_told_when_the_data_are_too_old(house: House, age: str, code: int) -> None:
    status = house.run("status", "--max-age", age, "--json")

    assert status.code == code
    assert json.loads(status.stdout)["resources"]
    assert ("more than 0m" in status.stderr) == (code == 9)


@pytest.mark.parametrize("age", ["26", "h", "-1h", "1.5h", "9999999d"])
def test_what_is_no_age_is_a_usage_error(house: House, age: str) -> None:
    house.refuses("status", f"--max-age={age}", code=2, says=("not an age",))


def test_it_says_why_the_last_attempt_failed_until_one_succeeds(house: House) -> None:
    failed = house.run("run", LEAFLINK_API_KEY="other-k3y")
    told = house.run("status").stdout

    assert failed.code == 3
    assert f", failed: {failed.stderr.splitlines()[-1]}" in told
    assert house.run("extract").code == 0
    assert "Last attempt" not in house.run("status").stdout


def test_it_says_who_is_at_work_and_who_was_killed(house: House) -> None:
    with DataLock(house.data, "load"):
        assert "At work: `leafhouse load`" in house.run("status").stdout
    assert "Last attempt" not in house.run("status").stdout

    process = house.start("run", LEAFLINK_RATE_PER_MINUTE="1", LEAFLINK_BURST_PER_MINUTE="1")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    finish(process)
    assert "Last attempt: run, " in (told := house.run("status").stdout)
    assert ", was killed. Run it again." in told
