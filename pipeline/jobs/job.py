"""What the commands share: the settings, and the landing in their data folder."""

from dataclasses import dataclass
from typing import Literal

from pipeline.datafolder.claim import prepare_data_dir
from pipeline.datafolder.paths import landing_folder
from pipeline.errors import ConfigurationError
from pipeline.landing import Landing, Manifest
from pipeline.settings import Company, Settings, read_companies


@dataclass(frozen=True)
class Job:
    """A command at work on a data folder, for one or several companies."""

    settings: Settings
    landing: Landing
    companies: tuple[Company, ...]

    @property
    def source(self) -> Literal["sandbox", "live"]:
        """What the data folder belongs to."""
        return "sandbox" if self.companies[0].api_key is None else "live"


def open_job(settings: Settings) -> Job:
    """Prepare the data folder. Raises ConfigurationError when it cannot be used for this source."""
    companies = read_companies(settings)
    if settings.base_url is not None and companies[0].api_key is None:
        raise ConfigurationError(
            "LEAFLINK_BASE_URL is set, but LEAFLINK_API_KEY is not. Set the key that LeafLink issued."
        )
    job = Job(settings, Landing(landing_folder(settings.data_dir)), companies)
    prepare_data_dir(settings.data_dir, job.source)
    return job


def refusals(manifest: Manifest) -> list[str]:
    """Return a sentence for every resource that the API refused."""
    return [describe_refusal(read.resource, read.refused) for read in manifest.resources if read.refused is not None]


def describe_refusal(resource: str, reason: str) -> str:
    """Return what a refusal means for the data."""
    return f"{resource}: {reason.rstrip('.')}. Its rows of the last run stay."
