"""What the commands share: the settings, and the landing in their data folder."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.datafolder.claim import claimed_by, prepare_data_dir
from pipeline.errors import ConfigurationError
from pipeline.jobs.landing import open_landing
from pipeline.landing import Landing, Manifest
from pipeline.settings import Company, Settings, read_companies

_SOURCES = {"sandbox": "the embedded sandbox", "live": "a live account"}


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


def open_job(settings: Settings, *, sandbox: bool = False) -> Job:
    """Prepare the data folder.

    Without a key it is that of the embedded sandbox, where `sandbox` or the settings ask for it, or somebody has before
    in this folder. Raises ConfigurationError when they do not, or when the folder cannot be used for this source.
    """
    companies = read_companies(settings)
    if settings.base_url is not None and companies[0].api_key is None:
        raise ConfigurationError(
            "LEAFLINK_BASE_URL is set, but LEAFLINK_API_KEY is not. Set the key that LeafLink issued."
        )
    check_sandbox(settings, companies, is_asked_for=sandbox)
    job = Job(settings, open_landing(settings), companies)
    prepare_data_dir(settings.data_dir, job.source)
    return job


def check_sandbox(settings: Settings, companies: tuple[Company, ...], *, is_asked_for: bool) -> None:
    """Raise ConfigurationError where invented data would come unasked: in a job that lost its key, or its folder."""
    has_key = companies[0].api_key is not None
    if has_key and settings.sandbox:
        raise ConfigurationError(
            f"LEAFHOUSE_SANDBOX asks for invented data, but {companies[0].key_name} is set. Unset one of the two."
        )
    if not has_key and not is_asked_for and not settings.sandbox and claimed_by(settings.data_dir) is None:
        raise ConfigurationError(
            f"LEAFLINK_API_KEY is not set, neither in the environment nor in {Path.cwd() / '.env'}. Set it, or ask for "
            "the invented data of the sandbox with --sandbox or LEAFHOUSE_SANDBOX=1."
        )


def refuse_other_source(job: Job, manifests: Iterable[Manifest]) -> None:
    """Raise ConfigurationError for runs of the other kind of source: a landing in a bucket is no part of the folder."""
    for manifest in manifests:
        if manifest.source != job.source:
            raise ConfigurationError(
                f"{job.landing.root}: run {manifest.run_id} there is of {_SOURCES[manifest.source]}, and this is "
                f"{_SOURCES[job.source]}: invented and real numbers must never meet. Set LEAFHOUSE_LANDING to another "
                "prefix."
            )


def refusals(manifest: Manifest) -> list[str]:
    """Return a sentence for every resource that the API refused."""
    return [describe_refusal(read.resource, read.refused) for read in manifest.resources if read.refused is not None]


def describe_refusal(resource: str, reason: str) -> str:
    """Return what a refusal means for the data."""
    return f"{resource}: {reason.rstrip('.')}. Its rows of the last run stay."
