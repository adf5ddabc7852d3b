"""Leafhouse every night, for Airflow 3: copy this file into the folder of DAGs.

The workers that run it share the home of Leafhouse, a folder on a local disk with `.env` and the data.
"""

from datetime import timedelta
from typing import Any

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

LEAFHOUSE = "/opt/leafhouse/.venv/bin/leafhouse"
HOME = "/var/lib/leafhouse"

REFUSED = 5  # done, but LeafLink refused some resources: its warnings are in the log of the task
NOT_NOW = 4  # LeafLink was not reachable, or not complete: the only failure that passes by itself
AT_WORK = 6  # another run holds the data


class LeafhouseOperator(BashOperator):
    """Runs a command of Leafhouse in its home; only exit code 4 is tried again."""

    def __init__(self, *, command: str, **arguments: Any) -> None:
        super().__init__(
            bash_command=f'{LEAFHOUSE} {command} || {{ code=$?; [ "$code" -eq {REFUSED} ] || exit "$code"; }}',
            cwd=HOME, skip_on_exit_code=AT_WORK, retries=3, retry_delay=timedelta(minutes=30), **arguments,
        )  # fmt: skip

    def execute(self, context: Any) -> Any:
        """Run the command. Raises AirflowFailException, which ends all tries, for what a later try would not mend."""
        try:
            return super().execute(context)
        except AirflowSkipException:
            raise
        except AirflowException as error:
            process = self.subprocess_hook.sub_process
            if process is not None and process.returncode == NOT_NOW:
                raise
            raise AirflowFailException(str(error)) from error


with DAG(
    dag_id="leafhouse",
    description="LeafLink in a DuckDB warehouse",
    schedule="15 2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
) as dag:
    run = LeafhouseOperator(task_id="run", command="run")
    fresh = LeafhouseOperator(task_id="fresh", command="status --max-age 26h")
    run >> fresh
