"""What people see of a plan: what a run would ask, and what that costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.extract.plan import Plan
from pipeline.jobs.refused import describe_refused, refused_document
from pipeline.landing import RefusedRun
from pipeline.terminal.console import NAMES, Output, counted


def show_plans(
    output: Output, plans: Mapping[str, Plan], refused: Sequence[RefusedRun],
    rate_per_minute: int, burst_per_minute: int,
) -> None:  # fmt: skip
    """Print what a run would ask of each company, and what it would cost; nothing has been asked for it.

    Companies with runs that a load `refused` are read anew.
    """
    documents = {
        company: _plan_document(plan, plan.minutes(rate_per_minute, burst_per_minute))
        | {"refused_runs": refused_document(run for run in refused if run.manifest.company == company)}
        for company, plan in plans.items()
    }
    output.document({"companies": documents} if len(documents) > 1 else next(iter(documents.values())))
    if output.as_json:
        return
    for company, plan in plans.items():
        if len(plans) > 1:
            output.say(f"{company}:")
        for line in describe_refused(run for run in refused if run.manifest.company == company):
            output.say(line)
        _show_plan(output, plan, plan.minutes(rate_per_minute, burst_per_minute))


def _plan_document(plan: Plan, minutes: float) -> dict[str, Any]:
    steps = [
        {"resource": name, "way": step.way.value, "since": step.since, "requests": step.requests, "reason": step.reason}
        for name, step in plan.steps.items()
    ]
    return {"steps": steps, "requests": plan.requests, "minutes": round(minutes, 1)}


def _show_plan(output: Output, plan: Plan, minutes: float) -> None:
    output.say(f"  {'resource':<{NAMES}}{'way':<26}{'requests':>9}  reason")
    for name, step in plan.steps.items():
        output.say(f"  {name:<{NAMES}}{step.way.value:<26}{step.requests:>9,}  {step.reason}")
    waiting = f", {minutes:.0f} minutes of waiting under the rate limit" if minutes >= 1 else ""
    output.say(
        f"About {counted(plan.requests, 'request')}{waiting}, judged by what is held. Nothing has been asked yet."
    )
