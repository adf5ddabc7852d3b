"""Reading sql/, ordering it, running it, auditing it."""

from pipeline.models.audits import AuditResult, run_audits
from pipeline.models.carryover import Carryover, models_to_keep
from pipeline.models.inventory import INVENTORY_RESOURCES, last_full_day, record_inventory
from pipeline.models.project import SQL, ModelError, Project, lineage, resources_of_marts
from pipeline.models.run import ModelRun, forget_models, run_models
from pipeline.models.settings import ModelSettings

__all__ = [
    "INVENTORY_RESOURCES",
    "SQL",
    "AuditResult",
    "Carryover",
    "ModelError",
    "ModelRun",
    "ModelSettings",
    "Project",
    "forget_models",
    "last_full_day",
    "lineage",
    "models_to_keep",
    "record_inventory",
    "resources_of_marts",
    "run_audits",
    "run_models",
]
