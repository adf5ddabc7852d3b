"""`leafhouse mcp`: an assistant learns what there is, asks, is told of when it is, and can do nothing else."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from . import commands
from .assistants import Assistant, assistant
from .nights import KEY, ONLY, open_house

pytestmark = pytest.mark.long  # `make test-docs` runs it

MOST_ROWS = 50
SECONDS = 1.0

# {data} is the data folder, {out} a file that is not there.
WRITES = (
    "drop table raw.brands",
    "with gone as (delete from raw.brands returning *) select * from gone",
    "select 1; drop table raw.brands",
    "from enable_logging(storage = 'file', storage_path = '{out}')",
    "explain analyze delete from raw.brands",
    "delete from raw.brands",
    "update raw.brands set name = 'x'",
    "insert into meta.loads select * from meta.loads",
    "alter table raw.brands rename to others",
    "create table mine as select 1",
    "create macro mine() as 1",
    "from force_checkpoint('warehouse')",
    "begin",
    "prepare q as select 1",
    "call enable_logging()",
)
FILES = (
    "from read_text('/etc/passwd')",
    "from read_blob('/proc/self/environ')",
    "from '{data}/accounts.json'",
    "copy raw.brands to '{out}'",
    "from read_csv('{data}/accounts.json')",
    "from read_parquet('{data}/landing/brands/*.parquet')",
    "from glob('/*')",
    "from sniff_csv('/etc/passwd')",
    "from duckdb_extensions()",
    "attach '{data}/warehouse.duckdb' as again",
    "copy (select 1) to '{out}' (format parquet)",
    "export database '{out}'",
    "select getenv('HOME')",
    "from question",  # a variable of the program
)
NETWORK = (
    "from 'http://{host}/rows.csv'",
    "from read_parquet('http://{host}/rows.parquet')",
    "from read_text('s3://bucket/key')",
    "attach 'http://{host}/other.duckdb' as other",
    "install httpfs",
    "load httpfs",
)
SETTINGS = (
    "set memory_limit = '8GB'",
    "set enable_external_access = true",
    "reset lock_configuration",
    "pragma threads = 64",
)
CAPS = (
    ("select count(*) from range(1000000000000)", "more than 1 s"),
    ("select range(1000000000)", "more memory"),
    ("select length(repeat('x', 3000000000))", "more memory"),
    ("select repeat('x', 1000000)", "100,000 bytes"),
    ("with recursive r(i) as (select 1 union all select i + 1 from r) select max(i) from r", "more than 1 s"),
    ("select list(range) from range(100000000)", "more "),  # memory, or time where there is little of it
    ("select " + "(" * 50_000 + "1", ""),
)


@pytest.fixture(scope="module")
def guest(second_night: Path) -> Iterator[Assistant]:
    """Return an assistant that may ask for few rows and a second only."""
    options = ("--max-rows", str(MOST_ROWS), "--max-seconds", str(SECONDS))
    with assistant(second_night, commands.House(second_night, "").environment(), *options) as session:
        yield session


def state_of(folder: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.rglob("*"))}


def test_the_tools_say_that_they_only_read(guest: Assistant) -> None:
    tools = guest.tools()

    assert tools.keys() == {"list_marts", "describe_marts", "freshness", "query"}
    for tool in tools.values():
        assert (tool.annotations.read_only_hint, tool.annotations.open_world_hint) == (True, False)
        assert tool.description


def test_marts_are_listed_and_described(guest: Assistant) -> None:
    listed = {mart["name"]: mart for mart in guest.call("list_marts")["marts"]}
    (described,) = guest.call("describe_marts", names=["ar_aging"])["marts"]

    assert listed["ar_aging"]["definition"] == described["definition"]
    assert described["definition"].startswith("One row per open order")
    assert listed["ar_aging"]["columns"] == [column["name"] for column in described["columns"]]
    assert {"name": "open_balance", "type": "DECIMAL(38,2)"}.items() <= described["columns"][
        listed["ar_aging"]["columns"].index("open_balance")
    ].items()
    assert "ar_agin: no such mart. The nearest: ar_aging" in guest.refusal("describe_marts", names=["ar_agin"])


def test_every_answer_says_of_when_it_is(guest: Assistant, second_night: Path) -> None:
    with duckdb.connect(second_night / "data" / "warehouse.duckdb", read_only=True) as con:
        expected = con.execute(
            "select load_id, cast(as_of as varchar), "
            "(select strftime(max(server_time) at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ') from meta.runs) "
            "from meta.loads"
        ).fetchone()
        (passed,) = con.execute("select count(*) from audit.results where failures = 0").fetchone() or ()

    fresh = guest.call("freshness")

    for answer in (fresh, guest.call("list_marts"), guest.call("query", sql="select 1")):
        assert (answer["load"], answer["as_of"], answer["read_until"]) == expected
        assert answer["note"] == "Data of a LeafLink account."
    assert fresh["audits"]["passed"] == passed > 0


def test_values_keep_their_digits(guest: Assistant) -> None:
    sql = (
        "select 12345678901234567890.12::decimal(38, 2) as amount, 9007199254740993 as large, 7 as small, "
        "timestamptz '2026-11-24 12:00:00-07' as at, date '2026-11-24' as day, true as yes, null as nothing, "
        "'nan'::double as no_number, [1.5, 2.5] as list, {'a': date '2026-11-24'} as pair, '=1' as text"
    )

    (row,) = guest.call("query", sql=sql)["rows"]

    assert row == [
        "12345678901234567890.12", "9007199254740993", 7, "2026-11-24T19:00:00.000000Z", "2026-11-24", True, None,
        "nan", ["1.5", "2.5"], {"a": "2026-11-24"}, "=1",
    ]  # fmt: skip


def test_more_rows_than_it_may_have_are_cut_and_said_to_be(guest: Assistant) -> None:
    some, all_of_them = (guest.call("query", sql=f"from range({count})") for count in (MOST_ROWS + 1, MOST_ROWS))
    wide = guest.call("query", sql="select repeat('x', 30000) from range(10)")

    assert (len(some["rows"]), some["is_cut"]) == (MOST_ROWS, True)
    assert (len(all_of_them["rows"]), all_of_them["is_cut"]) == (MOST_ROWS, False)
    assert (len(wide["rows"]), wide["is_cut"]) == (3, True)


@pytest.fixture(scope="module")
def nobody() -> Iterator[socket.socket]:
    """Return a socket that listens, and that nobody may connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize("sql", [*WRITES, *FILES, *NETWORK, *SETTINGS])
