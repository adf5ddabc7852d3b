"""The key is where it has to be, in the header of a request, and nowhere else."""

import base64
import logging
import traceback
from collections.abc import Iterator
from types import TracebackType
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from pipeline.errors import LeafhouseError
from pipeline.leaflink import Pacer, Source

from .conftest import KEY
from .server import answer, cut, hang, hang_up, raw, reset

FORMS = [
    KEY,
    KEY[:12],
    quote(KEY, safe=""),
    base64.b64encode(KEY.encode()).decode().rstrip("=")[:-1],
    base64.b64encode(f"App {KEY}".encode()).decode().rstrip("=")[:-1],
    KEY.encode().hex(),
    KEY[::-1],
]

FAILURES = {
    "400": answer(400, f'{{"detail": "App {KEY}, {quote(KEY, safe="")}"}}'.encode()),
    "401": answer(401, f'{{"detail": "No such key: {KEY}"}}'.encode()),
    "403": answer(403, f'{{"detail": ["{KEY}"]}}'.encode()),
    "404": answer(404, f'"{KEY}"'.encode()),
    "redirect": answer(302, headers={"Location": f"https://{quote(KEY, safe='')}.example/?key={KEY}"}),
    "redirect that cannot be read": answer(302, headers={"Location": f"http://[{KEY}"}),
    "too large": answer(body=b"[" + b" " * 5000 + b"]"),
    "503": answer(503, KEY.encode(), {"Retry-After": KEY}),
    "HTML": answer(body=KEY.encode(), headers={"Content-Type": f"text/html; {KEY}"}),
    "reset": reset,
    "closed": hang_up,
    "cut": cut(20),
    "not HTTP": raw(KEY.encode() + b"\r\n\r\n"),
    "silence": hang,
}


def assert_no_key(text: str) -> None:
    assert [form for form in FORMS if form in text] == []


def errors_behind(error: BaseException) -> Iterator[BaseException]:
    """The error, its causes and its contexts, those that a traceback would not print too."""
    waiting, met = [error], set()
    while waiting:
        one = waiting.pop()
        if id(one) not in met:
            met.add(id(one))
            yield one
            waiting += [other for other in (one.__cause__, one.__context__) if other is not None]


def local_values(trace: TracebackType | None) -> Iterator[str]:
    """What a traceback with local variables would show of the project's own frames and of all libraries'."""
    for frame, _ in traceback.walk_tb(trace):
        if "/tests/" not in frame.f_code.co_filename:
            yield from (repr(value) for value in frame.f_locals.values())


@pytest.mark.parametrize("behaviour", FAILURES.values(), ids=FAILURES.keys())
async def test_no_error_shows_the_key_not_even_in_its_frames(leaflink, open_client, caplog, behaviour):
    caplog.set_level(logging.DEBUG)
    leaflink.always = behaviour
    events = []

    with pytest.raises(LeafhouseError) as caught:
        async with open_client(give_up=0.05, read=0.4, max_body_bytes=2000, on_event=events.append) as client:
            await client.get("products/", {})

    assert leaflink.seen[0].headers["authorization"] == f"App {KEY}"
    for error in errors_behind(caught.value):
        assert_no_key(repr(error))
        assert_no_key("".join(traceback.format_exception(error)))
        for shown in local_values(error.__traceback__):
            assert_no_key(shown)
    assert_no_key(caplog.text)
    assert_no_key(repr(events))
    assert_no_key(repr([client, client.source, client.stats, vars(client)]))


async def test_no_request_has_the_key_in_its_url(leaflink, open_client):
    async with open_client() as client:
        await client.get("products/", {"limit": "1"})

    for request in leaflink.seen:
        assert_no_key(request.target)
        assert [name for name, value in request.headers.items() if KEY in value] == ["authorization"]


async def test_the_state_file_knows_the_key_by_its_fingerprint_only(leaflink, open_client, tmp_path):
    file = tmp_path / "pacing.json"

    async with open_client(pacer=Pacer(state_file=file)) as client:
        await client.get("products/", {})

    content = file.read_text()
    assert client.source.fingerprint in content
    assert_no_key(content)
    assert_no_key(str(client.source))


async def test_a_path_that_holds_the_key_is_refused_without_showing_it(open_client):
    async with open_client() as client:
        with pytest.raises(LeafhouseError) as caught:
            await client.get(f"https://elsewhere.example/{KEY}", {})

    assert_no_key(str(caught.value))


def test_sources_of_different_keys_look_alike():
    one, other = (Source("https://a.example/", SecretStr(key)) for key in (KEY, "another"))

    assert repr(one) == repr(other)
    assert one != other
