"""What lies between us and LeafLink: proxies, certificates, gateways with long headers, excuses in place of pages."""

import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import trustme
from aiohttp import web
from pydantic import SecretStr

from pipeline.errors import ConfigurationError, IncompleteError
from pipeline.leaflink import Client, Pacer, Source, Waits, read_proxy

from .conftest import KEY
from .server import PAGE, Server, answer

NOWHERE = "http://leaflink.invalid/api/v2/"
PASSWORD = "s3cret-of-the-gateway"
ENVIRONMENT = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "all_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


def through(setting: str, base_url: str = NOWHERE) -> Source:
    return Source(base_url, SecretStr(KEY), proxy=read_proxy(SecretStr(setting), base_url))


async def ask(source: Source, **waits: float) -> bytes:
    quick = Waits(give_up=2.0, unreachable=0.05, backoff=0.002)
    async with Client(source, Pacer(0), waits=replace(quick, **waits)) as client:
        return (await client.get("products/", {})).body


async def test_requests_go_through_the_proxy_that_is_set(leaflink: Server) -> None:
    assert await ask(through(f"http://us:{PASSWORD}@{leaflink.host}")) == PAGE

    (asked,) = leaflink.seen
    assert asked.target == f"{NOWHERE}products/"
    assert asked.headers["proxy-authorization"].startswith("Basic ")


async def test_a_proxy_of_the_environment_is_used_only_when_told_to(
    leaflink: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{leaflink.host}")

    with pytest.raises(IncompleteError, match="host name that cannot be found"):
        await ask(Source(NOWHERE, SecretStr(KEY)))
    assert leaflink.seen == []

    assert await ask(through("environment")) == PAGE
    monkeypatch.setenv("no_proxy", "leaflink.invalid")
    assert read_proxy(SecretStr("environment"), NOWHERE) is None
    assert read_proxy(SecretStr("environment"), NOWHERE.replace("http:", "https:")) is None


@pytest.mark.parametrize("base_url", [NOWHERE, NOWHERE.replace("http:", "https:")])
async def test_a_proxy_that_wants_a_password_is_a_setting_to_be_mended(leaflink: Server, base_url: str) -> None:
    leaflink.always = answer(407, b"{}")

    with pytest.raises(ConfigurationError, match=r"wants a user name and a password.*LEAFLINK_PROXY"):
        await ask(through(f"http://us:{PASSWORD}@{leaflink.host}", base_url))


@pytest.mark.parametrize(("setting", "says"), [(f"http://us:{PASSWORD}@127.0.0.1:1", "cannot be reached"), ("", "")])
async def test_a_proxy_that_fails_is_named_without_its_password(leaflink: Server, setting: str, says: str) -> None:
    leaflink.always = answer(502, b"{}")
    source = through(setting or f"http://us:{PASSWORD}@{leaflink.host}", NOWHERE.replace("http:", "https:"))

    with pytest.raises(IncompleteError) as caught:
        await ask(source)

    assert (says or "that answers 502") in str(caught.value)
    assert str(source.proxy) in str(caught.value)
    assert PASSWORD not in f"{caught.value!r} {source!r} {source.proxy}"


@pytest.mark.parametrize(
    "setting", ["proxy.example:3128", "socks5://proxy.example:1", "http://", f"http://us:{PASSWORD}@:x"]
)
def test_what_is_no_address_of_a_proxy_is_refused_and_not_shown(setting: str) -> None:
    with pytest.raises(ConfigurationError, match="LEAFLINK_PROXY is no address") as caught:
        through(setting)
    assert PASSWORD not in str(caught.value)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["self-signed certificate|unable to get local issuer", "Hostname mismatch|IP address mismatch"])
def distrusted(request: pytest.FixtureRequest, authority: trustme.CA) -> Iterator[tuple[ssl.SSLContext, str]]:
    """A server's side of TLS that a client refuses, and why."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1" if "self" in request.param else "leaflink.example").configure_cert(context)
    yield context, request.param


@asynccontextmanager
async def serving(context: ssl.SSLContext) -> AsyncIterator[int]:
    """Serve TLS, and yield the port."""
    runner = web.AppRunner(web.Application())
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_a_certificate_that_is_not_trusted_ends_a_run_at_once_in_one_true_line(
    distrusted: tuple[ssl.SSLContext, str], authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, why = distrusted
    if "mismatch" in why:
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    async with serving(context) as port:
        with pytest.raises(ConfigurationError, match=rf"127.0.0.1:{port}: its certificate is not trusted \(.*({why})"):
            await ask(Source(f"https://127.0.0.1:{port}/api/v2/", SecretStr(KEY)), unreachable=30.0)


async def test_headers_of_64_kilobytes_are_read(leaflink: Server) -> None:
    leaflink.always = answer(headers={"X-Policy": "p" * 60_000})

    assert await ask(Source(leaflink.url, SecretStr(KEY))) == PAGE


async def test_a_byte_order_mark_before_a_page_is_passed_over(leaflink: Server) -> None:
    leaflink.always = answer(body=b"\xef\xbb\xbf" + PAGE)

    assert await ask(Source(leaflink.url, SecretStr(KEY))) == PAGE


@pytest.mark.parametrize(
    "excuse",
    [
        {"detail": "Request was throttled. Expected available in 1 second."},
        {"message": "Too many requests", "status": 429},
        {"error": "We are busy", "code": "busy"},
    ],
)
async def test_an_excuse_in_place_of_a_page_is_waited_out_and_quoted(
    leaflink: Server, excuse: dict[str, object]
) -> None:
    body = json.dumps(excuse).encode()
    leaflink.script = [answer(body=body), answer(body=body)]
    assert await ask(Source(leaflink.url, SecretStr(KEY))) == PAGE
    assert len(leaflink.seen) == 3

    leaflink.always = answer(body=body)
    (text, *_) = excuse.values()
    with pytest.raises(IncompleteError, match=f"status 200 with an excuse: {text}"):
        await ask(Source(leaflink.url, SecretStr(KEY)), give_up=0.05)


@pytest.mark.parametrize(
    "body", [b'{"detail": "x", "id": 7}', b'{"detail": {"id": 1}}', b'{"status": "shipped"}', b"{}"]
)
async def test_an_object_that_holds_more_is_no_excuse(leaflink: Server, body: bytes) -> None:
    leaflink.always = answer(body=body)

    assert await ask(Source(leaflink.url, SecretStr(KEY))) == body
