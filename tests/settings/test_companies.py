"""`leafhouse.toml`: which companies there are, and what is said of a file that cannot be used."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.settings import LIVE_BASE_URL, Company, read_companies, read_settings, refuse_other_names

TWO = """
[companies.acme]
key = "ACME_KEY"
timezone = "America/Denver"
owner = "jane"
resources = ["orders_received", "line_items"]

[companies.zenith]
key = "ZENITH_KEY"
scheme = "Token"
base_url = "https://www.leaflink.com/api/v2/"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("LEAFLINK_API_KEY", "LEAFLINK_AUTH_SCHEME", "LEAFLINK_BASE_URL", "LEAFHOUSE_TIMEZONE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def read(toml: str | None = None) -> dict[str, Company]:
    if toml is not None:
        Path("leafhouse.toml").write_text(toml)
    return {company.name: company for company in read_companies(read_settings())}


def secret(company: Company) -> str | None:
    return company.api_key.get_secret_value() if company.api_key else None


def test_without_a_file_there_is_the_company_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert secret(read()["default"]) is None
    monkeypatch.setenv("LEAFLINK_API_KEY", "s3cret")
    assert secret(read()["default"]) == "s3cret"


def test_a_section_is_a_company_with_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "a")
    monkeypatch.setenv("ZENITH_KEY", "z")

    companies = read(TWO)

    assert list(companies) == ["acme", "zenith"]
    acme, zenith = companies.values()
    assert (secret(acme), acme.auth_scheme, acme.base_url, acme.timezone, acme.owner, acme.resources) == (
        "a", "App", LIVE_BASE_URL, "America/Denver", "jane", ("orders_received", "line_items"),
    )  # fmt: skip
    assert (secret(zenith), zenith.auth_scheme, zenith.base_url, zenith.timezone, zenith.owner) == (
        "z", "Token", "https://www.leaflink.com/api/v2/", "UTC", "ZENITH_KEY",
    )  # fmt: skip


def test_the_environment_beats_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACME_KEY", "ZENITH_KEY"):
        monkeypatch.setenv(name, f"key of {name}")
    monkeypatch.setenv("LEAFHOUSE_TIMEZONE", "America/New_York")
    monkeypatch.setenv("LEAFLINK_AUTH_SCHEME", "App")
    monkeypatch.setenv("LEAFLINK_BASE_URL", "http://127.0.0.1:1/api/v2/")

    for company in read(TWO).values():
        assert (company.timezone, company.auth_scheme) == ("America/New_York", "App")
        assert company.base_url == "http://127.0.0.1:1/api/v2/"


def test_what_is_read_also_is_the_sections_unless_the_environment_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "a")
    toml = '[companies.acme]\nkey = "ACME_KEY"\nalso = ["orders-received-comments"]'

    assert (read(toml)["acme"].also, read(toml.rpartition("\n")[0])["acme"].also) == (("orders-received-comments",), ())
    monkeypatch.setenv("LEAFHOUSE_ALSO", "orders-delivery-information,orders-received-comments,")
    assert read(toml)["acme"].also == ("orders-delivery-information", "orders-received-comments")


def test_keys_may_lie_in_the_env_file(folder: Path) -> None:
    (folder / ".env").write_text("ACME_KEY=a\nZENITH_KEY=z\n")
    (folder / ".env").chmod(0o600)

    assert [secret(company) for company in read(TWO).values()] == ["a", "z"]


def test_a_key_in_an_env_file_that_others_can_read_is_refused(folder: Path) -> None:
    (folder / ".env").write_text("ACME_KEY=a\nZENITH_KEY=z\n")
    (folder / ".env").chmod(0o640)

    with pytest.raises(ConfigurationError, match=r"chmod 600 \.env"):
        read(TWO)


def test_two_sections_with_one_key_are_refused_since_all_sums_would_be_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "s3cret")
    again = '[companies.again]\nkey = "ACME_KEY"\n'
    with pytest.raises(ConfigurationError, match="acme and again have the same key") as error:
        read('[companies.acme]\nkey = "ACME_KEY"\n' + again)

    assert "s3cret" not in str(error.value)
    elsewhere = f'{again}base_url = "https://www.sandbox.leaflink.com/api/v2/"'
    assert read(f'[companies.acme]\nkey = "ACME_KEY"\n{elsewhere}').keys() == {"acme", "again"}


@pytest.mark.parametrize(
    ("toml", "held", "says"),
    [
        (TWO, ("default",), "companies.default"),
        (None, ("acme", "birch"), "holds acme, birch, read with a leafhouse.toml, and here is none"),
        (TWO, ("acme", "default"), None),
        (TWO, ("acme", "gone"), None),
        (TWO, (), None),
        (None, ("default",), None),
        ("[companies.default]", ("acme", "default"), None),
    ],
)
def test_rows_are_not_read_again_under_another_name(
    monkeypatch: pytest.MonkeyPatch, toml: str | None, held: tuple[str, ...], says: str | None
) -> None:
    for name in ("ACME_KEY", "ZENITH_KEY", "LEAFLINK_API_KEY"):
        monkeypatch.setenv(name, f"key of {name}")
    companies = read(toml).values()

    with pytest.raises(ConfigurationError, match=says) if says else nullcontext():
        refuse_other_names(companies, held, Path("data"))


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (TWO, "leafhouse.toml: companies.acme: ACME_KEY is not set"),
        ("companies", "leafhouse.toml: not TOML"),
        ("", "leafhouse.toml: companies: Field required"),
        ("[companies]", "leafhouse.toml: companies: no company"),
        ('[companies."A/B"]', "'A/B' is no name for a company"),
        ("[companies.a]\ncolour = 1", "leafhouse.toml: companies.a.colour"),
        ('[companies.a]\ntimezone = "Mars"', "leafhouse.toml: companies.a.timezone: not a time zone"),
        ('[companies.a]\nscheme = "Bearer"', "leafhouse.toml: companies.a.scheme"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(toml: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(toml)

    assert says in str(error.value)


def test_a_key_is_never_part_of_what_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "s3cret-key")
    with pytest.raises(ConfigurationError) as error:
        read(TWO)

    assert "s3cret" not in str(error.value)
    assert "s3cret" not in repr(read(TWO.split("[companies.zenith]")[0]))
