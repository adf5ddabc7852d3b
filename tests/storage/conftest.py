"""One S3 server, one LeafLink and one proxy for all tests of a landing in a bucket; each test has its own prefix."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.landing import Bucket, Landing
from tests.acceptance.conftest import base_url  # noqa: F401
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
