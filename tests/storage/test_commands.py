"""The commands with LEAFHOUSE_LANDING: the same warehouse as from a disk, from any machine, and no secret anywhere."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.landing import Bucket, Landing
from tests.acceptance.commands import House, Outcome

from .schedules import digests
from .server import BUCKET, Fault, Proxy, Weather, credentials

pytestmark = pytest.mark.storage
SECRET = credentials("")["AWS_SECRET_ACCESS_KEY"]


@pytest.fixture
def house(tmp_path: Path, base_url: str, url: str, s3: str) -> House:
    return machine(tmp_path / "one", base_url, url, s3)


def machine(folder: Path, base_url: str, url: str, address: str) -> House:
    """Return the data folder of a machine that lands at `url`."""
    folder.mkdir()
    return House(folder, base_url, {**credentials(address), "LEAFHOUSE_LANDING": url, "LEAFLINK_PAGE_SIZE": "10"})


def landing_of(house: House) -> Landing:
    return Landing(Bucket(house.settings["LEAFHOUSE_LANDING"], house.data / "fetched"))


def succeeded(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, outcome
    assert SECRET not in outcome.stdout + outcome.stderr
    return outcome


def test_a_bucket_gives_the_same_warehouse_as_a_disk(house: House, tmp_path: Path, base_url: str) -> None:
    (tmp_path / "local").mkdir()
    local = House(tmp_path / "local", base_url)
    for each in (house, local):
        succeeded(each.run("extract"))
        succeeded(each.run("load"))
        succeeded(each.run("run"))

    assert digests(house.warehouse) == digests(local.warehouse)
    assert not (house.data / "landing").exists()
    assert not list((house.data / "fetched").iterdir())
    assert not [path for path in house.folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    found = json.loads(
        succeeded(house.run("query", "select order_number from marts.ar_aging limit 1", "--json")).stdout
    )
    traced = json.loads(succeeded(house.run("trace", "ar_aging", found["rows"][0][0], "--json")).stdout)
    assert all(landing_of(house).root.size(each["file"]) for each in traced["rows"][0]["sources"])
    assert succeeded(house.run("status")).stdout


def test_a_machine_of_its_own_goes_on_with_what_others_landed(
    house: House, tmp_path: Path, base_url: str, url: str, s3: str
) -> None:
    succeeded(house.run("run"))
    other = machine(tmp_path / "two", base_url, url, s3)

    succeeded(other.run("extract"))
    succeeded(house.run("load"))
    succeeded(other.run("load"))

    assert [manifest.kind for manifest in landing_of(house).manifests()] == ["full", "incremental"]
    assert digests(other.warehouse) == digests(house.warehouse)


def test_after_pruning_the_bucket_alone_gives_the_same_warehouse(house: House) -> None:
    for arguments in ("run",), ("run", "--full"), ("run",):
        succeeded(house.run(*arguments))
    before, runs = digests(house.warehouse), landing_of(house).manifests()

    succeeded(house.run("prune", LEAFHOUSE_KEEP_LANDING_DAYS="0", LEAFHOUSE_KEEP_WAREHOUSES="0"))

    assert len(landing_of(house).manifests()) < len(runs)
    assert landing_of(house).base_bytes()
    shutil.rmtree(house.data / "kept")
    house.warehouse.unlink()
    succeeded(house.run("extract"))
    succeeded(house.run("load"))
    assert digests(house.warehouse) == before
    assert landing_of(house).manifests()[-1].kind == "incremental"


def test_an_extract_that_another_machine_was_faster_than_fails_and_can_be_run_again(
    house: House, tmp_path: Path, base_url: str, url: str, s3: str, proxy: Proxy
) -> None:
    succeeded(house.run("extract"))
    other = machine(tmp_path / "two", base_url, url, s3)
    faster: list[Outcome] = []

    def fault_of(number: int, method: str, path: str) -> Fault | None:
        # While the first one lands its first batch, the second one begins and ends.
        if method == "PUT" and ".parquet" in path and not faster:
            faster.append(other.run("extract", "--full"))
        return None

    proxy.weather = Weather(fault_of)
    slower = house.run("extract", "--full", AWS_ENDPOINT_URL=proxy.url)

    assert succeeded(faster[0]).code == 0
    assert slower.code == 4
    assert "another run was committed" in slower.stderr
    assert "Traceback" not in slower.stderr
    runs = [manifest.run_id for manifest in landing_of(house).manifests()]
    assert len(runs) == 2
    succeeded(house.run("extract", "--full"))
    assert [manifest.run_id for manifest in landing_of(house).manifests()][:2] == runs
    succeeded(house.run("load"))


@pytest.mark.parametrize("fault", ["slow", "503", "cut", "torn"])
def test_a_load_asks_again_for_what_did_not_come(house: House, proxy: Proxy, fault: Fault) -> None:
    succeeded(house.run("extract"))
    proxy.weather = Weather(lambda number, method, path: fault if number % 5 == 0 else None)

    succeeded(house.run("load", AWS_ENDPOINT_URL=proxy.url))

    assert fault in {each for *_, each in proxy.weather.requests}


def cannot_be_listed(number: int, method: str, path: str) -> Fault | None:
    return "refuse" if "list-type" in path else None


def cannot_be_written(number: int, method: str, path: str) -> Fault | None:
    return "refuse" if method == "PUT" else None


@pytest.mark.parametrize(("refuses", "says"), [(cannot_be_listed, "listed"), (cannot_be_written, "written")])
def test_the_doctor_says_what_the_store_refuses(
    house: House, proxy: Proxy, refuses: Callable[[int, str, str], Fault | None], says: str
) -> None:
    good = succeeded(house.run("doctor")).stdout
    proxy.weather = Weather(refuses)

    bad = house.run("doctor", AWS_ENDPOINT_URL=proxy.url)

    assert f"{house.settings['LEAFHOUSE_LANDING']}: listed and written; two writers are told apart" in good
    assert bad.code == 3
    assert f"cannot be {says}" in bad.stdout
    assert SECRET not in bad.stdout + bad.stderr


def test_invented_data_do_not_reach_the_landing_of_a_live_account(house: House, tmp_path: Path) -> None:
    succeeded(house.run("extract"))
    sandbox = House(tmp_path / "sandbox", "", {**house.settings, "LEAFHOUSE_SANDBOX": "1"})
    sandbox.folder.mkdir()

    sandbox.refuses("extract", code=3, says=("a live account", "LEAFHOUSE_LANDING"), LEAFLINK_API_KEY=None)
    sandbox.refuses("load", code=3, says=("a live account", "LEAFHOUSE_LANDING"), LEAFLINK_API_KEY=None)


def test_a_bucket_that_is_not_there_ends_with_3(house: House) -> None:
    house.refuses(
        "extract", code=3, says=("no-such-bucket", "NO_SUCH_BUCKET"), LEAFHOUSE_LANDING="s3://no-such-bucket/x"
    )


def test_a_secret_in_the_url_is_refused_and_not_repeated(house: House) -> None:
    outcome = house.run("plan", LEAFHOUSE_LANDING=f"s3://an-id:{SECRET}@{BUCKET}/x")

    assert outcome.code == 3
    assert "has more than a bucket and a prefix" in outcome.stderr
    assert SECRET not in outcome.stdout + outcome.stderr
