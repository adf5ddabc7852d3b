"""Time zones: Python and DuckDB know the same ones by the same rules, whatever the system has."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.models import last_full_day
from pipeline.settings import read_settings
from pipeline.zones import zone_names, zone_of
from tests.forked import CHECKOUT

# An offset changes at a full hour or half hour, and holds for weeks.
STEP = timedelta(days=10)


def test_every_zone_has_the_offsets_that_duckdb_computes_with() -> None:
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(
            "CREATE TABLE instants AS "
            "SELECT unnest(range(TIMESTAMPTZ '2015-01-01', TIMESTAMPTZ '2040-01-01', ?)) AS instant",
            [STEP],
        )
        columns = ", ".join(f"epoch(instant AT TIME ZONE '{name}') - epoch(instant)" for name in sorted(zone_names()))
        rows = con.execute(f"SELECT CAST(epoch(instant) AS BIGINT), {columns} FROM instants").fetchall()

    zones = [zone_of(name) for name in sorted(zone_names())]
    differing = {
        zone.key
        for second, *offsets in rows
        for zone, offset in zip(zones, offsets, strict=True)
        if datetime.fromtimestamp(second, zone).utcoffset() != timedelta(seconds=offset)
    }
    assert len(zones) > 500
    assert differing == set()


def test_old_data_of_the_system_decide_nothing(tmp_path: Path) -> None:
    """A system on which Denver is where UTC is."""
    (tmp_path / "America").mkdir()
    (tmp_path / "America" / "Denver").write_bytes(b"TZif" + bytes(16) + bytes(24))
    code = (
        "from datetime import datetime, UTC\n"
        "from pipeline.models import last_full_day\n"
        "print(last_full_day(datetime(2026, 6, 2, 3, tzinfo=UTC), 'America/Denver'))"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "PYTHONTZPATH": str(tmp_path)}

    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=True
    )

    assert said.stdout.strip() == str(last_full_day(datetime(2026, 6, 2, 3, tzinfo=UTC), "America/Denver"))
    assert said.stdout.strip() == "2026-05-31"


@pytest.mark.parametrize(
    ("zone", "near"),
    [("America/Denvor", "America/Denver"), ("localtime", "America/Denver"), ("../etc/passwd", ""), ("Mars", "")],
)
def test_a_zone_that_is_none_is_refused_with_one_that_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, zone: str, near: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEAFHOUSE_TIMEZONE", zone)

    with pytest.raises(ConfigurationError, match=f"LEAFHOUSE_TIMEZONE: not a time zone; write for example .*{near}"):
        read_settings()
