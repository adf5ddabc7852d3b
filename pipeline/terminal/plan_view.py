"""What people see of a plan: what a run would ask, and what that costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.jobs.plan import Foretold
from pipeline.jobs.refused import describe_refused, refused_document
from pipeline.landing import RefusedRun
from pipeline.terminal.console import NAMES, Output, counted


def show_plans(output: Output, plans: Mapping[str, Foretold], refused: Sequence[RefusedRun]) -> None:
    """Print what a run would ask of each company, and what it would cost.

    Companies with runs that a load `refused` are read anew.
    """
    documents = {
        company: _plan_document(foretold)
        | {"refused_runs": refused_document(run for run in refused if run.manifest.company == company)}
        for company, foretold in plans.items()
    }
    output.document({"companies": documents} if len(documents) > 1 else next(iter(documents.values())))
    if output.as_json:
        return
    for company, foretold in plans.items():
        if len(plans) > 1:
            output.say(f"{company}:")
        for line in describe_refused(run for run in refused if run.manifest.company == company):
            output.say(line)
        _show_plan(output, foretold)


def _plan_document(foretold: Foretold) -> dict[str, Any]:
    forecast = foretold.forecast
    steps = [
        {"resource": name, "way": step.way.value, "since": step.since, "requests": step.requests,
         "reason": step.reason, "is_counted": name not in forecast.uncounted}
        for name, step in forecast.plan.steps.items()
    ]  # fmt: skip
    return {
        "steps": steps,
        "requests": forecast.requests,
        "minutes": round(foretold.minutes, 1),
        "asked": foretold.asked,
        "uncounted": dict(forecast.uncounted),
    }


def _show_plan(output: Output, foretold: Foretold) -> None:
    forecast = foretold.forecast
    output.say(f"  {'resource':<{NAMES}}{'requests':>8}  how, and why")
    for name, step in forecast.plan.steps.items():
        output.say(f"  {name:<{NAMES}}{step.requests:>8,}  {step.way.value}: {step.reason}")
    if forecast.uncounted:  # for nearly the same reason all, when LeafLink cannot be reached
        names, reason = ", ".join(forecast.uncounted), next(iter(forecast.uncounted.values()))
        output.warn(f"  Not counted, so judged by what is held: {names}. {reason}")
    known = " as far as is known" if forecast.uncounted else ""
    output.say(
        f"About {counted(forecast.requests, 'request')}{known}, {describe_minutes(foretold.minutes)}. It took "
        f"{counted(foretold.asked, 'request')} to find out."
    )
    output.say(
        "Not in it: what is asked again, since LeafLink fails, moves or lists in no order, and an extract cut off."
    )


def describe_minutes(minutes: float) -> str:
    """Return how long the rate limit makes a run last, in words."""
    if not minutes:
        return "which the rate limit does not hold up"
    if minutes < 2:
        return f"which the rate limit spreads over {minutes * 60:.0f} seconds"
    return f"which the rate limit spreads over {minutes:.0f} minutes"
