"""deploy/systemd: what the units say, and what systemd says of them where it is installed."""

import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.forked import CHECKOUT

from .commands import assert_calls

UNITS = CHECKOUT / "deploy" / "systemd"


def read_unit(name: str) -> ConfigParser:
    # A setting may be given more than once, such as SystemCallFilter: the last one is read.
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNITS / name)
    return unit


def test_the_service_calls_a_command_and_knows_its_exit_codes() -> None:
    service = read_unit("leafhouse.service")["Service"]

    assert_calls(service["ExecStart"])
    assert service["Type"] == "oneshot"
    assert service["SuccessExitStatus"] == "5"
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == "1 2 3 7 8"


def test_the_service_keeps_its_files_to_itself_and_may_write_its_home_only() -> None:
    service = read_unit("leafhouse.service")["Service"]

    assert service["User"] == service["StateDirectory"] == "leafhouse"
    assert service["WorkingDirectory"] == "/var/lib/leafhouse"
    assert (service["UMask"], service["StateDirectoryMode"]) == ("0077", "0700")
    assert service["ProtectSystem"] == "strict"
    assert {service[name] for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome")} == {"true"}
    assert "ReadWritePaths" not in service


def test_the_timer_makes_up_for_a_night_in_which_the_machine_was_off() -> None:
    timer = read_unit("leafhouse.timer")

    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Timer"]["OnCalendar"] == "*-*-* 02:15"
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="without systemd the tests above read the units")
def test_systemd_takes_the_units_and_finds_the_service_closed(tmp_path: Path) -> None:
    program = tmp_path / "leafhouse"
    program.touch(0o755)
    for name in ("leafhouse.service", "leafhouse.timer"):
        text = (UNITS / name).read_text().replace("/opt/leafhouse/.venv/bin/leafhouse", str(program))
        (tmp_path / name).write_text(text)
    units = [tmp_path / "leafhouse.service", tmp_path / "leafhouse.timer"]

    verified = analyze("verify", *units)
    # From 0 (closed) to 100 (open): 96 is that of a service without any of these settings.
    exposed = analyze("security", "--offline=yes", "--threshold=25", units[0])

    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    assert exposed.returncode == 0, exposed.stdout


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)
