"""What people see of a diagnosis: what each key can see, the data folder, and what to fix."""

from pipeline import clock
from pipeline.jobs.diagnosis import Diagnosis, KeyHealth, LandingHealth
from pipeline.terminal.console import NAMES, Output
from pipeline.terminal.status_view import describe_age


def show_diagnosis(output: Output, diagnosis: Diagnosis) -> None:
    """Print the diagnosis."""
    output.document(diagnosis.as_document())
    if output.as_json:
        return
    for key in diagnosis.keys:
        show_key(output, key)
    _show_folder(output, diagnosis)
    output.say("Hooks")
    output.say(f"  on success  {_hook(diagnosis.on_success)}")
    output.say(f"  on failure  {_hook(diagnosis.on_failure)}")
    for fix in diagnosis.fixes:
        output.say(f"Fix: {fix}")
    if not diagnosis.fixes:
        output.say("Nothing to fix.")


def show_key(output: Output, key: KeyHealth) -> None:
    """Print what a key sees."""
    output.say(f"{key.company}: {key.source}")
    if key.problem is not None:
        output.say(f"  {key.problem}")
        return
    output.say(f"  sees        {', '.join(key.sees) or 'no company by name'}")
    output.say(f"  proxy       {key.proxy or 'none'}")
    output.say(f"  clock       {_clock(key.clock_seconds)}")
    output.say(f"  rate        {key.rate}")
    for sight in key.sights:
        found = "" if sight.rows is None else f" {sight.rows:>10,} rows"
        # Why one cannot be reached is a fix, told once for all of them.
        detail = f"  {sight.detail}" if sight.detail and sight.state != "unreachable" else ""
        output.say(f"  {sight.resource:<{NAMES}}{sight.state}{found}{detail}")


def _hook(what: str | None) -> str:
    return "none" if what is None else f"set ({what})"


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    return f"{abs(seconds):,.0f} s {'ahead of' if seconds > 0 else 'behind'} ours"


def _landing(landing: LandingHealth) -> str:
    if landing.problem is not None:
        return f"{landing.url}: cannot be used"
    apart = "two writers are told apart" if landing.tells_writers_apart else "two writers may not be told apart"
    return f"{landing.url}: listed and written; {apart}"


def _show_folder(output: Output, diagnosis: Diagnosis) -> None:
    folder = diagnosis.folder
    owner = {"sandbox": "belongs to the embedded sandbox", "live": "belongs to a live account"}
    output.say(f"{folder.path}: {owner.get(diagnosis.belongs_to or '', 'belongs to nobody yet')}")
    output.say(f"  free        {folder.free_bytes / 2**30:,.1f} GB")
    output.say(f"  lock        {folder.holder or 'free'}")
    if diagnosis.landing is not None:
        output.say(f"  landing     {_landing(diagnosis.landing)}")
    if diagnosis.landing is None or diagnosis.landing.problem is None:
        output.say(f"  landing     runs that wait to be loaded: {len(folder.unloaded_runs)}")
    if folder.warehouse_bytes is None:
        output.say("  warehouse   none yet")
        return
    age = "" if folder.published_at is None else f", published {describe_age(clock.now() - folder.published_at)} ago"
    output.say(f"  warehouse   {folder.warehouse_bytes / 2**20:,.1f} MB{age}")
