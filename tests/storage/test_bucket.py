"""A landing in a bucket keeps what one on a disk does, with several writers and a store that fails."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from pipeline import clock
from pipeline.errors import ConfigurationError
from pipeline.landing import Batch, Bucket, Landing, Manifest, StorageError
from tests.landing.test_store import ROWS, committed, land, manifest_of, read, waiting

from .server import Fault, Proxy, Weather

pytestmark = pytest.mark.storage
SECRET = "a-secret-that-nobody-prints"


def objects(landing: Landing) -> set[str]:
    assert isinstance(landing.root, Bucket)
    return {each.file for each in landing.root.files()}


def another(landing: Landing) -> Landing:
    """Return the landing as another machine has it."""
    assert isinstance(landing.root, Bucket)
    return Landing(Bucket(landing.root.url, landing.root._scratch))


def later(monkeypatch: pytest.MonkeyPatch, **time: int) -> None:
    now = clock.now() + timedelta(**time)
    monkeypatch.setattr(clock, "now", lambda: now)


def test_what_is_committed_is_read_back_by_another_machine(landing: Landing) -> None:
    batch, aside = landing.write_batch("orders", "run-1", 1, ROWS), landing.write_quarantine("run-1", 1, ROWS)
    assert landing.manifests() == []
    manifest = manifest_of("run-1", batch, quarantine=(aside,))

    assert landing.commit(manifest)

    assert another(landing).manifests() == [manifest]
    with another(landing).fetched([batch, aside]) as files:
        assert all(pq.read_table(file).equals(ROWS) for file in files)
    assert not [path for path in Path(files[0]).parents[1].rglob("*") if path.is_file()]


def test_a_bucket_that_nobody_has_written_to_is_an_empty_landing(landing: Landing) -> None:
    landing.sweep()

    assert (landing.manifests(), landing.refused_runs(), landing.read_journal("acme")) == ([], [], [])


def test_of_two_that_were_planned_upon_the_same_run_the_second_is_not_committed(landing: Landing) -> None:
    land(landing, "run-1")
    others, own = another(landing), landing.head("acme")
    upon = others.head("acme")
    first, second = manifest_of("run-2"), manifest_of("run-3")

    assert others.commit(first, upon)
    assert not landing.commit(second, own)

    assert committed(landing) == ["run-1", "run-2"]
    assert landing.commit(second, landing.head("acme"))
    assert committed(others) == ["run-1", "run-2", "run-3"]


def test_of_many_that_commit_at_once_upon_the_same_run_one_is_committed(landing: Landing) -> None:
    land(landing, "run-1")
    upon, run_ids = landing.head("acme"), [f"run-2-{number}" for number in range(8)]

    with ThreadPoolExecutor(8) as machines:
        done = list(machines.map(lambda run_id: another(landing).commit(manifest_of(run_id), upon), run_ids))

    assert sum(done) == 1
    assert committed(landing) == ["run-1", run_ids[done.index(True)]]


def test_companies_do_not_stand_in_each_others_way(landing: Landing) -> None:
    upon = {company: landing.head(company) for company in ("acme", "zenith")}

    for company in ("acme", "zenith"):
        assert another(landing).commit(replace(manifest_of(f"run-{company}"), company=company), upon[company])

    assert committed(landing) == ["run-acme", "run-zenith"]
    assert landing.companies() == {"acme", "zenith"}
    assert [run.run_id for run in landing.manifests("zenith")] == ["run-zenith"]


def test_without_a_conditional_put_one_after_the_other_are_still_told_apart(landing: Landing) -> None:
    assert isinstance(landing.root, Bucket)
    landing.root.puts = None
    upon = landing.head("acme")

    assert landing.commit(manifest_of("run-1"), upon)
    assert landing.commit(manifest_of("run-1"), upon)
    assert not landing.commit(manifest_of("run-2"), upon)


def test_a_journal_goes_on_on_another_machine_and_is_begun_anew(landing: Landing) -> None:
    landing.begin_journal("acme", b'{"run": 1}')
    landing.append_journal("acme", b'{"batches": ["orders/a"]}')
    other = another(landing)
    assert other.read_journal("acme") == [b'{"run": 1}', b'{"batches": ["orders/a"]}']
    other.append_journal("acme", b'{"batches": ["orders/b"]}')
    landing.append_journal("acme", b'{"batches": ["orders/c"]}')
    assert len(another(landing).read_journal("acme")) == 4

    other.begin_journal("acme", b'{"run": 2}')
    landing.append_journal("acme", b'{"batches": ["orders/d"]}')

    assert another(landing).read_journal("acme") == [b'{"run": 2}']
    another(landing).forget_journal("acme")
    assert objects(landing) == set()


def test_two_that_go_on_with_the_same_run_write_no_file_of_the_same_name(landing: Landing) -> None:
    files = {machine.write_batch("orders", "run-1", 1, ROWS).file for machine in (landing, another(landing))}

    assert len(files) == 2


def test_a_sweep_removes_what_nothing_names_once_it_is_a_day_old(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = land(landing, "run-1")
    going_on, left = landing.write_batch("orders", "run-2", 1, ROWS), landing.write_batch("orders", "run-3", 1, ROWS)
    landing.begin_journal("acme", b"{}")
    landing.append_journal("acme", f'{{"batches": ["{going_on.file}"]}}'.encode())
    before = objects(landing)

    another(landing).sweep()
    assert objects(landing) == before
    later(monkeypatch, days=2)
    another(landing).sweep()

    assert before - objects(landing) == {left.file}
    assert committed(landing) == [run.run_id]


def test_runs_that_are_let_go_of_take_their_batches_along_at_once(landing: Landing) -> None:
    land(landing, "run-1")
    runs = [land(landing, "run-2")]
    assert landing.size_of(runs) > 2 * runs[0].all_batches[0].bytes

    landing.forget(["run-1"])

    assert committed(landing) == ["run-2"]
    assert not [file for file in objects(landing) if "run-1" in file]
    read(landing, runs[0].all_batches[0])


def test_a_run_planned_upon_one_that_a_load_refused_is_not_committed(landing: Landing) -> None:
    land(landing, "run-1")
    refused = land(landing, "run-2")
    upon = another(landing).head("acme")

    landing.set_aside([refused], "Too much is gone.")

    assert (committed(landing), waiting(landing)) == (["run-1"], [("run-2", "Too much is gone.")])
    assert not another(landing).commit(manifest_of("run-3"), upon)
    another(landing).take_back_refused()
    assert (committed(landing), waiting(landing)) == (["run-1", "run-2"], [])
    assert landing.commit(manifest_of("run-3"), landing.head("acme"))


def test_a_run_that_another_was_committed_upon_meanwhile_is_not_set_aside(landing: Landing) -> None:
    runs = [land(landing, "run-1")]
    land(another(landing), "run-2")

    with pytest.raises(StorageError, match="another run was committed"):
        landing.set_aside(runs, "Too much is gone.")

    assert committed(landing) == ["run-1", "run-2"]


def test_a_run_that_is_set_aside_goes_once_a_later_one_is_published(landing: Landing) -> None:
    landing.set_aside([land(landing, "run-1")], "Too much is gone.")
    land(landing, "run-2")
    assert waiting(landing) == []

    landing.forget_superseded()

    assert not [file for file in objects(landing) if file.startswith("_refused/")]


def test_the_base_is_kept_and_read_back(landing: Landing) -> None:
    content = bytes(range(256)) * 50_000
    with landing.base() as nothing:
        assert nothing is None

    landing.keep_base(lambda path: path.write_bytes(content))

    with another(landing).base() as path:
        assert path is not None and path.read_bytes() == content
    assert landing.base_bytes() == len(content)


def test_what_a_killed_command_fetched_goes_with_the_next_fetch_a_day_later(
    landing: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = landing.write_batch("orders", "run-1", 1, ROWS)
    left = tmp_path / "fetched" / "left"
    left.mkdir(parents=True)
    (left / "0-rows.parquet").touch()

    read(landing, batch)
    assert left.exists()
    later(monkeypatch, days=2)
    read(landing, batch)

    assert not left.exists()


def damage(landing: Landing, batch: Batch) -> None:
    assert isinstance(landing.root, Bucket)
    landing.root.put(batch.file, b"something else")


def remove(landing: Landing, batch: Batch) -> None:
    assert isinstance(landing.root, Bucket)
    landing.root.delete([batch.file])


@pytest.mark.parametrize(("spoil", "says"), [(damage, "damaged"), (remove, "cannot be read")])
def test_a_batch_that_is_no_longer_what_was_landed_is_named(
    landing: Landing, spoil: Callable[[Landing, Batch], None], says: str
) -> None:
    batches = [landing.write_batch("orders", "run-1", number, ROWS) for number in (1, 2, 3)]

    spoil(landing, batches[1])

    with (
        pytest.raises(ConfigurationError, match=rf"{landing.root}/{batches[1].file}: {says}"),
        landing.fetched(batches),
    ):
        pass


def at(*numbers: int, fault: Fault) -> Callable[[int, str, str], Fault | None]:
    return lambda number, method, path: fault if number in numbers else None


@pytest.mark.parametrize("fault", ["slow", "503", "cut", "lost", "torn"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_request_that_fails_is_made_again(
    landing: Landing, faulty: Landing, proxy: Proxy, fault: Fault, number: int
) -> None:
    manifest = manifest_of("run-1", faulty.write_batch("orders", "run-1", 1, ROWS))
    proxy.weather = Weather(at(number, fault=fault))

    assert faulty.commit(manifest, landing.head("acme"))
    assert faulty.manifests() == [manifest]
    proxy.weather = Weather(at(number, fault=fault))
    read(faulty, manifest.all_batches[0])
    proxy.weather = Weather(at(number, fault=fault))
    faulty.begin_journal("acme", b"{}")
    assert faulty.read_journal("acme") == [b"{}"]
    proxy.weather = Weather(at(number, fault=fault))
    faulty.forget(["run-1"])

    assert [fault for _, _, fault in proxy.weather.requests if fault] == [fault]
    assert objects(landing) == {file for file in objects(landing) if file.startswith("_journal-")}


@pytest.mark.parametrize("way", ["read", "write", "commit", "list"])
def test_a_store_that_goes_on_failing_is_named_with_the_object(faulty: Landing, proxy: Proxy, way: str) -> None:
    manifest = manifest_of("run-1", faulty.write_batch("orders", "run-1", 1, ROWS))
    head = faulty.head("acme")
    proxy.weather = Weather(lambda number, method, path: "503")
    ways: dict[str, tuple[Callable[[], object], str]] = {
        "read": (lambda: read(faulty, manifest.all_batches[0]), manifest.all_batches[0].file),
        "write": (lambda: faulty.write_batch("orders", "run-2", 1, ROWS), "orders/run-2-0001"),
        "commit": (lambda: faulty.commit(manifest, head), "_manifests/acme/00000001.json"),
        "list": (faulty.manifests, "_manifests"),
    }

    with pytest.raises(StorageError) as raised:
        ways[way][0]()

    assert str(raised.value).startswith(f"{faulty.root}/{ways[way][1]}")
    assert "after 2 tries" in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_store_that_lets_nobody_in_is_a_matter_of_settings(faulty: Landing, proxy: Proxy) -> None:
    proxy.weather = Weather(lambda number, method, path: "refuse")

    with pytest.raises(ConfigurationError, match="cannot be written"):
        faulty.write_batch("orders", "run-1", 1, ROWS)

    assert len(proxy.weather.requests) == 1


def test_a_bucket_that_is_not_there_is_a_matter_of_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="NO_SUCH_BUCKET"):
        Landing(Bucket("s3://no-such-bucket/here", tmp_path)).write_batch("orders", "run-1", 1, ROWS)


def test_a_manifest_whose_answer_was_lost_is_committed_once(landing: Landing, faulty: Landing, proxy: Proxy) -> None:
    manifest: Manifest = manifest_of("run-1")
    proxy.weather = Weather(lambda number, method, path: "lost" if method == "PUT" and number < 5 else None)

    assert faulty.commit(manifest, landing.head("acme"))

    assert [method for method, _, fault in proxy.weather.requests if fault] == ["PUT"] * 3
    assert landing.manifests() == [manifest]
