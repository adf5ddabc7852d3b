"""Who may read what is published, the warehouse and the report: by default its owner alone."""

import grp
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigurationError

_READERS = stat.S_IRGRP | stat.S_IROTH


@dataclass(frozen=True)
class Access:
    """The mode of the published file, and the group that it belongs to; None is the group that a new file has."""

    mode: int = 0o600
    group: str | None = None

    def give(self, path: Path, folders: Iterable[Path]) -> None:
        """Give a file its mode and group, and let its readers through the folders to it, but not look into these.

        Raises ConfigurationError for a group that this user may not give files to.
        """
        self._set_group(path)
        path.chmod(self.mode)
        if self.mode & _READERS:
            for folder in folders:
                self._set_group(folder)
                folder.chmod(stat.S_IMODE(folder.stat().st_mode) | (self.mode & _READERS) >> 2)

    def _set_group(self, path: Path) -> None:
        if self.group is None:
            return
        try:
            os.chown(path, -1, grp.getgrnam(self.group).gr_gid)
        except OSError as error:
            raise ConfigurationError(
                f"LEAFHOUSE_FILE_GROUP: {path} cannot be given to the group {self.group} ({error.strerror}). Name a "
                "group that this user is in."
            ) from error


OWNER_ALONE = Access()
