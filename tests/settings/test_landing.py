"""LEAFHOUSE_LANDING is a bucket and a prefix, and nothing else."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.jobs.landing import open_landing
from pipeline.landing import Bucket
from pipeline.settings import read_settings


@pytest.mark.parametrize("url", ["s3://bucket/a/prefix", "s3://bucket", "gs://bucket/x", "abfs://in@account.example/x"])
def test_a_bucket_is_where_runs_land(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("LEAFHOUSE_LANDING", url + "/")

    landing = open_landing(read_settings())

    assert isinstance(landing.root, Bucket)
    assert str(landing.root) == url


def test_without_the_setting_runs_land_in_the_data_folder() -> None:
    assert open_landing(read_settings()).root == Path("data/landing")


@pytest.mark.parametrize(
    "url",
    ["s3://id:t0p-secret@bucket/x", "s3://t0p-secret@bucket/x", "s3://bucket/x?secret_key=t0p-secret",
     "abfs://in:t0p-secret@account.example/x", "gs://bucket/x#t0p-secret"],
)  # fmt: skip
def test_a_url_with_more_in_it_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("LEAFHOUSE_LANDING", url)

    with pytest.raises(ConfigurationError, match="LEAFHOUSE_LANDING: has more than a bucket and a prefix") as raised:
        read_settings()

    assert "t0p-secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["/srv/landing", "landing", "s3:/bucket/x", "s3://", "https://bucket/x", "file:///x"])
def test_what_is_no_bucket_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("LEAFHOUSE_LANDING", url)

    with pytest.raises(ConfigurationError, match="not a landing in object storage"):
        read_settings()


@pytest.mark.parametrize("url", ["s3://bucket/../x", "s3://bucket//x"])
def test_an_odd_prefix_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("LEAFHOUSE_LANDING", url)

    with pytest.raises(ConfigurationError, match="take another one"):
        read_settings()
