"""A session with the engine in LEAFHOUSE_SPARK_REMOTE."""

import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from pipeline.errors import ConfigurationError, IncompleteError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What SQL means must not depend on how somebody set up the engine.
_OPTIONS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # what overflows or cannot be cast is an error, as in DuckDB
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # neither Delta nor DuckDB knows INT96 well
}
_PORT = 15_002
# The client tries an address where nobody listens for more than five minutes, and an engine that is gone for ten.
_PATIENCE_SECONDS = 10
_RETRIES = 5
_INSTALL = "Install an engine's client: `pip install 'leafhouse[sail]'` or `pip install 'leafhouse[spark]'`."


class EngineError(IncompleteError):
    """The engine cannot be reached, or did not bring what it was asked for to an end. Run again later, it is safe."""


@contextmanager
def open_session(remote: SecretStr | None) -> Iterator["SparkSession"]:
    """Yield a session with the engine at `remote`, an sc:// URL, in UTC and with ANSI SQL.

    Raises ConfigurationError when no URL is set, or pyspark is not installed, and EngineError when no engine answers,
    or for what goes wrong there.
    """
    address = _address_of(remote)
    try:
        import grpc
        from pyspark.errors import PySparkException
        from pyspark.sql.connect.client.retries import DefaultPolicy
        from pyspark.sql.connect.session import SparkSession
    except ImportError as error:
        raise ConfigurationError(f"pyspark is not installed ({error}). {_INSTALL}") from error
    try:
        socket.create_connection((address.hostname or "", address.port or _PORT), _PATIENCE_SECONDS).close()
    except OSError as error:
        raise EngineError(f"{host_of(remote)}: the engine cannot be reached ({error.strerror or error}).") from error
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED\]")  # the error says it
            session = SparkSession.builder.remote(address.geturl()).create()
            try:
                session.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
                for name, value in _OPTIONS.items():
                    session.conf.set(name, value)
                yield session
            finally:
                with suppress(PySparkException, grpc.RpcError):
                    session.stop()  # else its threads keep the process alive
    except (PySparkException, grpc.RpcError) as error:
        first = next(iter(str(error).splitlines()), "").strip().rstrip(".")
        reason = f"{type(error).__name__}: {first[:300]}"
        raise EngineError(f"{host_of(remote)}: the engine did not come to an end ({reason}).") from error


def is_lost(error: Exception) -> bool:
    """Say whether an error tells that the engine answers no more."""
    import grpc
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException

    if isinstance(error, SparkConnectGrpcException):
        return bool(error.getGrpcStatusCode() == grpc.StatusCode.UNAVAILABLE)
    return isinstance(error, grpc.RpcError)


def host_of(remote: SecretStr | None) -> str:
    """Return what may be shown of an address: it may hold a token. Raises ConfigurationError for one that is none."""
    address = _address_of(remote)
    return f"sc://{address.hostname}:{address.port or _PORT}"


def _address_of(remote: SecretStr | None) -> SplitResult:
    if remote is None:
        raise ConfigurationError(
            "LEAFHOUSE_SPARK_REMOTE is not set. Set it to the engine's address, such as sc://127.0.0.1:15002; "
            "`sail spark server --port 15002` starts one."
        )
    address = urlsplit(remote.get_secret_value())
    if address.scheme != "sc" or not address.hostname:
        raise ConfigurationError("LEAFHOUSE_SPARK_REMOTE: no sc:// URL. Write it as sc://host:port.")
    return address
