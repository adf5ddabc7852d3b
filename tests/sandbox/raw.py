"""An HTTP client that hides nothing: what came over the socket, and how it ended."""

import asyncio
from dataclasses import dataclass


@dataclass
class Raw:
    """An answer as it came: status, headers in lower case, the bytes of the body, and whether a reset ended it."""

    status: int
    headers: dict[str, str]
    body: bytes
    was_reset: bool


async def ask_raw(base: str, path: str, wait_seconds: float = 5) -> Raw:
    """Ask for a path and read until the connection ends; status 0 is no answer at all."""
    host, port = base.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    request = (
        f"GET /api/v2/{path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: App sandbox\r\nConnection: close\r\n"
    )
    writer.write(f"{request}\r\n".encode())
    received, was_reset = b"", False
    try:
        async with asyncio.timeout(wait_seconds):
            while part := await reader.read(2**16):
                received += part
    except ConnectionResetError:
        was_reset = True
    finally:
        writer.close()
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    status = int(first.split()[1]) if received else 0
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return Raw(status, headers, body, was_reset)
