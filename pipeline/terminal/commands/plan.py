"""`leafhouse plan`."""

from pipeline.terminal.command import Command, Full, Json, Only, Sandbox, is_sandbox_asked_for, wait_for
from pipeline.terminal.console import Output


def plan(full: Full = False, only: Only = None, sandbox: Sandbox = False, as_json: Json = False) -> None:
    """Show what an extract would ask of each resource, why, and how many requests and minutes it takes."""
    from pipeline.jobs.job import open_job
    from pipeline.jobs.plan import foretell_companies
    from pipeline.settings import read_settings
    from pipeline.terminal.plan_view import show_plans

    job = open_job(read_settings(), sandbox=is_sandbox_asked_for(sandbox))
    plans = wait_for(foretell_companies, job, full=full, only=only)
    show_plans(Output(as_json=as_json), plans, job.landing.refused_runs())


PLAN = Command("plan", 40, plan)
