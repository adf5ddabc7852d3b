"""An error that nobody foresaw: told in a sentence, its trace kept in a file without secrets."""

import os
import re
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from pipeline import clock
from pipeline.datafolder.paths import logs_folder
from pipeline.errors import LeafhouseError
from pipeline.settings import Settings, read_companies, read_settings
from pipeline.settings.environment import read_variables

# Variables whose values are secrets, by their names.
_SECRET = re.compile("KEY|TOKEN|SECRET|PASS|AUTHORIZATION|CREDENTIAL|PROXY|REMOTE|^LEAFHOUSE_ON_", re.IGNORECASE)
# A shorter value is no secret, and would be found in every word.
_SHORTEST_SECRET = 4
_HIDDEN = "[hidden]"


class UnforeseenError(LeafhouseError):
    """A fault of Leafhouse, or of what it runs on. Report it with its trace."""

    exit_code = 7
    ending = "What was published stays as it was. Run again; where that does not help, report it with the trace."


def unforeseen(error: Exception) -> UnforeseenError:
    """Keep the trace of an error in a file of the data folder, or else of the temporary folder, and tell of it.

    Neither the file nor the message holds a secret. Where personal data are hashed or dropped they hold no text of the
    error either, since a database quotes the value that it could not take.
    """
    try:
        settings = read_settings()
    except Exception:  # what cannot be read may be what is told of
        settings = Settings.model_validate({})
    secrets = _secrets(settings)
    with_text = settings.personal == "keep"
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    said = f": {' '.join(str(error).split())}" if with_text and str(error).strip() else ""
    written = _write(settings.data_dir, _hide("".join(_trace(error, with_text=with_text)), secrets))
    where = f"its trace is in {written}" if written else "its trace could not be written"
    return UnforeseenError(f"An error that Leafhouse does not know ({_hide(kind + said, secrets)}); {where}.")


def _trace(error: BaseException, *, with_text: bool) -> Iterator[str]:
    """Yield the trace of an error, after those of the errors that it came from, and before those that it groups."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _trace(before, with_text=with_text)
        yield "\nand from it, or meanwhile:\n\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}{f': {error}' if with_text else ''}\n"
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield "\nit groups:\n\n"
            yield from _trace(each, with_text=with_text)


def _secrets(settings: Settings) -> list[str]:
    """Return what must not be shown, the longest first: it may hold another one."""
    try:
        variables = read_variables()
        keys = {company.api_key.get_secret_value() for company in read_companies(settings) if company.api_key}
    except LeafhouseError:
        variables, keys = dict(os.environ), set()
    named = {value for name, value in variables.items() if _SECRET.search(name)}
    return sorted((value for value in named | keys if len(value) >= _SHORTEST_SECRET), key=len, reverse=True)


def _hide(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    return text


def _write(data_dir: Path, text: str) -> Path | None:
    """Write a trace and return where it is; None where neither folder takes it."""
    name = f"trace-{clock.now():%Y%m%dT%H%M%SZ}-{os.getpid()}.txt"
    folders = [logs_folder(data_dir)] if data_dir.is_dir() else []
    for folder in (*folders, Path(tempfile.gettempdir())):
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            path = folder / name
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return path
    return None
