"""The key that personal data are hashed with."""

import re
import secrets
import stat
from pathlib import Path

from pipeline.datafolder.paths import personal_key_file
from pipeline.errors import ConfigurationError
from pipeline.landing.files import write_aside

_KEY_BYTES = 32
_KEY = re.compile(rf"[0-9a-f]{{{2 * _KEY_BYTES}}}\s*")


def read_personal_key(folder: Path) -> bytes | None:
    """Return the key that personal data are hashed with, None where none was made yet.

    Raises ConfigurationError when it is no key, or others can read it: who has it can try names until a hash fits.
    """
    path = personal_key_file(folder)
    try:
        content, mode = path.read_text("ascii", "replace"), path.stat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(
            f"{path}: the key that personal data are hashed with cannot be read ({error.strerror}). Give this user the "
            "right to, or set LEAFHOUSE_PII to drop."
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(f"{path}: can be read by others. Run `chmod 600 {path}`.")
    if not _KEY.fullmatch(content):
        raise ConfigurationError(
            f"{path}: holds no key ({2 * _KEY_BYTES} digits from 0 to f). Put the old one back, or remove the file for "
            "a new one, which makes other hashes."
        )
    return bytes.fromhex(content.strip())


def make_personal_key(folder: Path) -> bytes:
    """Return the key that personal data are hashed with, made now if there is none. Raises ConfigurationError.

    Hold the DataLock meanwhile.
    """
    held = read_personal_key(folder)
    if held is not None:
        return held
    path, key = personal_key_file(folder), secrets.token_bytes(_KEY_BYTES)
    try:
        write_aside(path, lambda aside: aside.write_text(f"{key.hex()}\n"))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: the key that personal data are hashed with cannot be made ({error.strerror}). Let this user "
            f"write there once, or put {2 * _KEY_BYTES} random digits from 0 to f there."
        ) from error
    return key
