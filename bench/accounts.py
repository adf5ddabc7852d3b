"""What an engine costs by account: `python -m bench.accounts`, in the environment of Sail or of Spark.

Many accounts of a few rows each are read one after the other in one process, side by side by one command, and in tasks
of the engine of this environment. Writes the table and the picture in docs/scaling.md anew; what other environments
found stays, in docs/images/accounts.json.
"""

import argparse
import contextlib
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import altair as alt
import vl_convert

from pipeline.engines.account import read_account
from pipeline.engines.night import AccountTask, Night, task_of, travelling
from pipeline.landing import following_run_id
from pipeline.settings import read_companies, read_settings
from tests.engines.server import IS_SAIL, engine
from tests.engines.service import Bureau, ended, open_bureau

_DOCS = Path(__file__).parent.parent / "docs"
_PAGE, _PICTURE, _FIGURES = _DOCS / "scaling.md", _DOCS / "images" / "accounts.svg", _DOCS / "images" / "accounts.json"
_BEGIN, _END = "<!-- accounts -->", "<!-- end of accounts -->"
_ENGINE = "Sail" if IS_SAIL else "Spark, local[2]"
_ALONE, _COMMAND = "one after the other", "one command"
_COLOURS = {_ALONE: "#999999", _COMMAND: "#E69F00", "Sail": "#0072B2", "Spark, local[2]": "#D55E00"}
_PATIENCE_SECONDS = 1_800
Figures = dict[str, dict[str, dict[str, float]]]  # by way, by number of accounts, of what


def one_after_the_other(bureau: Bureau) -> None:
    """Read each account as a task does, in this process and without an engine."""
    os.chdir(bureau.folder)
    os.environ.update(bureau.settings)
    settings = read_settings()
    night = Night(
        config_folder=str(bureau.folder), driver="", personal_label="keep", full=False, only=None,
        settings=travelling(settings),
    )  # fmt: skip
    run_id = "20261129T020000Z-0000"
    for company in read_companies(settings):
        rows = list(read_account(night, AccountTask(company.owner, (task_of(company, run_id, ""),))))
        assert [row.exit_code for row in rows] == [0], rows
        run_id = following_run_id(run_id)


def one_command(bureau: Bureau) -> None:
    """Read all accounts side by side, by a command on one machine."""
    _succeed(bureau)


def on_the_engine(bureau: Bureau) -> None:
    """Read all accounts by a command on the engine, which runs already."""
    _succeed(bureau, "--engine", "spark")


def _succeed(bureau: Bureau, *arguments: str) -> None:
    outcome = ended(bureau.start(*arguments), _PATIENCE_SECONDS)
    assert outcome.returncode == 0, outcome.stderr[-2000:]


def measure(way: Callable[[Bureau], None], accounts: int) -> dict[str, float]:
    """Return the seconds by account: of the wall, and of all processors without those of the source.

    Engine and source are there before, in processes of their own.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        engine(Path(folder)) as remote,
        open_bureau(Path(folder) / "bureau", [1], accounts=accounts) as bureau,
    ):
        bureau.settings = {"LEAFLINK_RATE_PER_MINUTE": "0", "LEAFHOUSE_SPARK_REMOTE": remote}
        began, cpu = time.monotonic(), _cpu_seconds(Path(folder))
        way(bureau)
        cpu = _cpu_seconds(Path(folder)) - cpu
        return {"wall": round((time.monotonic() - began) / accounts, 5), "cpu": round(cpu / accounts, 5)}


def _cpu_seconds(folder: Path) -> float:
    """Return what this process, its children that have ended, and the engine in `folder` have taken."""
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    of_engine, sessions = 0, dict[int, list[int]]()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = [*map(int, (process / "stat").read_text().rpartition(") ")[2].split()[1:15])]
            sessions.setdefault(fields[2], []).append(sum(fields[10:14]))
            if process.name == str(fields[2]) and (process / "cwd").readlink() == folder:
                of_engine = fields[2]
    ticks = sum(sessions[of_engine])
    return sum(each.ru_utime + each.ru_stime for each in own) + ticks / os.sysconf("SC_CLK_TCK")


def table(found: Figures) -> str:
    """Return the page's table: milliseconds of the wall and of processors by account."""
    ways = [name for name in _COLOURS if name in found]
    sizes = sorted({int(size) for figures in found.values() for size in figures})
    lines = [f"| accounts | {' | '.join(ways)} |", f"|---|{'---|' * len(ways)}"]
    for size in sizes:
        cells = [_cell(found[way].get(str(size))) for way in ways]
        lines.append(f"| {size:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(figures: dict[str, float] | None) -> str:
    return "" if figures is None else f"{1000 * figures['wall']:,.0f} ms, {1000 * figures['cpu']:,.0f} of CPU"


def draw(found: Figures) -> None:
    """Write the picture: milliseconds by account, of processors and of the wall clock, over the number of accounts."""
    rows = [
        {"accounts": int(size), "ms": 1000 * seconds, "way": way, "of": of}
        for way, figures in found.items()
        for size, costs in figures.items()
        for of, seconds in costs.items()
    ]
    lines = alt.Chart(alt.Data(values=rows)).mark_line(point=True).encode(
        x=alt.X("accounts:Q", title="accounts", scale=alt.Scale(type="log")),
        y=alt.Y("ms:Q", title="milliseconds an account", scale=alt.Scale(type="log")),
        color=alt.Color("way:N", title=None, sort=list(_COLOURS),
                        scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values()))),
        column=alt.Column("of:N", title="What an account of a few rows takes: of processors, and of the wall clock"),
    ).properties(width=300, height=280)  # fmt: skip
    _PICTURE.write_text(vl_convert.vegalite_to_svg(lines.to_dict()))


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="*", default=[10, 100, 1_000])
    parser.add_argument("--only-engine", action="store_true", help="Leave the two ways without an engine as they are.")
    options = parser.parse_args()
    ways: dict[str, Callable[[Bureau], None]] = {} if options.only_engine else {
        _ALONE: one_after_the_other, _COMMAND: one_command,
    }  # fmt: skip
    found: Figures = json.loads(_FIGURES.read_text()) if _FIGURES.exists() else {}
    for accounts in options.accounts:
        for name, way in ({_ENGINE: on_the_engine} | ways).items():
            costs = found.setdefault(name, {})[str(accounts)] = measure(way, accounts)
            print(f"{accounts:>6} {name:<22}{_cell(costs)} an account", flush=True)
            _FIGURES.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    draw(found)
    text = _PAGE.read_text()
    before, after = text[: text.index(_BEGIN)], text[text.index(_END) :]
    _PAGE.write_text(f"{before}{_BEGIN}\n\n{table(found)}\n\n{after}")


if __name__ == "__main__":
    main()
