"""A session with the engine in LEAFHOUSE_SPARK_REMOTE."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What SQL means must not depend on how somebody set up the engine.
_OPTIONS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # what overflows or cannot be cast is an error, as in DuckDB
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # neither Delta nor DuckDB knows INT96 well
}
_PORT = 15_002
_PATIENCE_SECONDS = 10
_INSTALL = "Install an engine's client: `pip install 'leafhouse[sail]'` or `pip install 'leafhouse[spark]'`."


@contextmanager
def open_session(remote: SecretStr | None) -> Iterator["SparkSession"]:
    """Yield a session with the engine at `remote`, an sc:// URL, in UTC and with ANSI SQL.

    Raises ConfigurationError when no URL is set, pyspark is not installed, or no engine answers.
    """
    if remote is None:
        raise ConfigurationError(
            "LEAFHOUSE_SPARK_REMOTE is not set. Set it to the engine's URL, such as sc://127.0.0.1:50051; "
            "`sail spark server --port 50051` starts one."
        )
    session = _connect(remote.get_secret_value())
    try:
        yield session
    finally:
        session.stop()


def _connect(remote: str) -> "SparkSession":
    address = urlsplit(remote)
    if address.scheme != "sc" or not address.hostname:
        raise ConfigurationError("LEAFHOUSE_SPARK_REMOTE: no sc:// URL. Write it as sc://host:port.")
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise ConfigurationError(f"pyspark is not installed ({error}). {_INSTALL}") from error
    try:
        # The client tries an address where nobody listens for more than five minutes.
        socket.create_connection((address.hostname, address.port or _PORT), timeout=_PATIENCE_SECONDS).close()
        session = SparkSession.builder.remote(remote).create()
        for name, value in _OPTIONS.items():
            session.conf.set(name, value)
    except (PySparkException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigurationError(
            f"LEAFHOUSE_SPARK_REMOTE: no engine answers at {address.hostname} ({reason}). Start it, or correct the URL."
        ) from error
    return session
