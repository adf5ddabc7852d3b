"""What a failure below HTTP means, in words that are fit to be shown."""

import ssl

import aiohttp
from aiohttp import ClientHandlerType, ClientMiddlewareType

from pipeline.errors import ConfigurationError
from pipeline.leaflink.errors import Hiccup
from pipeline.leaflink.proxy import ADVICE
from pipeline.leaflink.source import Source


def failure_of(error: Exception, source: Source) -> Hiccup | ConfigurationError:
    """Return a failure of the connection as ours, and nothing that belongs to aiohttp with it."""
    match error:
        case aiohttp.ClientProxyConnectionError():
            return Hiccup(f"a proxy that cannot be reached: check LEAFLINK_PROXY ({source.proxy})", unreachable=True)
        case aiohttp.ClientHttpProxyError(status=407):
            return ConfigurationError(f"{source.proxy}: the proxy wants a user name and a password (407). {ADVICE}")
        case aiohttp.ClientHttpProxyError(status=status):
            return Hiccup(f"a proxy ({source.proxy}) that answers {status}", unreachable=True)
        case aiohttp.ClientConnectorDNSError():
            return Hiccup("a host name that cannot be found: check LEAFLINK_BASE_URL and the network", unreachable=True)
        case aiohttp.ClientConnectorCertificateError():
            return ConfigurationError(
                f"{source.host}: its certificate is not trusted ({_why(error.certificate_error)}). Where that is meant "
                "(a proxy that looks into connections), name the file of its authority in SSL_CERT_FILE."
            )
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


def _why(error: Exception) -> str:
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else "it cannot be checked"


def send_once(source: Source) -> ClientMiddlewareType:
    """Return a middleware of a session that sends a request, and never a second time.

    On its own, aiohttp sends a GET again when its connection breaks off: unpaced, uncounted, and unseen by the limiter.
    It does not for an error of ours.
    """

    async def send(request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        try:
            return await handler(request)
        except (aiohttp.ClientError, OSError) as error:
            failure = failure_of(error, source)
        raise failure

    return send
