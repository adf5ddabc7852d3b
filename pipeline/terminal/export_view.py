"""What people see of an export: the files, of when their rows are, and what is not right with them."""

from pipeline.export.export import ExportResult
from pipeline.terminal.console import Output, counted


def show_export(output: Output, result: ExportResult) -> None:
    """Print what was written."""
    output.document(result.as_document())
    if output.as_json:
        return
    facts = result.facts
    for each in result.files:
        output.say(f"{each.path}: {counted(each.rows, 'row')} ({each.bytes / 2**20:.1f} MB)")
    as_text = sum(each.numbers_as_text for each in result.files)
    if as_text:
        output.warn(f"{counted(as_text, 'number')} written as text: a cell of Excel holds 15 digits, and would round.")
    for warning in result.warnings:
        output.warn(warning)
    files, rows = counted(len(result.files), "file"), counted(result.rows, "row")
    output.say(
        f"Exported {files}, {rows}: load {facts['load']}, as of {facts['as_of']}, read until {facts['read_until']}. "
        f"{facts['note']}"
    )
