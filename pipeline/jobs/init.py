"""Init: try a key before it is written down, as the doctor does, and write nothing meanwhile."""

from pipeline.datafolder.claim import refuse_other_claim
from pipeline.errors import ConfigurationError, IncompleteError
from pipeline.jobs.diagnosis import KeyHealth
from pipeline.jobs.doctor import examine_key, exit_code_of, fixes_of_key
from pipeline.jobs.job import Job, check_sandbox
from pipeline.jobs.landing import open_landing
from pipeline.leaflink import Pacer
from pipeline.settings import Settings, read_companies


async def try_key(settings: Settings) -> tuple[KeyHealth, list[str]]:
    """Return what the key of these settings sees, and what to do about it.

    Raises ConfigurationError for a key that LeafLink does not know, that sees nothing, or that sees another account
    than the one in the data folder, which may be the sandbox; and where the settings ask for the sandbox. Raises
    IncompleteError where LeafLink does not answer.
    """
    refuse_other_claim(settings.data_dir, "live")
    (company,) = companies = read_companies(settings)
    check_sandbox(settings, companies, is_asked_for=False)
    job = Job(settings, open_landing(settings), companies)
    pacer = Pacer(settings.rate_per_minute, settings.burst_per_minute)  # which writes nothing into the data folder
    health = await examine_key(job, company, pacer, is_readable=True)
    fixes, code = list(fixes_of_key(health)), exit_code_of(health)
    for error in (ConfigurationError, IncompleteError):
        if code == error.exit_code:
            raise error(fixes[0].removesuffix(error.ending).rstrip())
    return health, fixes
