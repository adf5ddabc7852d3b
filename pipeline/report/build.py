"""Building the report of a data folder, and writing it where people find it."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten

from pipeline.pages import write_page
from pipeline.report.content import read_content
from pipeline.report.page import State, report_page
from pipeline.resources import all_resources
from pipeline.warehouse.access import Access
from pipeline.warehouse.findings import audits_of
from pipeline.warehouse.published import open_published
from pipeline.warehouse.status import Status, read_status

_MOST_NAMED, _LONGEST = 3, 120


def build_report(data_dir: Path, *, follows: bool = False) -> str:
    """Return the report of the published warehouse as HTML; one that `follows` is for a server.

    Raises UsageError when nothing is published yet, ConfigurationError for a file that cannot be read.
    """
    status = read_status(data_dir, all_resources())
    with open_published(data_dir) as con:
        content = read_content(con)
        audits = [each for each in audits_of(con, content.load_id) if each.failures]
    sellers = content.sellers
    # Whoever sees more than a few companies picks one on the page.
    named = ", ".join(sellers) if 0 < len(sellers) <= _MOST_NAMED else "Leafhouse"
    headline = f"{shorten(named, _LONGEST, placeholder=' …')}, {content.as_of}"
    return report_page(content, State(headline, list(_problems(status)), list(_facts(status)), audits), follows=follows)


def write_report(data_dir: Path, path: Path, access: Access) -> None:
    """Write the report to `path`, for whoever may read the warehouse.

    Raises what `build_report` raises, and UsageError for a path that cannot be written to.
    """
    write_page(path, build_report(data_dir))
    access.give(path, (path.parent,) if path.parent == data_dir else ())


def _problems(status: Status) -> Iterator[str]:
    """Yield what is not as it should be, a sentence each."""
    if status.changed is not None:
        yield status.changed
    attempt = status.attempt
    if attempt is not None and attempt.failure is not None:
        yield f"The last attempt ({attempt.command}) failed: {attempt.failure}"
    for each in status.resources:
        if not each.completeness.startswith(("complete", "not offered", "never read")):
            yield f"{each.resource}: {each.completeness}."
    for kept in status.kept:
        if kept.name.startswith("marts."):
            yield f"{kept.name.partition('.')[2]} is not of this load: {kept.reason.rstrip(chr(46))}."


def _facts(status: Status) -> Iterator[str]:
    """Yield what is so, a sentence each."""
    yield status.note
    if status.read_until is not None:
        yield f"Read from LeafLink at {status.read_until:%Y-%m-%d %H:%M} UTC; figures as of {status.as_of}."
    complete = sum(each.completeness.startswith("complete") for each in status.resources)
    absent = sum(each.completeness.startswith("not offered") for each in status.resources)
    more = f"; LeafLink does not offer {absent} more to this account" if absent else ""
    yield f"{complete} resources are proved complete{more}."
