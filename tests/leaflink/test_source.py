"""The base URL and the key: what is accepted, and what is said about the rest."""

import pytest
from pydantic import SecretStr

from pipeline.errors import ConfigurationError
from pipeline.leaflink import Source

from .conftest import KEY


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://app.leaflink.com/api/v2/", "https://app.leaflink.com/api/v2/"),
        ("https://app.leaflink.com/api/v2", "https://app.leaflink.com/api/v2/"),
        ("  HTTPS://APP.leaflink.com/api/v2//\n", "https://app.leaflink.com/api/v2/"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x/"),
        ("http://localhost/a/../b", "http://localhost/b/"),
    ],
)
def test_a_base_url_ends_in_one_slash(given, kept):
    assert Source(given, SecretStr(KEY)).base_url == kept


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("app.leaflink.com/api/v2/", "Write https://app.leaflink.com/api/v2/"),
        ("sandbox.example:8080", "Write https://sandbox.example:8080"),
        ("ftp://app.leaflink.com/", "Write for example https://app.leaflink.com/api/v2/"),
        ("//app.leaflink.com/", "has to start with https://"),
        ("", "has to start with https://"),
        ("https://", "names no host"),
        ("https:///api/v2/", "names no host"),
        ("https://host:0/", "names no host, or no port"),
        ("https://host:99999/", "names no host, or no port"),
        ("https://host:abc/", "names no host, or no port"),
        ("https://ho st/", "names no host"),
        ("https://me:secret@app.leaflink.com/", "user name or a password"),
        ("https://me@app.leaflink.com/", "user name or a password"),
        ("https://@app.leaflink.com/", "user name or a password"),
        ("https://app.leaflink.com/?limit=1", "query or a fragment"),
        ("https://app.leaflink.com/?", "query or a fragment"),
        ("https://app.leaflink.com/#top", "query or a fragment"),
    ],
)
def test_a_base_url_that_is_no_good_is_a_configuration_error_that_says_what_to_write(given, said):
    with pytest.raises(ConfigurationError) as caught:
        Source(given, SecretStr(KEY))

    assert "LEAFLINK_BASE_URL" in str(caught.value)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "App abc", "abc\n", "abc\r\nX-Other: 1", "ключ", "a\x00b", "a\tb"])
def test_a_key_that_cannot_be_one_is_a_configuration_error_that_does_not_show_it(key):
    with pytest.raises(ConfigurationError, match="LEAFLINK_API_KEY") as caught:
        Source("https://app.leaflink.com/api/v2/", SecretStr(key))

    assert key == "" or key not in str(caught.value)


@pytest.mark.parametrize("scheme", ["Bearer", "app", ""])
def test_a_scheme_must_be_one_of_the_two(scheme):
    with pytest.raises(ConfigurationError, match="LEAFLINK_AUTH_SCHEME"):
        Source("https://app.leaflink.com/api/v2/", SecretStr(KEY), scheme)


def test_the_key_put_in_the_wrong_place_is_not_shown():
    key = "abc.def"

    with pytest.raises(ConfigurationError) as caught:
        Source(f"{key}.example", SecretStr(key))

    assert key not in str(caught.value)


def test_fingerprints_tell_keys_and_hosts_apart_and_are_not_the_key():
    def of(url: str, key: str) -> str:
        return Source(url, SecretStr(key)).fingerprint

    assert of("https://a.example/v2/", KEY) == of("https://A.example/v2", KEY)
    assert len({of("https://a.example/", KEY), of("https://b.example/", KEY), of("https://a.example/", "other")}) == 3
    assert KEY not in of("https://a.example/", KEY)
