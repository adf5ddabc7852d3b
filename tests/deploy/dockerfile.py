"""deploy/Dockerfile and .dockerignore, read as Docker reads them: as far as these two go."""

import re
from fnmatch import fnmatch
from pathlib import Path

from tests.forked import CHECKOUT

DOCKERFILE = CHECKOUT / "deploy" / "Dockerfile"
DOCKERIGNORE = CHECKOUT / ".dockerignore"


def read_instructions() -> list[tuple[str, str]]:
    """Return the instructions with their arguments, in order."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip()]


def reaches_the_builder(path: str) -> bool:
    """Say whether a path of the checkout is part of the context: the last rule for it, or for a folder above, wins."""
    is_there, parts = True, Path(path).parts
    above = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    for line in DOCKERIGNORE.read_text().splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        wanted = rule.removeprefix("!").removeprefix("**/")
        if any(
            fnmatch(each, wanted) or (rule.startswith("**/") and fnmatch(Path(each).name, wanted)) for each in above
        ):
            is_there = rule.startswith("!")
    return is_there
