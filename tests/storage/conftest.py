"""One S3 server, one LeafLink and one proxy for all tests of a landing in a bucket; each test has its own prefix."""

import itertools
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.landing import Bucket, Landing
from tests.acceptance.commands import KEY, House, finish
from tests.few_marts import use_few_marts  # noqa: F401

from .server import BUCKET, Proxy, Weather, credentials, proxied, serve_s3

_PREFIXES = itertools.count()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_s3(tmp_path_factory.mktemp("s3") / "log") as address:
        yield address


@pytest.fixture(scope="session")
def shared_proxy(s3: str) -> Iterator[Proxy]:
    with proxied(s3) as proxy:
        yield proxy


@pytest.fixture
def proxy(shared_proxy: Proxy) -> Proxy:
    shared_proxy.weather = Weather()
    return shared_proxy


@pytest.fixture
def url() -> str:
    """Return a landing that nobody has written to."""
    return f"s3://{BUCKET}/landing/{next(_PREFIXES)}"


@pytest.fixture(autouse=True)
def _direct(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process reads passes by the proxy."""
    for name, value in credentials(s3).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def landing(url: str, tmp_path: Path) -> Landing:
    return Landing(Bucket(url, tmp_path / "fetched"))


@pytest.fixture
def faulty(url: str, tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Landing:
    """Return the same landing behind the proxy; it waits little."""
    monkeypatch.setattr("pipeline.landing.bucket._WAITS_SECONDS", (0.01,))
    bucket = Bucket(url, tmp_path / "fetched")
    with pytest.MonkeyPatch.context() as patched:  # the address is that of the environment when it is first used
        patched.setenv("AWS_ENDPOINT_URL", proxy.url)
        bucket.files()
        assert bucket.puts is not None
    proxy.weather = Weather()
    return Landing(bucket)


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a small sandbox, whose rows stay as they are."""
    house = House(tmp_path_factory.mktemp("source"), "")
    with house.start("sandbox", "--orders", "40", "--port", "0", "--rate", "0", "--key", KEY) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0].removeprefix("LEAFLINK_BASE_URL=")
        process.send_signal(signal.SIGTERM)
        finish(process)
