"""`leafhouse doctor`."""

import sys

from pipeline.terminal.command import Command, Json, is_sandbox_asked_for, wait_for
from pipeline.terminal.console import Output


def doctor(as_json: Json = False) -> None:
    """Find out what the key can see and what state the data folder is in, and say what to fix."""
    from pipeline.jobs.doctor import diagnose
    from pipeline.jobs.job import open_job
    from pipeline.settings import read_settings
    from pipeline.terminal.doctor_view import show_diagnosis

    diagnosis = wait_for(diagnose, open_job(read_settings(), sandbox=is_sandbox_asked_for()))
    show_diagnosis(Output(as_json=as_json), diagnosis)
    if diagnosis.exit_code:
        sys.exit(diagnosis.exit_code)


DOCTOR = Command("doctor", 70, doctor)
