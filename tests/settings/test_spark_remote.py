"""A load on an engine says what to set, to install or to start; nothing is imported or asked before."""

import socket

import pytest
from pydantic import SecretStr

from pipeline.engines.session import EngineError, open_session
from pipeline.errors import ConfigurationError


@pytest.mark.parametrize(
    ("remote", "says"),
    [(None, "LEAFHOUSE_SPARK_REMOTE is not set"), ("http://127.0.0.1:1", "Write it as sc://host:port")],
)
def test_what_is_not_set_is_said(remote: str | None, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says), open_session(None if remote is None else SecretStr(remote)):
        pass


def test_where_no_engine_answers_or_no_client_is_installed_it_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    said = pytest.raises((ConfigurationError, EngineError), match=r"cannot be reached|pyspark is not installed")
    with said, open_session(SecretStr(f"sc://127.0.0.1:{port}")):
        pass
