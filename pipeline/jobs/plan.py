"""Plan: what an extract would ask, foretold by what the source counts now. No lock is needed, and no data change."""

from dataclasses import dataclass

from pipeline.extract.forecast import Forecast, foretell
from pipeline.extract.plan import Plan
from pipeline.jobs.extract import open_source, pacer_of, plan_extract
from pipeline.jobs.job import Job
from pipeline.leaflink import Client, Pacer, Waits
from pipeline.reading import Limits
from pipeline.reading.tasks import task_group
from pipeline.settings import Company

# Whoever asks for a plan waits for the answer.
_GIVE_UP_SECONDS = 30.0


@dataclass(frozen=True)
class Foretold:
    """What an extract of a company would ask, and what finding out took (`asked`, in requests).

    `minutes` is how long the rate limit makes the extract last if it begins now, together with those of other companies
    that share its budget; 0 without a limit.
    """

    forecast: Forecast
    asked: int
    minutes: float


async def foretell_companies(job: Job, *, full: bool, only: str | None) -> dict[str, Foretold]:
    """Return what an extract would ask of each company of the job. Raises what an extract raises before it reads.

    A source that does not answer is told in the forecast, which is then judged by what is held.
    """
    plans = {company.name: plan_extract(job, company, full=full, only=only) for company in job.companies}
    pacers = {owner: pacer_of(job, owner) for owner in {company.owner for company in job.companies}}
    forecasts = dict[str, tuple[Forecast, int]]()

    async def ask(company: Company) -> None:
        forecasts[company.name] = await _foretell(job, company, plans[company.name], pacers[company.owner])

    async with task_group() as tasks:
        for company in job.companies:
            tasks.start_soon(ask, company)
    shared = {
        owner: sum(forecasts[company.name][0].requests for company in job.companies if company.owner == owner)
        for owner in pacers
    }
    minutes = {owner: pacers[owner].seconds_for(requests) / 60 for owner, requests in shared.items()}
    return {company.name: Foretold(*forecasts[company.name], minutes[company.owner]) for company in job.companies}


async def _foretell(job: Job, company: Company, plan: Plan, pacer: Pacer) -> tuple[Forecast, int]:
    settings = job.settings
    async with open_source(job, company, moves=False) as source:
        client = Client(
            source, pacer, waits=Waits(min(settings.give_up_seconds, _GIVE_UP_SECONDS)),
            max_connections=settings.max_connections,
        )  # fmt: skip
        async with client:
            limits = Limits(settings.page_size, settings.max_connections)
            return await foretell(plan, client, limits), client.stats.requests
