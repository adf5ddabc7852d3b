"""`leafhouse load`."""

from pipeline.terminal.command import AcceptShrink, AsOf, Command, Json, end_load, read_date
from pipeline.terminal.console import Output


def load(as_of: AsOf = None, accept_shrink: AcceptShrink = False, as_json: Json = False) -> None:
    """Merge what was landed, compute the marts, audit them, and publish the warehouse."""
    from pipeline.datafolder.lock import DataLock
    from pipeline.jobs.job import open_job
    from pipeline.jobs.load import load
    from pipeline.settings import read_settings

    output, day = Output(as_json=as_json), read_date(as_of)
    job = open_job(read_settings())
    with DataLock(job.settings.data_dir, "load"):
        result = load(job, as_of=day, accept_shrink=accept_shrink)
    end_load(output, result)


LOAD = Command("load", 20, load)
