"""On a terminal: one table of what is being read, of all companies, and above it a line for each resource that was."""

import io
import re
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.extract.plan import Plan, Step, Way
from pipeline.landing import Manifest, ResourceRead
from pipeline.resources import all_resources
from pipeline.terminal import extract_view
from pipeline.terminal.console import Output
from pipeline.terminal.extract_view import ExtractView, describe_progress

START, ERASE = "\x1b[?25l", "\x1b[2K"  # what a live table hides first, and redraws itself with


@dataclass(frozen=True)
class Counters:
    requests: int = 7
    retries: int = 2


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(monkeypatch: pytest.MonkeyPatch, stdout: io.StringIO, columns: int = 100) -> tuple[ExtractView, Terminal]:
    """Return a view, and the terminal that is its standard error."""
    stderr = Terminal()
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setattr(sys, "stderr", stderr)
    for name, value in {"TERM": "xterm", "COLUMNS": str(columns), "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    return ExtractView(Output(as_json=False, verbosity=1), "live"), stderr


def begin(view: ExtractView, resource: str) -> None:
    progress = view.progress.of(resource)
    progress.way, progress.total, progress.rows = "everything", 40, 10


def wait_for(terminal: Terminal, text: str) -> None:
    """Wait until the table, which another thread draws, shows the text."""
    end = time.monotonic() + 10
    while text not in terminal.getvalue():
        assert time.monotonic() < end, f"{text!r} was never drawn"
        time.sleep(0.01)


def read(resource: str) -> ResourceRead:
    return ResourceRead(resource=resource, key="id", scope="all", stated=40, received=40, distinct=40)


def test_several_companies_share_one_table_for_as_long_as_one_of_them_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = Terminal()
    view, terminal = watched(monkeypatch, stdout)
    acme, birch = view.of_company("acme"), view.of_company("birch")
    with acme.watch(Counters()), birch.watch(Counters()):
        begin(birch, "customers")
        begin(birch, "products")
        begin(acme, "products")
        wait_for(terminal, "acme  ")
        birch.progress.finish(read("customers"))

    shown = terminal.getvalue()
    table = shown[shown.rindex("birch:   customers") :]
    assert stdout.getvalue() == ""  # a second way to the terminal would write into the table
    assert shown.count(START) == 1
    assert [line.split()[:4] for line in table.splitlines() if "products" in line][:2] == [
        ["acme", "products", "10", "40"],
        ["birch", "products", "10", "40"],
    ]
    assert "4 retries" in table


def test_a_line_that_is_said_while_the_table_is_there_takes_its_place_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    view, terminal = watched(monkeypatch, Terminal())
    with view.watch(Counters()):
        begin(view, "products")
        begin(view, "customers")
        wait_for(terminal, "customers")
        view.progress.finish(read("customers"))

    before, _, after = terminal.getvalue().rpartition("  customers")
    assert before.endswith(ERASE)
    assert "complete: 40 of 40" in after
    assert "company" not in after
    assert "products" in after


def test_a_company_that_comes_later_gets_a_table_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    view, terminal = watched(monkeypatch, Terminal())
    with view.of_company("acme").watch(Counters()):
        pass
    with view.of_company("birch").watch(Counters()):
        pass

    first, second = terminal.getvalue().split(START)[1:]
    assert ERASE in first
    # It must not take away what stands above: the lines of the company before it.
    assert ERASE not in second.partition("resource")[0]


def test_where_results_go_to_a_file_they_go_there_though_someone_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    view, terminal = watched(monkeypatch, file)
    with view.watch(Counters()):
        view.progress.finish(read("products"))

    assert "products" in file.getvalue()
    assert START in terminal.getvalue()


def test_in_a_log_a_total_shows_only_where_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(extract_view, "_LOG_EVERY_SECONDS", 0)
    view = ExtractView(Output(as_json=True), "live")
    begin(view, "products")
    view.progress.of("orders_received_comments").rows = 250

    with view.watch(Counters()):
        view.tick()

    assert "  … products 10/40, orders_received_comments 250 (" in stderr.getvalue()


def planned(*names: str, requests: int) -> Plan:
    return Plan({name: Step(all_resources()[name], Way.EVERYTHING, "first read", requests) for name in names})


def test_at_80_columns_every_resource_takes_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    view, terminal = watched(monkeypatch, Terminal())
    monkeypatch.setenv("COLUMNS", "80")
    view.plan(planned("orders_delivery_information", requests=4))
    progress = view.progress.of("orders_delivery_information")
    progress.way, progress.total, progress.rows, progress.pages = str(Way.FRESH.value), 123_456_789, 12_345_678, 9
    with view.watch(Counters(requests=98_765, retries=1_234)):
        wait_for(terminal, "1,234 retries")

    drawn = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue()).splitlines()
    (row,) = {line.rstrip() for line in drawn if "orders_delivery_information" in line}
    assert row.split()[1:3] == ["12,345,678", "123,456,789"]
    assert max(len(line.rstrip()) for line in drawn) < 80


def test_the_bar_is_of_all_requests_by_what_was_counted_and_else_by_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    view, _ = watched(monkeypatch, Terminal())
    view.plan(planned("products", "customers", "brands", requests=4))
    products, customers = view.progress.of("products"), view.progress.of("customers")
    products.total, products.rows, products.pages = 500, 300, 3  # two pages are left
    customers.read = read("customers")

    with view.watch(Counters(requests=6)):
        assert view.requests_left == 2 + 4
        assert describe_progress([view]).startswith("━━━━━━━━━━────────── 50%, ")


def test_a_wait_that_the_source_asks_for_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    view, terminal = watched(monkeypatch, Terminal())
    for seconds in (0.2, 12.0, 12.0, 11.0):
        view.throttled(seconds)

    assert terminal.getvalue() == "  throttled: waiting 12 s\n"


@pytest.mark.parametrize("is_resumed", [True, False])
def test_what_was_read_takes_two_lines_and_a_run_that_went_on_says_so(
    monkeypatch: pytest.MonkeyPatch, is_resumed: bool
) -> None:
    view, terminal = watched(monkeypatch, Terminal(), columns=160)
    begun = datetime(2026, 11, 29, 7, tzinfo=UTC)
    absent = ResourceRead(resource="listing_states", key="id", scope="all", not_offered=True)
    view.progress.is_resumed = is_resumed
    view.done(
        Manifest(
            run_id="20261129T070000Z-0001", kind="full", source="live", base_url="", company="default",
            started_at=begun, finished_at=begun + timedelta(seconds=9), server_time=begun, requests=1_200, retries=3,
            resources=(read("customers"), read("products"), absent),
        )
    )  # fmt: skip

    *first, completeness, last = terminal.getvalue().splitlines()
    assert completeness == "2 resources, 80 rows: complete; 1 not offered"
    assert last.startswith("Extracted in 9.0 s, 1,200 requests (3 retries), run 20261129T070000Z-0001; ")
    assert [line.startswith("Went on with the run that was interrupted") for line in first] == [True] * is_resumed
