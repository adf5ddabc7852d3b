"""A night behind a proxy, and at a host whose certificate nobody knows."""

import asyncio
import json
import ssl

import trustme

from .commands import House
from .relays import relay

NOWHERE = "http://leaflink.invalid/api/v2/"


async def test_a_night_goes_through_the_proxy_and_the_doctor_says_so(empty: House) -> None:
    async with relay(empty.base_url) as proxy:
        settings = {"LEAFLINK_BASE_URL": NOWHERE, "LEAFLINK_PROXY": f"http://us:pa55word@{proxy.host}"}
        extracted = await asyncio.to_thread(empty.run, "extract", **settings)
        examined = await asyncio.to_thread(empty.run, "doctor", **settings)
        as_json = await asyncio.to_thread(empty.run, "doctor", "--json", **settings)

    assert (extracted.code, examined.code) == (0, 0), extracted
    assert f"  proxy       http://{proxy.host} (LEAFLINK_PROXY)\n" in examined.stdout
    assert json.loads(as_json.stdout)["keys"][0]["proxy"] == f"http://{proxy.host} (LEAFLINK_PROXY)"
    assert "pa55word" not in extracted.stdout + examined.stdout + as_json.stdout


def test_what_is_no_proxy_is_a_setting_to_be_mended(empty: House) -> None:
    empty.refuses("run", code=3, says=("LEAFLINK_PROXY is no address", "http://"), LEAFLINK_PROXY="socks5://x:1")


async def test_a_certificate_that_nobody_knows_is_3_until_its_authority_is_named(empty: House) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted = empty.folder / "authority.pem"
    authority.cert_pem.write_to_path(trusted)

    async with relay(empty.base_url, tls=context) as gateway:
        says = (f"{gateway.host}: its certificate is not trusted (", "SSL_CERT_FILE", "Nothing was changed.")
        await asyncio.to_thread(empty.refuses, "run", code=3, says=says, LEAFLINK_BASE_URL=gateway.base_url)
        settings = {"LEAFLINK_BASE_URL": gateway.base_url, "SSL_CERT_FILE": str(trusted)}
        process = empty.start("extract", "--json", **settings)
        output, errors = await asyncio.to_thread(process.communicate)

    assert process.returncode == 0, errors
    assert json.loads(output)["run_id"]
