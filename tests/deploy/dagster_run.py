"""Run inside of an environment that has Dagster: the asset and its check (see test_orchestrators)."""

import json
import sys
from pathlib import Path


def main(folder: Path, answer: Path) -> None:
    sys.path.insert(0, str(folder))
    import dagster
    import leafhouse_assets as ours

    job = ours.definitions.resolve_job_def("leafhouse_night")
    assert [each.cron_schedule for each in ours.definitions.schedules] == ["15 2 * * *"]
    assert job.name == ours.night.name
    done = dagster.materialize([ours.warehouse, ours.fresh], raise_on_error=False)
    events = [event.event_type_value for event in done.all_events]
    metadata = [event.materialization.metadata for event in done.get_asset_materialization_events()]
    answer.write_text(json.dumps({
        "success": done.success,
        "retries": events.count("STEP_UP_FOR_RETRY"),
        "metadata": [{name: str(value.value) for name, value in each.items()} for each in metadata],
        "fresh": [each.passed for each in done.get_asset_check_evaluations()],
    }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
