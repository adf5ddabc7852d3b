"""The tasks of a night on an engine, without an engine: twins, locks, what is committed already, what is refused."""

import multiprocessing
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from pipeline.datafolder.lock import DataLock, account_lock
from pipeline.datafolder.paths import account_folder, landing_folder, pacing_file, shared_pacing_file
from pipeline.engines.account import AccountLanding, read_account
from pipeline.engines.night import AccountTask, Night, Row, task_of, travelling
from pipeline.errors import LockedError
from pipeline.landing import following_run_id
from pipeline.settings import Settings, read_companies, read_settings
from tests.engines.service import Bureau, ended, open_bureau


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    with open_bureau(tmp_path_factory.mktemp("bureau") / "b", (6, 6)) as opened:
        yield opened


def night_of(settings: Settings, driver: str = "", label: str = "keep") -> Night:
    return Night(
        config_folder=str(Path.cwd()), driver=driver, personal_label=label, full=False, only=None,
        settings=travelling(settings),
    )  # fmt: skip


@pytest.fixture
def settings(bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(bureau.folder)
    monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(tmp_path / "data"))
    return read_settings()


@pytest.fixture
def task(settings: Settings) -> AccountTask:
    company = read_companies(settings)[0]
    return AccountTask(company.owner, (task_of(company, "20261129T020000Z-0001", ""),))


def _rows(night: Night, task: AccountTask) -> list[Row]:
    return list(read_account(night, task))


def test_two_tasks_for_one_account_at_the_same_time_read_and_commit_once(
    bureau: Bureau, settings: Settings, task: AccountTask
) -> None:
    before = len(bureau.requests())
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        twins = [processes.submit(_rows, night_of(settings), task) for _ in range(2)]
        (first,), (second,) = (twin.result() for twin in twins)

    assert first == second
    assert (first.run_id, first.exit_code) == ("20261129T020000Z-0001", 0)
    assert len(bureau.requests()) - before == first.requests
    assert len(list((settings.data_dir / "landing" / "_manifests").iterdir())) == 1


def test_a_task_of_the_next_night_reads_again(settings: Settings, task: AccountTask) -> None:
    (first,) = _rows(night_of(settings), task)
    company = read_companies(settings)[0]
    tomorrow = AccountTask(task.owner, (task_of(company, "20261130T020000Z-0001", first.run_id or ""),))
    (second,) = _rows(night_of(settings), tomorrow)

    assert second.run_id == "20261130T020000Z-0001"


def test_a_task_sees_the_runs_of_its_own_account_also_those_committed_later(settings: Settings) -> None:
    first, second = read_companies(settings)
    root, run_id = landing_folder(settings.data_dir), "20261129T020000Z-0001"
    for number, company in enumerate((first, second, first)):
        task = AccountTask(company.owner, (task_of(company, run_id, run_id if number == 2 else ""),))
        assert [row.exit_code for row in read_account(night_of(settings), task)] == [0]
        seen = [run.run_id for run in AccountLanding(root, [first.name]).manifests()]
        assert seen == ["20261129T020000Z-0001", "20261129T020000Z-0003"][: number // 2 + 1]
        run_id = following_run_id(run_id)


def test_a_task_gives_way_to_another_command_than_its_driver(settings: Settings, task: AccountTask) -> None:
    settings.data_dir.mkdir()
    with DataLock(settings.data_dir, "load"):
        (row,) = _rows(night_of(settings, driver="`leafhouse extract` (process 1 on moon)"), task)

    assert row.exit_code == 6
    assert "in use by `leafhouse load`" in row.message


def test_no_command_begins_while_a_task_whose_driver_is_gone_reads(tmp_path: Path) -> None:
    with account_lock(tmp_path, "jane"), pytest.raises(LockedError, match="a task of an engine still reads jane-"):
        DataLock(tmp_path, "extract").__enter__()

    with DataLock(tmp_path, "extract"):
        pass


def test_the_first_task_of_an_account_takes_over_what_its_budget_has_left(tmp_path: Path) -> None:
    shared_pacing_file(tmp_path).write_text("{}")
    assert pacing_file(tmp_path, "jane") == shared_pacing_file(tmp_path)

    with account_lock(tmp_path, "jane"):
        assert pacing_file(tmp_path, "jane").read_text() == "{}"

    assert pacing_file(tmp_path, "jane").parent == account_folder(tmp_path, "jane")


def test_another_key_for_personal_data_than_the_drivers_is_refused(settings: Settings, task: AccountTask) -> None:
    (row,) = _rows(night_of(settings, label="hash of another key"), task)

    assert row.exit_code == 3
    assert "the key that personal data are hashed with" in row.message


def test_an_id_follows_another_also_into_the_next_second() -> None:
    assert following_run_id("20261129T235959Z-00ff") == "20261129T235959Z-0100"
    assert following_run_id("20261129T235959Z-ffff") == "20261130T000000Z-0000"


@pytest.mark.parametrize(
    ("remote", "code", "says"),
    [
        (None, 3, "LEAFHOUSE_SPARK_REMOTE is not set"),
        ("spark://h:7077", 3, "Write it as sc://host:port"),
    ],
)
def test_an_address_that_is_none_is_refused(bureau: Bureau, remote: str | None, code: int, says: str) -> None:
    outcome = bureau.extract("--engine", "spark", **({} if remote is None else {"LEAFHOUSE_SPARK_REMOTE": remote}))

    assert outcome.returncode == code
    assert says in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_an_engine_that_cannot_be_had_is_told(bureau: Bureau) -> None:
    # Either this environment has no engine's client, or there is nothing at the port.
    outcome = bureau.extract("--engine", "spark", LEAFHOUSE_SPARK_REMOTE="sc://127.0.0.1:1/;token=secret")

    assert (outcome.returncode, "is not installed" in outcome.stderr) in {(3, True), (4, False)}
    assert "secret" not in outcome.stderr + outcome.stdout
    assert not list((bureau.folder / "data").glob("landing/_manifests/*"))


def test_one_machine_imports_nothing_of_the_engines(bureau: Bureau) -> None:
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "pipeline.cli", "extract"], cwd=bureau.folder, text=True,
        env=bureau.environment(LEAFHOUSE_DATA_DIR="one"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    outcome = ended(process)

    assert outcome.returncode == 0
    assert "pipeline.jobs.extract" in outcome.stderr
    assert not [line for line in outcome.stderr.splitlines() if "pipeline.engines" in line or "pyspark" in line]