def test_no_query_writes_or_leaves_the_warehouse(
    guest: Assistant, second_night: Path, tmp_path: Path, nobody: socket.socket, sql: str
) -> None:
    before = state_of(second_night)
    out = tmp_path / "out"
    host = "{}:{}".format(*nobody.getsockname())

    said = guest.refusal("query", sql=sql.format(data=second_night / "data", out=out, host=host))

    assert "root:" not in said
    assert state_of(second_night) == before
    assert not out.exists()
    with pytest.raises(BlockingIOError):
        nobody.accept()


@pytest.mark.parametrize(("sql", "says"), CAPS, ids=range(len(CAPS)))
def test_no_query_takes_more_than_it_may(guest: Assistant, sql: str, says: str) -> None:
    assert says in guest.refusal("query", sql=sql)

    assert guest.call("query", sql="select 1 as one")["rows"] == [[1]]


async def test_a_session_sees_the_first_load_and_the_next_and_is_told_of_rows_that_it_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbidden: set[str] = set()
    async with open_house(tmp_path, monkeypatch, orders=25, only=ONLY, forbidden=forbidden) as house:
        home = commands.House(tmp_path, "", {"LEAFHOUSE_DATA_DIR": str(house.data_dir)})
        with assistant(tmp_path, home.environment(LEAFLINK_API_KEY=KEY)) as session:
            sql = "select max(as_of) from ar_aging"
            nothing = [
                await asyncio.to_thread(session.refusal, tool, **arguments)
                for tool, arguments in (("freshness", {}), ("list_marts", {}), ("query", {"sql": sql}))
            ]
            first = await house.night()
            before = await asyncio.to_thread(session.call, "query", sql=sql)
            forbidden.add("order_payments")
            house.sandbox.advance(house.sandbox.now + timedelta(days=2))
            second = await house.night(full=True)

            refused = await asyncio.to_thread(session.refusal, "query", sql=sql)
            by_another_name = await asyncio.to_thread(
                session.refusal, "query", sql="from query_table('marts.ar_' || 'aging')"
            )
            wrong = await asyncio.to_thread(session.refusal, "query", sql="select nope from raw.customers")
            stale = await asyncio.to_thread(session.call, "query", sql=sql, include_stale=True)
            fresh = await asyncio.to_thread(session.call, "query", sql="select count(*) from raw.customers")
            told = await asyncio.to_thread(session.call, "freshness")

    assert all("no warehouse yet. Run `make extract load` first." in text for text in nothing)
    assert (before["load"], before["as_of"]) == (first.load_id, str(first.as_of))
    why = f"marts.ar_aging: kept as of {first.as_of} for the company default, since order_payments was refused."
    assert why in refused
    assert why in by_another_name
    assert "include_stale" in refused
    assert why not in wrong
    assert "nope" in wrong
    assert (stale["load"], stale["as_of"], stale["rows"]) == (second.load_id, str(second.as_of), [[str(first.as_of)]])
    assert why in stale["warnings"]
    assert why not in fresh["warnings"]
    assert why in told["warnings"]


def test_audits_that_found_rows_are_told_and_those_of_severity_error_refuse(house: commands.House) -> None:
    with assistant(house.folder, house.environment()) as session:
        find(house, "warn")
        warned = session.call("query", sql="select 1")
        find(house, "error")
        refused = session.refusal("query", sql="select 1")
        accepted = session.call("query", sql="select 1", include_stale=True)

    assert any(text.startswith("Audit completeness (warn): 3 rows.") for text in warned["warnings"])
    assert "Audit completeness (error): 3 rows." in refused
    assert accepted["rows"] == [[1]]


def find(house: commands.House, severity: str) -> None:
    """Let an audit of the published warehouse have found rows: no load publishes one with errors."""
    with duckdb.connect(house.warehouse) as con:
        con.execute(f"update audit.results set severity = '{severity}', failures = 3 where audit_id = 'completeness'")


def test_without_the_sdk_it_says_what_to_install(empty: commands.House) -> None:
    program = "import sys; sys.modules['mcp'] = None; sys.argv[1:] = ['mcp']; from pipeline import cli; cli.main()"

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=empty.folder, env=empty.environment(), capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("leafhouse mcp: needs the package mcp, which is not installed. Run `make mcp`")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_waits_for_its_assistant_ends_when_it_is_told_to(
    empty: commands.House, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "mcp"], cwd=empty.folder, env=empty.environment(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write('{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
        process.stdin.flush()
        assert process.stdout.readline()

        process.send_signal(number)
        try:
            code = process.wait(timeout=30)
        finally:
            process.kill()

    assert code == -number
