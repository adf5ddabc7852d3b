"""A landing holds what its manifests name: whole files, with their checksums, for their owner only."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from pipeline.errors import ConfigurationError
from pipeline.landing import Batch, Landing, Manifest, ResourceRead
from pipeline.landing.files import write_aside

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
ROWS = pa.table({"number": ["a", "b"], "total": [1, 2]})


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "data" / "landing")


def manifest_of(run_id: str, *batches: Batch, quarantine: tuple[Batch, ...] = ()) -> Manifest:
    read = ResourceRead(resource="orders", key="number", scope="all", batches=batches, watermark=AT)
    return Manifest(
        run_id=run_id, kind="full", source="live", base_url="https://example.com/api/v2/", company="acme",
        started_at=AT, finished_at=AT, server_time=AT, resources=(read,), quarantine=quarantine, requests=3,
    )  # fmt: skip


def files(landing: Landing) -> set[str]:
    return {path.relative_to(landing.root).as_posix() for path in landing.root.rglob("*") if path.is_file()}


def read(landing: Landing, batch: Batch) -> None:
    with landing.fetched([batch]):
        pass


def write_manifest(landing: Landing, run_id: str, text: bytes) -> None:
    landing.commit(manifest_of(run_id))
    (landing.root / "_manifests" / f"{run_id}.json").write_bytes(text)


def test_a_batch_is_read_back_as_it_was_written(landing: Landing) -> None:
    batch = landing.write_batch("orders", "run-1", 1, ROWS)

    with landing.fetched([batch]) as (file,):
        assert pq.read_table(file).equals(ROWS)
    assert (batch.resource, batch.file, batch.rows) == ("orders", "orders/run-1-0001.parquet", 2)
    assert batch.bytes == (landing.root / batch.file).stat().st_size


def test_a_manifest_is_read_back_as_it_was_committed(landing: Landing) -> None:
    batch = landing.write_batch("orders", "run-1", 1, ROWS)
    manifest = manifest_of("run-1", batch, quarantine=(landing.write_quarantine("run-1", 1, ROWS),))

    landing.commit(manifest)

    assert landing.manifests() == [manifest]


def test_manifests_come_oldest_first(landing: Landing) -> None:
    for run_id in ("20261124T020000Z-0001", "20261123T020000Z-ffff", "20261124T020000Z-0000"):
        landing.commit(manifest_of(run_id))

    assert [manifest.run_id for manifest in landing.manifests()] == [
        "20261123T020000Z-ffff",
        "20261124T020000Z-0000",
        "20261124T020000Z-0001",
    ]


def test_an_empty_landing_has_no_manifests_and_nothing_to_sweep(landing: Landing) -> None:
    landing.sweep()

    assert landing.manifests() == []


def test_only_the_owner_can_read_it(landing: Landing) -> None:
    landing.commit(manifest_of("run-1", landing.write_batch("orders", "run-1", 1, ROWS)))

    for path in [landing.root.parent, *landing.root.parent.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_damaged_batch_is_named(landing: Landing) -> None:
    batch = landing.write_batch("orders", "run-1", 1, ROWS)
    content = bytearray((landing.root / batch.file).read_bytes())
    content[len(content) // 2] ^= 1
    (landing.root / batch.file).write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"run-1-0001\.parquet: damaged"):
        read(landing, batch)


def test_a_missing_batch_is_named(landing: Landing) -> None:
    batch = landing.write_batch("orders", "run-1", 1, ROWS)
    (landing.root / batch.file).unlink()

    with pytest.raises(ConfigurationError, match=r"run-1-0001\.parquet: cannot be read"):
        read(landing, batch)


@pytest.mark.parametrize("text", [b"", b"{", b"null", b"\xff\xfe", b'{"format": "one"}', b'{"format": 1, "run_id": 7}'])
def test_a_damaged_manifest_is_named(landing: Landing, text: bytes) -> None:
    write_manifest(landing, "run-1", text)

    with pytest.raises(ConfigurationError, match=r"run-1\.json: damaged manifest"):
        landing.manifests()


def test_a_manifest_of_a_newer_version_is_named_as_such(landing: Landing) -> None:
    write_manifest(landing, "run-1", b'{"format": 2, "whatever": []}')

    with pytest.raises(ConfigurationError, match=r"run-1\.json: written by a newer Leafhouse"):
        landing.manifests()


def test_batches_do_not_count_before_their_manifest_and_are_swept(landing: Landing) -> None:
    kept = landing.write_batch("orders", "run-1", 1, ROWS)
    kept_aside = landing.write_quarantine("run-1", 1, ROWS)
    landing.commit(manifest_of("run-1", kept, quarantine=(kept_aside,)))
    landing.write_batch("orders", "run-2", 1, ROWS)
    landing.write_quarantine("run-2", 1, ROWS)
    assert [manifest.run_id for manifest in landing.manifests()] == ["run-1"]

    landing.sweep()

    assert files(landing) == {kept.file, kept_aside.file, "_manifests/run-1.json"}


def test_half_written_files_are_swept(landing: Landing) -> None:
    landing.commit(manifest_of("run-1"))
    for name in ("orders/.run-2-0001.parquet.part", "_manifests/.run-2.json.part"):
        (landing.root / name).parent.mkdir(exist_ok=True)
        (landing.root / name).write_bytes(b"half")
    assert len(landing.manifests()) == 1

    landing.sweep()

    assert files(landing) == {"_manifests/run-1.json"}


def test_a_write_that_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(aside: Path) -> None:
        aside.write_text("half")
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        write_aside(path, fail)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


EXTRACT = """
import sys
from pathlib import Path
import pyarrow as pa
from pipeline.landing import Landing
landing = Landing(Path(sys.argv[1]))
for number in range(1, 4):
    landing.write_batch("orders", "run-2", number, pa.table({"number": ["a", "b"]}))
