"""Which runs the next plan is made from: they stay in the landing, however old they are."""

from collections.abc import Iterable

from pipeline.landing.manifest import Manifest


def planned_upon(manifests: Iterable[Manifest]) -> set[str]:
    """Return the ids of the runs that the next plan looks at, of all committed ones, oldest first.

    Of each company that is the newest one, and of each resource the newest read of each scope, and the newest one with
    a watermark.
    """
    newest: dict[tuple[str, ...], str] = {}
    for manifest in manifests:
        newest[manifest.company,] = manifest.run_id
        for read in manifest.resources:
            if read.was_read:
                newest[manifest.company, read.resource, read.scope] = manifest.run_id
            if read.watermark is not None:
                newest[manifest.company, read.resource, "watermark"] = manifest.run_id
    return set(newest.values())
