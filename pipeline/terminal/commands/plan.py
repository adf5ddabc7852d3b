"""`leafhouse plan`."""

from pipeline.terminal.command import Command, Full, Json, Only, Sandbox, is_sandbox_asked_for
from pipeline.terminal.console import Output


def plan(full: Full = False, only: Only = None, sandbox: Sandbox = False, as_json: Json = False) -> None:
    """Show what an extract would ask of each resource, why, and how many requests it takes."""
    from pipeline.jobs.extract import plan_extract
    from pipeline.jobs.job import open_job
    from pipeline.settings import read_settings
    from pipeline.terminal.plan_view import show_plans

    job = open_job(read_settings(), sandbox=is_sandbox_asked_for(sandbox))
    plans = {company.name: plan_extract(job, company, full=full, only=only) for company in job.companies}
    limits = job.settings.rate_per_minute, job.settings.burst_per_minute
    show_plans(Output(as_json=as_json), plans, job.landing.refused_runs(), *limits)


PLAN = Command("plan", 40, plan)
