"""What people see of the audits: each with what it found, and of one the rows."""

from dataclasses import asdict

import msgspec

from pipeline.terminal.console import Output, counted
from pipeline.warehouse.findings import Finding, Findings

# The width of their names.
_NAMES = 32
# Of a finding; all of them are in --json.
_MOST_ROWS = 20


def show_findings(output: Output, findings: Findings) -> None:
    """Print the audits of a load."""
    output.document(asdict(findings))
    if output.as_json:
        return
    if findings.is_rejected:
        output.warn(f"Load {findings.load_id} was rejected and not published; these are its audits ({findings.path})")
    else:
        output.say(f"Load {findings.load_id}, published ({findings.path})")
    for audit in findings.audits:
        (output.warn if audit.failures else output.say)(f"  {audit.audit_id:<{_NAMES}}{describe_finding(audit)}")
        for row in audit.rows[:_MOST_ROWS]:
            output.say(f"    {msgspec.json.encode(row).decode()}")
        if len(audit.rows) > _MOST_ROWS:
            output.say(f"    and {counted((audit.failures or 0) - _MOST_ROWS, 'more row')}; --json lists up to 1,000")


def describe_finding(audit: Finding) -> str:
    """Return what an audit found, in words."""
    if audit.failures is None:
        return f"skipped: {audit.skipped}"
    if not audit.failures:
        return "passed"
    since = f", since {audit.failing_since}" if audit.failing_since else ""
    return f"{audit.severity}: {counted(audit.failures, 'row')}{since}. {audit.description}"
