"""What a failure below HTTP means, in words that are fit to be shown."""

import aiohttp
from aiohttp import ClientHandlerType

from pipeline.leaflink.errors import Hiccup


def hiccup_of(error: Exception) -> Hiccup:
    """Return a failure of the connection as a hiccup, and nothing that belongs to aiohttp with it."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return Hiccup("a host name that cannot be found: check LEAFLINK_BASE_URL and the network", unreachable=True)
        case aiohttp.ClientSSLError():
            return Hiccup("a secure connection that could not be made: check LEAFLINK_BASE_URL", unreachable=True)
        case aiohttp.ClientConnectorError():
            return Hiccup("a connection that was refused: check LEAFLINK_BASE_URL and the network", unreachable=True)
        case aiohttp.ConnectionTimeoutError():
            return Hiccup("no connection in time", overloaded=True)
        case TimeoutError():
            return Hiccup("no answer in time", overloaded=True)
        case aiohttp.ClientPayloadError():
            return Hiccup("a body that was cut short or cannot be unpacked", overloaded=True)
        case aiohttp.ClientResponseError():
            return Hiccup("an answer that is not HTTP")
        case _:
            return Hiccup("a connection that broke off", overloaded=True)


async def send_once(request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request, as a middleware of the session, and never a second time.

    On its own, aiohttp sends a GET again when its connection breaks off: unpaced, uncounted, and unseen by the limiter.
    It does not for an error of ours.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientError, OSError) as error:
        hiccup = hiccup_of(error)
    raise hiccup