print("landed", flush=True)
sys.stdin.read()
"""


def test_an_extract_that_is_killed_before_its_commit_changes_nothing(landing: Landing) -> None:
    landing.commit(manifest_of("run-1", landing.write_batch("orders", "run-1", 1, ROWS)))
    before = landing.manifests()

    with subprocess.Popen(
        [sys.executable, "-c", EXTRACT, str(landing.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "landed\n"
        os.kill(process.pid, signal.SIGKILL)

    assert landing.manifests() == before
    landing.sweep()
    assert files(landing) == {"orders/run-1-0001.parquet", "_manifests/run-1.json"}


def land(landing: Landing, run_id: str, company: str = "acme") -> Manifest:
    """Commit a run with a batch and a row in quarantine."""
    batch, aside = landing.write_batch("orders", run_id, 1, ROWS), landing.write_quarantine(run_id, 1, ROWS)
    manifest = replace(manifest_of(run_id, batch, quarantine=(aside,)), company=company)
    landing.commit(manifest)
    return manifest


def committed(landing: Landing) -> list[str]:
    return [manifest.run_id for manifest in landing.manifests()]


def waiting(landing: Landing) -> list[tuple[str, str]]:
    return [(run.manifest.run_id, run.reason) for run in landing.refused_runs()]


def test_a_run_that_is_set_aside_is_committed_no_longer_and_says_why(landing: Landing) -> None:
    land(landing, "run-1")
    runs = [land(landing, "run-2"), land(landing, "run-3")]
    land(landing, "run-4", company="zenith")

    landing.set_aside(runs, "Too much is gone.")

    assert committed(landing) == ["run-1", "run-4"]
    assert waiting(landing) == [("run-2", "Too much is gone."), ("run-3", "Too much is gone.")]
    assert [run.manifest for run in landing.refused_runs()] == runs


def test_a_run_that_is_set_aside_lets_go_of_what_was_begun_upon_it(landing: Landing) -> None:
    run = land(landing, "run-1")
    for company in ("acme", "zenith"):
        landing.begin_journal(company, b"{}")

    landing.set_aside([run], "Too much is gone.")

    assert landing.read_journal("acme") == []
    assert landing.read_journal("zenith") == [b"{}"]


def test_a_sweep_keeps_a_run_that_is_set_aside_until_a_later_one_is_published(landing: Landing) -> None:
    land(landing, "run-1")
    landing.set_aside([land(landing, "run-2")], "Too much is gone.")
    before = files(landing)
    landing.sweep()
    assert files(landing) == before
    later = land(landing, "run-3")
    landing.sweep()
    assert landing.root.joinpath("orders/run-2-0001.parquet").exists()

    landing.forget_superseded()
    landing.sweep()

    assert committed(landing) == ["run-1", "run-3"]
    assert {path for path in files(landing) if "run-2" in path} == set()
    read(landing, later.resources[0].batches[0])


def test_what_another_company_committed_is_no_head_of_an_unfinished_run(landing: Landing) -> None:
    """A run that was interrupted goes on unless a later one of its own company is committed."""
    land(landing, "20261124T020000Z-0001", "acme")
    land(landing, "20261124T030000Z-0001", "birch")

    assert landing.head("acme").run_id == "20261124T020000Z-0001"
    assert landing.head("birch").run_id == "20261124T030000Z-0001"
    assert landing.head("cedar").run_id == ""


def test_a_later_run_takes_the_place_of_one_that_is_set_aside_for_its_own_company_only(landing: Landing) -> None:
    for company in ("acme", "zenith"):
        landing.set_aside([land(landing, f"run-1-{company}", company)], "Too much is gone.")

    land(landing, "run-0")  # whatever the clock said

    assert waiting(landing) == [("run-1-zenith", "Too much is gone.")]
    landing.take_back_refused()
    landing.forget_superseded()
    assert committed(landing) == ["run-0", "run-1-zenith"]
    assert landing.refused_runs() == []


def test_runs_that_are_taken_back_are_as_before(landing: Landing) -> None:
    land(landing, "run-1")
    runs = [land(landing, "run-2"), land(landing, "run-3")]
    before = files(landing), landing.manifests()
    landing.set_aside(runs, "Too much is gone.")

    landing.take_back_refused()

    assert (files(landing), landing.manifests()) == before


def test_what_is_set_aside_is_private_too(landing: Landing) -> None:
    landing.set_aside([land(landing, "run-1")], "Too much is gone.")

    for path in landing.root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_note_that_is_gone_is_named(landing: Landing) -> None:
    landing.set_aside([land(landing, "run-1")], "Too much is gone.")
    (landing.root / "_refused" / "run-1.note").unlink()

    with pytest.raises(ConfigurationError, match=r"run-1\.note: cannot be read"):
        landing.refused_runs()


@pytest.mark.parametrize("renames", range(3))
def test_a_crash_while_runs_are_set_aside_leaves_none_without_the_one_that_it_was_planned_upon(
    landing: Landing, renames: int
) -> None:
    land(landing, "run-1")
    runs = [land(landing, "run-2"), land(landing, "run-3"), land(landing, "run-4")]
    everything = committed(landing)

    crash_after_renames(renames, lambda: landing.set_aside(runs, "Too much is gone."))

    assert committed(landing) == everything[: len(everything) - renames]
    landing.sweep()
    landing.set_aside(landing.manifests()[1:], "Too much is gone.")
    assert [run_id for run_id, _ in waiting(landing)] == ["run-2", "run-3", "run-4"]


@pytest.mark.parametrize("renames", range(2))
def test_a_crash_while_runs_are_taken_back_leaves_none_without_the_one_that_it_was_planned_upon(
    landing: Landing, renames: int
) -> None:
    land(landing, "run-1")
    landing.set_aside([land(landing, "run-2"), land(landing, "run-3")], "Too much is gone.")

    crash_after_renames(renames, landing.take_back_refused)

    assert committed(landing) == ["run-1", "run-2"][: 1 + renames]
    landing.sweep()
    assert [run_id for run_id, _ in waiting(landing)] == ([] if renames else ["run-2", "run-3"])


def crash_after_renames(count: int, work: Callable[[], None]) -> None:
    """Do the work in a process of its own, which is killed before it moves one manifest more than `count`."""
    child = os.fork()
    if child == 0:
        moved = 0

        def watch(event: str, values: tuple[object, ...]) -> None:
            nonlocal moved
            if event == "os.rename" and str(values[0]).endswith(".json"):
                if moved == count:
                    os.kill(os.getpid(), signal.SIGKILL)
                moved += 1

        sys.addaudithook(watch)
        try:
            work()
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
