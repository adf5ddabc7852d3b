"""What models and audits take by the lines of a warehouse: `python -m bench.models`.

An embedded sandbox of as many orders as it takes (about 8 lines each) is read and loaded, at most of 12,500. A larger
warehouse is made of that one inside DuckDB: its orders, customers and products, and what hangs on them, once more for
each copy, with ids of their own. Reading 125,000 orders from a server would take minutes, and tell nothing of models.

Models and audits run in a process of their own, with the memory and the threads of a load: as a first load, which makes
every table, as the night after, of another date and with a new order among the rows, and once more for the same.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from bench.measure import KEY, LEAFHOUSE, run, sandbox
from pipeline.datafolder.paths import warehouse_file
from pipeline.models import Carryover, ModelSettings, Project, run_audits, run_models
from pipeline.models.project import LAYERS
from pipeline.resources import all_resources
from pipeline.sql import literal
from pipeline.warehouse.build import open_engine
from pipeline.warehouse.provenance import record_models

LINES = (10_000, 100_000, 1_000_000)
LINES_AN_ORDER = 8
LARGEST_SANDBOX = 12_500
_COMPANY = Carryover(("default",))

_ORDER = {'"order"': "\"order\" || '-' || copy"}
_OWN_ID = {"id": "id + 1000000000 * copy"}
# What is new in a copy of each table: its keys, and what it points to.
_COPIED = {
    "raw.orders_received": {
        "number": "number || '-' || copy",
        "customer": "struct_update(customer, id := customer.id + 1000000000 * copy)",
    },
    "raw.line_items": _OWN_ID | _ORDER | {"product": "product + 1000000000 * copy"},
    "raw.order_payments": _OWN_ID | _ORDER,
    "raw.order_event_logs": _OWN_ID | _ORDER,
    "raw.order_sales_reps": _OWN_ID | _ORDER,
    "raw.customers": _OWN_ID,
    "raw.products": _OWN_ID,
    "raw.activity_entries": _OWN_ID | {"customer": "customer + 1000000000 * copy"},
    "history.inventory_daily": {"product_id": "product_id + 1000000000 * copy"},
}
_NEW_ORDER = "INSERT INTO raw.orders_received SELECT * REPLACE ('new' AS number) FROM raw.orders_received LIMIT 1"


def load_sandbox(folder: Path, orders: int) -> Path:
    """Read and load a sandbox of so many orders, and return the warehouse."""
    with sandbox(folder / "sandbox", orders=orders, latency_ms=0) as base_url:
        environment = {
            "LEAFLINK_BASE_URL": base_url, "LEAFLINK_API_KEY": KEY, "LEAFLINK_RATE_PER_MINUTE": "0",
            "LEAFHOUSE_DATA_DIR": str(folder / "data"),
        }  # fmt: skip
        run((*LEAFHOUSE, "run", "--full"), environment)
    return warehouse_file(folder / "data")


def multiply(warehouse: Path, times: int) -> None:
    """Copy what the models read until there is `times` as much, and forget what models and audits left."""
    with closing(duckdb.connect(warehouse)) as con:
        for table, changes in _COPIED.items():
            replaced = ", ".join(f"{value} AS {column}" for column, value in changes.items())
            con.execute(
                f"INSERT INTO {table} SELECT source.* REPLACE ({replaced}) FROM {table} AS source, "
                f"unnest(range(1, {times})) AS copies(copy)"
            )
        for schema in (*LAYERS, "audit"):
            con.execute(f"DROP SCHEMA {schema} CASCADE")
        con.execute("DELETE FROM meta.models")
        con.execute("DELETE FROM meta.loads")


def measure(warehouse: Path) -> None:
    """Run models and audits on a warehouse, three loads long, and print what each took as lines of JSON."""
    project = Project(raw_keys={name: resource.key for name, resource in all_resources().items()})
    with tempfile.TemporaryDirectory() as spill, closing(open_engine(Path(spill))) as con:
        con.execute(f"ATTACH {literal(str(warehouse))} AS warehouse (RECOVERY_MODE no_wal_writes)")
        con.execute("USE warehouse")
        (known_at,) = con.execute("SELECT max(epoch(server_time)) FROM meta.runs").fetchone() or (0,)
        first = datetime.fromtimestamp(known_at, UTC)
        # The peak memory of a step is that of the process until then.
        for place, (name, day) in enumerate({"first load": 0, "night after": 1, "same again": 1}.items()):
            settings = _settings(first, first.date() + timedelta(days=day), place)
            if name == "night after":
                con.execute(_NEW_ORDER)
            with _measured(f"models, {name}") as note:
                runs = run_models(con, settings, project, kept=_COMPANY)
                note(f"{sum(not each.is_unchanged for each in runs)} of {len(runs)}")
            record_models(con, settings.run_id, settings.as_of, runs, _COMPANY)
            con.execute(
                "INSERT INTO meta.loads VALUES (?, ?, ?, ?, ?, ?)",
                [settings.run_id, first, settings.as_of, first, settings.timezone, settings.sell_through_days],
            )
            if name == "first load":
                with _measured("audits") as note:
                    note(str(len(run_audits(con, settings, project))))


def _settings(known_at: datetime, as_of: date, place: int) -> ModelSettings:
    run_id = f"{as_of:%Y%m%d}T02000{place}Z-0001"
    return ModelSettings(as_of, known_at, "America/Los_Angeles", 90, run_id, accept_shrink=True)


@contextmanager
def _measured(step: str) -> Iterator[Callable[[str], None]]:
    notes: list[str] = []
    wall, cpu = time.perf_counter(), time.process_time()
    yield notes.append
    print(json.dumps({
        "step": step, "made": notes[0], "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu,
        "peak_mb": _peak_mb(),
    }))  # fmt: skip


def _peak_mb() -> float:
    # getrusage would tell of the process that started this one, too, which is larger.
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def main() -> None:
    """Print a table of what models and audits take."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, nargs="*", default=list(LINES))
    parser.add_argument("--warehouse", type=Path, help=argparse.SUPPRESS)  # measure this one: the process of its own
    options = parser.parse_args()
    if options.warehouse is not None:
        measure(options.warehouse)
        return
    print("| lines | | made | wall s | CPU s | peak MB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        loaded: dict[int, Path] = {}
        for lines in options.lines:
            orders = min(lines // LINES_AN_ORDER, LARGEST_SANDBOX)
            if orders not in loaded:
                loaded[orders] = load_sandbox(Path(temporary) / str(orders), orders)
            warehouse = Path(temporary) / f"{lines}.duckdb"
            shutil.copy(loaded[orders], warehouse)
            multiply(warehouse, max(1, lines // (LINES_AN_ORDER * orders)))
            cost = run((sys.executable, "-m", "bench.models", "--warehouse", str(warehouse)), {})
            for line in cost.output.splitlines():
                each = json.loads(line)
                print(
                    f"| {lines:,} | {each['step']} | {each['made']} | {each['wall']:.1f} | {each['cpu']:.1f} "
                    f"| {each['peak_mb']:.0f} |"
                )


if __name__ == "__main__":
    main()
