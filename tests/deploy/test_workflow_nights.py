"""deploy/github/nightly.yml, night after night: its scripts run as GitHub runs them, on a real source.

GitHub itself is the one thing that is not there: `gh` is a script that hands out the artifact that was kept last.
"""

import asyncio
from pathlib import Path

import pytest

from pipeline.sandbox import Sandbox
from tests.docs.operations import BLOCKS, Machine, Outcome, needs, served, succeeded

from .test_orchestration_files import STEPS

_GH = """
case "$1 $2" in
    "run list") [ ! -f {artifact} ] || echo 1 ;;
    "run download") cp {artifact} . ;;
    *) exit 1 ;;
esac
"""


class Runner:
    """A machine of GitHub: a new folder for each night, and the artifact of the last one."""

    def __init__(self, root: Path) -> None:
        self.machine = Machine.set_up(root)
        self.artifact = root / "artifact" / "data.tar.enc"
        self.artifact.parent.mkdir()
        self.machine.install_command("gh", _GH.format(artifact=self.artifact))
        self.nights = 0

    def night(self, password: str) -> Outcome:
        """Run the scripts of a night in a new folder, until one fails; a night without a failure is kept."""
        secrets = {"LEAFLINK_API_KEY": "the-key", "ARCHIVE_PASSWORD": password}
        self.nights += 1
        folder = self.machine.root / f"night-{self.nights}"
        folder.mkdir()
        (folder / ".venv").symlink_to(self.machine.bin.parent)
        (folder / ".env").symlink_to(self.machine.home / ".env")
        outcome = Outcome(0, "", "")
        for step in STEPS:
            if "run" in step and outcome.code == 0 and not step["run"].startswith("make "):
                environment = {
                    name: secrets.get(name, "") if "${{" in value else value
                    for name, value in step.get("env", {}).items()
                }
                outcome = self.machine.run(step["run"], folder=folder, GITHUB_REF_NAME="main", **environment)
        if outcome.code == 0:
            (folder / "data.tar.enc").replace(self.artifact)
        return outcome


@pytest.mark.long
async def test_a_night_begins_with_what_the_last_good_one_left(tmp_path: Path, leaflink: Sandbox) -> None:
    needs("openssl")
    runner = Runner(tmp_path / "root")
    async with served(runner.machine, leaflink):
        first = await asyncio.to_thread(runner.night, "one")
        other = await asyncio.to_thread(runner.night, "another")
        second = await asyncio.to_thread(runner.night, "one")

    assert (first.code, second.code) == (0, 0), (first, second)
    assert other.code != 0, "what cannot be restored is not taken for a first night"
    assert "bad decrypt" in other.stderr
    assert b"customers" not in runner.artifact.read_bytes()
    here = tmp_path / "here"
    here.mkdir()
    (here / "data.tar.enc").write_bytes(runner.artifact.read_bytes())
    read = await asyncio.to_thread(runner.machine.run, BLOCKS["github-read"], folder=here, ARCHIVE_PASSWORD="one")
    assert "2 runs loaded" in succeeded(read).stdout
