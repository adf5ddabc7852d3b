"""Putting an object only where there is none: If-None-Match, which Arrow's file systems cannot ask for.

obstore can, where it is installed (`make storage`). It is used for nothing else.
"""

import configparser
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError

_ENOUGH = timedelta(seconds=15)
_PROFILE = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
}


class Unsupported(Exception):
    """The store has no conditional put."""


class ConditionalPuts:
    """Puts below a URL that never replace an object."""

    def __init__(self, url: str, obstore: Any, store: Any) -> None:
        self._url = url
        self._obstore = obstore
        self._store = store

    @classmethod
    def open(cls, url: str, region: str | None) -> "ConditionalPuts | None":
        """Return the puts below a URL, whose bucket is in a region of S3; None where obstore is not installed."""
        try:
            import obstore
            from obstore.store import from_url
        except ImportError:
            return None
        is_s3 = url.startswith("s3:")
        client: dict[str, Any] = {"timeout": _ENOUGH}
        if is_s3 and os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://"):
            client["allow_http"] = True
        retries = {"max_retries": 5, "retry_timeout": _ENOUGH}
        known = _keys_of_profile() | ({"region": region} if region else {}) if is_s3 else {}
        return cls(url, obstore, from_url(url, client_options=client, retry_config=retries, **known))

    def put(self, file: str, content: bytes) -> None:
        """Put an object; nothing is changed where there is one.

        Raises Unsupported, ConfigurationError where the store refuses, and OSError for anything else that went wrong.
        """
        errors = self._obstore.exceptions
        try:
            self._obstore.put(self._store, file, content, mode="create", use_multipart=False)
        except errors.AlreadyExistsError:
            return
        except (errors.NotSupportedError, NotImplementedError) as error:
            raise Unsupported from error
        except (errors.PermissionDeniedError, errors.UnauthenticatedError) as error:
            raise ConfigurationError(
                f"{self._url}/{file}: the store refuses the conditional put, although it lets this machine in "
                "otherwise. obstore takes credentials from the environment, the keys of a profile, or the role of the "
                "machine; see docs/operations.md."
            ) from error
        except errors.BaseError as error:
            if " 501 " in str(error) or "NotImplemented" in str(error):
                raise Unsupported from error
            # What the store answered may be anything; what Arrow asks for next says in short what is wrong.
            raise OSError(f"conditional put: {type(error).__name__}") from error


def _keys_of_profile() -> dict[str, str]:
    """Return the keys in the profile of AWS_PROFILE, where the environment has none: obstore reads no profiles."""
    if "AWS_ACCESS_KEY_ID" in os.environ:
        return {}
    path = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser()
    profiles = configparser.RawConfigParser()
    profiles.read(path)
    name = os.environ.get("AWS_PROFILE", "default")
    found = profiles[name] if profiles.has_section(name) else {}
    return {ours: found[theirs] for theirs, ours in _PROFILE.items() if theirs in found}
