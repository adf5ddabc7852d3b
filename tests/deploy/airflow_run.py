"""Run inside of an environment that has Airflow: the DAG as it is, or its first task alone (see test_orchestrators)."""

import json
import sys
from pathlib import Path
from typing import Any


def main(folder: Path, what: str, answer: Path) -> None:
    sys.path.insert(0, str(folder))
    import leafhouse_dag

    found: dict[str, Any]
    if what == "dag":
        run = leafhouse_dag.dag.test()
        found = {"state": run.state, "tasks": {each.task_id: each.state for each in run.get_task_instances()}}
    else:
        task = leafhouse_dag.run
        found = {"retries": task.retries, "minutes": task.retry_delay.total_seconds() / 60, "end": "success"}
        try:
            task.execute({})
        except Exception as error:
            found["end"] = type(error).__name__
    answer.write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
