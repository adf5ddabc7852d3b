"""Two nights of a small live source, made once, for every test that breaks a copy of them."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.sandbox import Sandbox, SandboxConfig
from tests.few_marts import few_marts, use_few_marts  # noqa: F401

from .commands import KEY, House, finish
from .towns import NOW, Town


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a small sandbox, and stop it as a service manager does."""
    house = House(tmp_path_factory.mktemp("source"), "")
    with house.start("sandbox", "--orders", "40", "--port", "0", "--rate", "0", "--key", KEY) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0].removeprefix("LEAFLINK_BASE_URL=")
        process.send_signal(signal.SIGTERM)
        stopped = finish(process)
    assert stopped.code == 128 + signal.SIGTERM
    assert stopped.stderr.startswith("Told to stop (SIGTERM).")


@pytest.fixture(scope="session")
def second_night(base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a published warehouse, and a second run that landed after it."""
    house = House(tmp_path_factory.mktemp("nights"), base_url)
    with few_marts():
        for command in ("run", "extract"):
            assert house.run(command).code == 0
    return house.folder


@pytest.fixture
def house(second_night: Path, base_url: str, tmp_path: Path) -> House:
    """Return a copy of the second night, to be damaged at will."""
    return House(Path(shutil.copytree(second_night, tmp_path / "night", symlinks=True)), base_url)


@pytest.fixture
def empty(base_url: str, tmp_path: Path) -> House:
    return House(tmp_path, base_url)


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "10")
    ours, other = (
        Sandbox.open(tmp_path / name, SandboxConfig(orders=25, seed=seed), NOW)
        for seed, name in enumerate(("ours", "other"), 1)
    )
    yield Town(tmp_path, monkeypatch, ours, other)
    ours.close()
    other.close()
