"""Whatever the store does while a run lands: nothing half is ever seen, the next run goes on, the rows are exact."""

from collections import Counter
from pathlib import Path

import pytest

from pipeline.landing import Bucket, Landing
from tests.acceptance.commands import House
from tests.acceptance.nights import ONLY

from .schedules import Schedule, digests, merge, play
from .server import BUCKET, Proxy

pytestmark = pytest.mark.storage
SEEDS, AT_ONCE = 100, 10


@pytest.fixture(scope="module")
def local(base_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """Return the digests of the same source, landed on a disk."""
    house = House(tmp_path_factory.mktemp("local"), base_url)
    assert house.run("extract", "--only", ONLY).code == 0
    merge(house.data, Landing(house.data / "landing"))
    return digests(house.warehouse)


@pytest.mark.parametrize("start", range(0, SEEDS, AT_ONCE))
def test_a_landing_that_faults_interrupt_ends_exactly_as_one_on_a_disk(
    start: int, base_url: str, tmp_path: Path, proxy: Proxy, local: dict[str, tuple[int, str]]
) -> None:
    ends = Counter[int]()
    for seed in range(start, start + AT_ONCE):
        (tmp_path / str(seed)).mkdir()
        house, url = House(tmp_path / str(seed), base_url), f"s3://{BUCKET}/schedules/{seed}"

        ends.update(play(Schedule(seed), house, url, proxy))

        merge(house.data, Landing(Bucket(url, house.data / "fetched")))
        assert digests(house.warehouse) == local, seed
    assert ends.keys() > {0}, "some runs must have been interrupted"
