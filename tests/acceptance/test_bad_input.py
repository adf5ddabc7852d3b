"""Whatever a user gets wrong, or finds broken: one sentence, the right exit code, and nothing lost."""

import json
import socket
from datetime import timedelta

import duckdb
import pytest

from .commands import KEY, House, assert_private
from .terminals import at_terminal


def test_a_base_url_without_a_key_is_refused(house: House) -> None:
    house.refuses("extract", code=3, says=("LEAFLINK_API_KEY", "Set the key"), LEAFLINK_API_KEY=None)


def test_a_key_with_its_scheme_before_it_is_refused(house: House) -> None:
    house.refuses("extract", code=3, says=("LEAFLINK_API_KEY", "LEAFLINK_AUTH_SCHEME"), LEAFLINK_API_KEY=f"App {KEY}")


def test_an_unreachable_host_is_not_waited_for_forever(house: House) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        house.refuses(
            "run", code=4, says=(host, "refused", "check LEAFLINK_BASE_URL", "Run again later"),
            LEAFLINK_BASE_URL=f"http://{host}/api/v2/", LEAFLINK_GIVE_UP_SECONDS="0.5",
        )  # fmt: skip


def test_a_base_url_without_a_scheme_is_refused_with_the_one_to_write(house: House) -> None:
    says = ("has to start with https://", "Write https://leaflink.example/api/v2/")
    house.refuses("extract", code=3, says=says, LEAFLINK_BASE_URL="leaflink.example/api/v2/")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEAFLINK_AUTH_SCHEME", "Bearer"),
        ("LEAFLINK_PAGE_SIZE", "0"),
        ("LEAFLINK_GIVE_UP_SECONDS", "nan"),
        ("LEAFHOUSE_TIMEZONE", "Mars/Olympus"),
        ("LEAFHOUSE_AS_OF", "2026-02-30"),
        ("LEAFHOUSE_AS_OF", "1764028800"),
        ("LEAFHOUSE_KEEP_LANDING_DAYS", "-1"),
        ("LEAFHOUSE_FILE_MODE", "0666"),
        ("LEAFHOUSE_FILE_MODE", "rw-r-----"),
        ("LEAFHOUSE_FILE_GROUP", "no such group"),
        ("LEAFHOUSE_FILE_GROUP", "\udcff\udcfe"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(empty: House, name: str, value: str) -> None:
    empty.refuses("status", code=3, says=(f"{name}: ",), **{name: value})


def test_an_as_of_that_is_no_date_is_a_usage_error(house: House) -> None:
    house.refuses("load", "--as-of", "yesterday", code=2, says=("--as-of yesterday", "YYYY-MM-DD"))


def test_an_as_of_more_than_a_year_after_the_newest_data_is_refused(house: House) -> None:
    with duckdb.connect(house.warehouse, read_only=True) as con:
        ((newest,),) = con.execute("SELECT max(as_of) FROM meta.loads").fetchall()
    near, far = newest + timedelta(days=366), newest + timedelta(days=400)
    says = ("more than a year after the newest data", "correct the date")

    house.refuses("load", "--as-of", "9999-12-31", code=2, says=("--as-of 9999-12-31", *says))
    house.refuses("load", code=3, says=(f"LEAFHOUSE_AS_OF {far}", *says), LEAFHOUSE_AS_OF=str(far))
    assert house.run("load", "--as-of", str(near), LEAFHOUSE_AS_OF=str(far)).code == 0


def test_an_unknown_resource_is_refused_with_the_known_ones(house: House) -> None:
    house.refuses("extract", "--only", "invoices", code=2, says=("--only invoices", "orders_received", "line_items"))


def test_a_key_in_a_file_that_others_can_read_is_refused(empty: House) -> None:
    env_file = empty.folder / ".env"
    env_file.write_text(f"LEAFLINK_API_KEY={KEY}\n")
    env_file.chmod(0o640)

    empty.refuses("status", code=3, says=(".env: holds a key", "chmod 600 .env"), LEAFLINK_API_KEY=None)


def test_an_env_file_that_is_no_text_is_refused(empty: House) -> None:
    (empty.folder / ".env").write_bytes(b"LEAFHOUSE_DATA_DIR=\xff\xfe")

    empty.refuses("status", code=3, says=(".env: not UTF-8",))


def test_load_and_status_before_the_first_extract_say_what_comes_first(empty: House) -> None:
    empty.refuses("load", code=2, says=("nothing has landed yet", "make extract"))
    empty.refuses("status", code=2, says=("no warehouse yet", "make extract load"))


@pytest.mark.parametrize(
    ("where", "command"),
    [("a-file", "extract"), ("a-file/below", "load"), ("/proc/leafhouse", "run"), ("/proc", "extract")],
)
def test_a_data_folder_that_cannot_be_written_is_refused(empty: House, where: str, command: str) -> None:
    (empty.folder / "a-file").write_text("not a folder")

    empty.refuses(command, code=3, says=(where,), LEAFHOUSE_DATA_DIR=where)


def test_live_data_are_never_mixed_with_the_sandbox(house: House) -> None:
    says = ("data: holds data of a live LeafLink account", "Set the key", "Nothing was changed")
    house.refuses("load", code=3, says=says, LEAFLINK_API_KEY=None, LEAFLINK_BASE_URL=None)


def test_sandbox_data_are_never_mixed_with_a_live_source(empty: House) -> None:
    made = empty.run("extract", "--sandbox", "--only", "products", LEAFLINK_API_KEY=None, LEAFLINK_BASE_URL=None)
    assert made.code == 0
    assert "INVENTED" in made.stdout.splitlines()[0]
    assert_private(empty.data)

    empty.refuses("extract", code=3, says=("data: belongs to the embedded sandbox", "LEAFHOUSE_DATA_DIR to a new"))


@pytest.mark.parametrize(("damage", "command"), [("damaged", "load"), ("damaged", "run"), ("cannot be read", "load")])
def test_a_landed_file_that_is_damaged_or_missing_is_named(house: House, damage: str, command: str) -> None:
    batch = house.batch("order_payments")
    if damage == "damaged":
        content = batch.read_bytes()
        batch.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
    else:
        batch.unlink()

    house.refuses(command, code=3, says=(f"{batch.name}: {damage}", "Nothing was changed", "extract --full"))


@pytest.mark.parametrize(
    ("content", "command"), [(b"", "load"), (b"{}", "load"), (b'{"run_id": "2026', "extract"), (b"\xff", "run")]
)
def test_a_damaged_manifest_is_named(house: House, content: bytes, command: str) -> None:
    newest = house.manifests[-1]
    newest.write_bytes(content)

    house.refuses(command, code=3, says=(f"{newest.name}: damaged manifest", "Restore it, or remove it"))


def test_removing_a_damaged_manifest_and_reading_everything_mends_it(house: House) -> None:
    newest = house.manifests[-1]
    newest.write_bytes(newest.read_bytes()[:100])

    newest.unlink()

    assert house.run("run", "--full").code == 0


def test_a_manifest_of_a_newer_version_is_left_to_that_version(house: House) -> None:
    newest = house.manifests[-1]
    newest.write_text(json.dumps(json.loads(newest.read_text()) | {"format": 1_000}))

    for command in ("extract", "load"):
        house.refuses(command, code=3, says=(newest.name, "newer", "Use the newer version"))


@pytest.mark.parametrize(("keep_bytes", "command"), [(5_000, "load"), (1_000_000, "load"), (1_000_000, "status")])
def test_a_damaged_warehouse_is_named_and_left_alone(house: House, keep_bytes: int, command: str) -> None:
    house.warehouse.write_bytes(house.warehouse.read_bytes()[:keep_bytes])

    house.refuses(command, code=3, says=("data/warehouse.duckdb: damaged", "leafhouse rollback", "move it away"))


@pytest.mark.parametrize("command", ["load", "plan", "status"])
def test_a_folder_in_the_place_of_the_warehouse_is_named(house: House, command: str) -> None:
    house.warehouse.unlink()
    house.warehouse.mkdir()

    house.refuses(command, code=3, says=("data/warehouse.duckdb: a folder", "Move it away"))


def test_moving_a_damaged_warehouse_away_brings_everything_back(house: House) -> None:
    rows = orders(house)
    house.warehouse.write_text("damaged")
    house.warehouse.rename(house.folder / "damaged.duckdb")

    assert house.run("load").code == 0
    assert orders(house) == rows


def test_a_warehouse_of_a_newer_version_is_left_to_that_version(house: House) -> None:
    with duckdb.connect(house.warehouse) as con:
        con.execute("UPDATE meta.warehouse SET format = 1000")

    for command in ("load", "status"):
        house.refuses(command, code=3, says=("data/warehouse.duckdb: written by", "Use the newer Leafhouse"))


def test_a_warehouse_of_an_earlier_layout_says_what_brings_it_up_to_date(house: House) -> None:
    with duckdb.connect(house.warehouse) as con:
        con.execute("UPDATE meta.warehouse SET format = 1")

    house.refuses("status", code=3, says=("data/warehouse.duckdb: written by an earlier", "Run `leafhouse load`"))


def test_a_file_that_is_no_warehouse_of_ours_is_left_alone(house: House) -> None:
    house.warehouse.unlink()
    with duckdb.connect(house.warehouse) as con:
        con.execute("CREATE TABLE mine AS SELECT 1 AS one")

    house.refuses("load", code=3, says=("data/warehouse.duckdb: not a warehouse",))


def test_a_sandbox_that_cannot_be_served_says_why(empty: House, base_url: str) -> None:
    port = base_url.split(":")[2].split("/")[0]

    empty.refuses("sandbox", "--orders", "1", "--port", port, code=3, says=("address already in use", "then run again"))
    empty.refuses("sandbox", "--folder", "/proc/leafhouse", code=3, says=("/proc/leafhouse: ",))


def orders(house: House) -> list[tuple[object, ...]]:
    with duckdb.connect(house.warehouse, read_only=True) as con:
        return con.execute("SELECT number, status, total_amount FROM raw.orders_received ORDER BY number").fetchall()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["status", "--no-such-option"], "No such option: --no-such-option"),
        (["trace"], "Missing argument 'table'."),
        (["load", "--as-of", "yesterday"], "--as-of yesterday: not a date."),
    ],
)
def test_machines_read_the_sentence_about_what_was_called_wrongly(
    empty: House, arguments: list[str], says: str
) -> None:
    refused = empty.run(*arguments, "--json")

    document = json.loads(refused.stdout)
    assert refused.code == document["exit_code"] == 2
    assert document["error"].startswith(says)
    assert says in refused.stderr


@pytest.mark.parametrize(("settings", "is_red"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_an_error_is_red_on_a_terminal_alone(empty: House, settings: dict[str, str], is_red: bool) -> None:
    code, shown = at_terminal(empty, "load", **settings)
    piped = empty.run("load", **settings)

    assert code == piped.code == 2
    assert "\x1b" not in piped.stderr
    assert shown == (f"\x1b[31m{piped.stderr[:-1]}\x1b[0m\n" if is_red else piped.stderr)
