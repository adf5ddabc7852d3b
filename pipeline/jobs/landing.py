"""Where runs land, by the settings: in the data folder, or in object storage."""

from pipeline.datafolder.paths import fetched_folder, landing_folder
from pipeline.landing import Bucket, Landing
from pipeline.settings import Settings


def open_landing(settings: Settings) -> Landing:
    """Return the landing. Nothing is read or written yet, and no store is asked."""
    if settings.landing is None:
        return Landing(landing_folder(settings.data_dir))
    return Landing(Bucket(settings.landing, fetched_folder(settings.data_dir)))
