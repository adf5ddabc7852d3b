"""Write what audits report of the defects that are planted for them: `python -m tests.long.reports`."""

from tests.long.mutant_audits import AuditedWorld, plants_of
from tests.models.bench import PROJECT
from tests.models.reported import PATH, report_of


def main() -> None:
    """Write tests/models/reported.txt."""
    world = AuditedWorld()
    with PATH.open("w") as file:
        for audit in PROJECT.audits:
            for plant in plants_of(audit):
                if plant.severity:
                    with world.planted(plant):
                        file.write(f"{plant}\n{report_of(world.con, audit.text)}")


if __name__ == "__main__":
    main()
