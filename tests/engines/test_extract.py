"""Extraction by account on an engine: budgets, concurrency, killed tasks, failures, and no key shown."""

import json
import os
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.landing import Bucket, Landing, Manifest
from tests.engines.server import IS_SAIL, engine
from tests.engines.service import Bureau, Request, ended, open_bureau, until
from tests.storage.server import BUCKET, credentials, serve_s3

pytestmark = pytest.mark.engine

_BURST, _AT_ONCE, _WINDOW_SECONDS = 10, 2, 60.0
# The first two need more requests than a minute's burst, so that they wait for their budget; the others do not.
_ORDERS = (110, 90, *([6] * 38))
_LIMITS = {
    "LEAFLINK_RATE_PER_MINUTE": "120", "LEAFLINK_BURST_PER_MINUTE": str(_BURST),
    "LEAFLINK_MAX_CONNECTIONS": str(_AT_ONCE), "LEAFLINK_PAGE_SIZE": "40",
}  # fmt: skip
_OWN = {"_run_id", "_extracted_at"}


def test_forty_accounts_keep_their_budgets_and_a_killed_task_repeats_nothing(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with open_bureau(tmp_path / "bureau", _ORDERS, _LIMITS) as bureau:
        with engine(tmp_path / "first") as remote:
            driver = bureau.start("--engine", "spark", LEAFHOUSE_SPARK_REMOTE=remote)
            killed_at, windows = _kill_reader_that_waits_for_its_budget(bureau)
            outcome = ended(driver)
        if IS_SAIL:  # its tasks are threads of the server, which has died with them
            assert outcome.returncode == 5, outcome
            committed = bureau.manifests()
            with engine(tmp_path / "second") as remote:
                outcome = bureau.extract("--engine", "spark", LEAFHOUSE_SPARK_REMOTE=remote)
            assert all(bureau.manifests()[company] == runs for company, runs in committed.items())

        requests = bureau.requests()
        assert outcome.returncode == 0, outcome
        assert sorted(bureau.manifests()) == sorted(f"c{number}" for number in range(len(_ORDERS)))
        for number, orders in enumerate(_ORDERS):
            asked = [request for request in requests if request.account == number]
            (run,) = bureau.manifests()[f"c{number}"]
            assert _most_in_a_window(asked) <= _BURST
            assert _most_at_once(asked) <= _AT_ONCE
            if orders == 6:
                assert len(asked) == run.requests
        assert "c0: Went on with the run that was interrupted" in outcome.stdout
        _assert_went_on(bureau, killed_at, windows)
        _assert_rows_are_those_of_one_machine(bureau, bureau.landing.manifests(), bureau.landing)


def test_what_fails_in_one_account_leaves_the_others_alone_and_no_key_is_shown(tmp_path: Path) -> None:
    with open_bureau(tmp_path / "bureau", (6, 6, 6)) as bureau, engine(tmp_path, {"KEY_0": "key-of-0"}) as remote:
        (bureau.folder / ".env").write_text("KEY_1=key-of-nobody\n")
        of_driver = {"KEY_0": "key-of-0", "KEY_2": "key-of-2"}

        mixed = bureau.extract("--engine", "spark", "--json", LEAFHOUSE_SPARK_REMOTE=remote, **of_driver)
        alone = bureau.extract("--json", LEAFHOUSE_DATA_DIR="alone", **of_driver)
        (bureau.folder / "leafhouse.toml").unlink()
        wrong = bureau.extract(
            "--engine", "spark", LEAFHOUSE_SPARK_REMOTE=remote, LEAFHOUSE_DATA_DIR="wrong",
            LEAFLINK_BASE_URL=bureau.base_url, LEAFLINK_API_KEY="key-of-driver",
        )  # fmt: skip

    assert (mixed.returncode, alone.returncode) == (5, 5), (mixed, alone)
    ours, theirs = json.loads(mixed.stdout), json.loads(alone.stdout)
    assert ours["failed"]["c1"] == theirs["failed"]["c1"]
    assert "KEY_2 is not set for the process" in ours["failed"]["c2"]
    assert list(ours["companies"]) == ["c0"]
    assert _told(ours) == _told(theirs)
    assert wrong.returncode == 3, wrong
    assert "LEAFLINK_API_KEY is not set for the process" in wrong.stderr
    shown = (tmp_path / "engine.log").read_text() + mixed.stdout + mixed.stderr + wrong.stdout + wrong.stderr
    assert "key-of-" not in shown


def test_accounts_are_read_into_a_bucket_as_onto_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_s3(tmp_path / "s3.log") as store, open_bureau(tmp_path / "bureau", (6, 9, 12)) as bureau:
        for name, value in credentials(store).items():
            monkeypatch.setenv(name, value)
        bucket = {**credentials(store), "LEAFHOUSE_LANDING": f"s3://{BUCKET}/bureau"}
        with engine(tmp_path) as remote:
            for _ in range(2):
                outcome = bureau.extract("--engine", "spark", LEAFHOUSE_SPARK_REMOTE=remote, **bucket)
                assert outcome.returncode == 0, outcome

        landing = Landing(Bucket(bucket["LEAFHOUSE_LANDING"], tmp_path / "fetched"))
        runs = landing.manifests()
        assert sorted(run.company for run in runs) == ["c0", "c0", "c1", "c1", "c2", "c2"]
        assert not (bureau.folder / "data" / "landing").exists()
        _assert_rows_are_those_of_one_machine(bureau, runs, landing)


def _kill_reader_that_waits_for_its_budget(bureau: Bureau) -> tuple[float, set[str]]:
    """Kill the process that reads the first account, once the account has spent its burst.

    Return when that was, and the windows that it had read whole.
    """
    until(lambda: len([request for request in bureau.requests() if request.account == 0]) == _BURST)
    others = [f"c{number}" for number in range(2, len(_ORDERS))]
    if IS_SAIL:  # where all accounts are read side by side
        until(lambda: bureau.manifests().keys() >= set(others))
    journal = until(lambda: (bureau.landing.root / "_journal-c0.jsonl").read_text().splitlines()[1:])
    os.kill(bureau.reader_of(0), signal.SIGKILL)
    return max(request.ended for request in bureau.requests()), {json.loads(line)["window"] for line in journal}


def _assert_went_on(bureau: Bureau, killed_at: float, windows: set[str]) -> None:
    """Assert that the list which the killed task had read whole was not asked for again, but for its two ends."""
    asked = [request for request in bureau.requests() if request.account == 0]
    middle = "/api/v2/order-sales-reps/?limit=40&offset=38"
    assert windows == {"order_sales_reps?"}
    assert [request.path for request in asked if request.began <= killed_at].count(middle) == 1
    assert [request.path for request in asked if request.began > killed_at].count(middle) == 0


def _most_in_a_window(requests: Sequence[Request]) -> int:
    began = sorted(request.began for request in requests)
    return max(sum(at <= each < at + _WINDOW_SECONDS for each in began) for at in began)


def _most_at_once(requests: Sequence[Request]) -> int:
    # One that ends as another begins is over: the source writes the end down after the answer has gone.
    moments = sorted([(each.began, 1) for each in requests] + [(each.ended, -1) for each in requests])
    running, most = 0, 0
    for _, change in moments:
        running += change
        most = max(most, running)
    return most


def _assert_rows_are_those_of_one_machine(bureau: Bureau, runs: Iterable[Manifest], landing: Landing) -> None:
    alone = bureau.extract(LEAFHOUSE_DATA_DIR="alone", LEAFLINK_RATE_PER_MINUTE="0")
    assert alone.returncode == 0, alone
    other = Landing(bureau.folder / "alone" / "landing")
    ours = {run.company: _rows_of(landing, run) for run in runs}
    assert ours == {run.company: _rows_of(other, run) for run in other.manifests()}
    for number, orders in enumerate(bureau.orders):
        assert len(ours[f"c{number}"]["orders_received"]) == orders


def _rows_of(landing: Landing, run: Manifest) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the rows by resource and key, the newest of each, without what says who brought them."""
    found = {}
    for read in run.resources:
        with landing.fetched(read.batches) as files:
            found[read.resource] = {
                str(row[read.key]): {name: value for name, value in row.items() if name not in _OWN}
                for file in files
                for row in pq.read_table(file).to_pylist()
            }
    return found


def _told(document: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Return what a document says of the first company."""
    run = document["companies"]["c0"]
    return [(run["kind"], read["resource"], read["distinct"]) for read in run["resources"]]
