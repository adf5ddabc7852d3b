"""A real S3 server in a process of its own, and a proxy before it that spoils what passes through."""

import http.client
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

from tests.forked import CHECKOUT

SERVER = CHECKOUT / ".venv-storage" / "bin" / "moto_server"
BUCKET = "leafhouse-landing"
_PATIENCE_SECONDS = 60
_SLOW_SECONDS = 0.05
_WRITES = ("PUT", "POST", "DELETE")

# slow: answered late. 503: not done. cut: the connection ends within the request, which is not done. lost: done, and
# the connection ends before the answer. torn: done, and the connection ends within the answer. kill and die: whoever
# asks is killed before it is done, and after. refuse: 403.
Fault = Literal["slow", "503", "cut", "lost", "torn", "kill", "die", "refuse"]


def credentials(address: str) -> dict[str, str]:
    """Return what the usual chain finds in the environment, for a store at this address."""
    return {
        "AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "a-secret-that-nobody-prints", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address, "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip


@contextmanager
def serve_s3(log: Path) -> Iterator[str]:
    """Run the server with an empty bucket, and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        log.open("wb") as output,
        subprocess.Popen([SERVER, "-H", "127.0.0.1", "-p", str(port)], stdout=output, stderr=output) as process,
    ):
        try:
            _make_bucket(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _make_bucket(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("PUT", f"/{BUCKET}")
            assert connection.getresponse().status == 200
            return
        except OSError:
            assert time.monotonic() < deadline, "the S3 server does not start"
            time.sleep(0.1)


@dataclass
class Weather:
    """What becomes of the requests: `fault_of` is asked about each by its number (from 1), method and path.

    `after_write` is called once a request that writes is done and before its answer goes out; what it raises is kept in
    `errors`. `kill` ends whoever asks.
    """

    fault_of: Callable[[int, str, str], Fault | None] = lambda number, method, path: None
    after_write: Callable[[], object] = lambda: None
    kill: Callable[[], object] = lambda: None
    requests: list[tuple[str, str, Fault | None]] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, method: str, path: str) -> Fault | None:
        """Note a request, and return its fault."""
        with self.lock:
            fault = self.fault_of(len(self.requests) + 1, method, path)
            self.requests.append((method, path, fault))
            return fault


@dataclass
class Proxy:
    """The address of the proxy, and its weather, which may be changed while nobody asks."""

    url: str
    weather: Weather


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: int
    proxy: Proxy

    def _pass_on(self) -> None:
        weather = self.proxy.weather
        fault = weather.take(self.command, self.path)
        if fault == "cut":
            self.rfile.read(1 if self.command == "PUT" else 0)
            self._hang_up()
            return
        body = self._body()
        if fault == "kill":
            weather.kill()
            self._hang_up()
            return
        if fault in ("503", "refuse"):
            self._answer(503 if fault == "503" else 403, {}, b"")
            return
        status, headers, content = self._ask(body)
        if self.command in _WRITES:
            try:
                weather.after_write()
            except BaseException as error:
                weather.errors.append(error)
        if fault == "slow":
            time.sleep(_SLOW_SECONDS)
        if fault == "die":
            weather.kill()
        if fault in ("lost", "die"):
            self._hang_up()
        elif fault == "torn":
            self._answer(status, headers, content, whole=False)
        else:
            self._answer(status, headers, content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.target, timeout=_PATIENCE_SECONDS)
        own = ("transfer-encoding", "content-length", "expect")
        headers = {name: value for name, value in self.headers.items() if name.lower() not in own}
        connection.request(self.command, self.path, body, headers | {"Content-Length": str(len(body))})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content

    def _answer(self, status: int, headers: dict[str, str], content: bytes, *, whole: bool = True) -> None:
        headers = {name: value for name, value in headers.items() if name not in ("Connection", "Transfer-Encoding")}
        if self.command != "HEAD":
            headers["Content-Length"] = str(len(content))
        try:
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else content if whole else content[: len(content) // 2])
        except OSError:  # it was killed
            self.close_connection = True
        if not whole:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:  # it was killed
            return

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who asked was killed."""


@contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    """Serve a proxy before `target`, in fair weather."""
    handler = type("Handler", (_Handler,), {"target": int(target.rpartition(":")[2])})
    with _Server(("127.0.0.1", 0), handler) as server:
        handler.proxy = Proxy(f"http://127.0.0.1:{server.server_port}", Weather())
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield handler.proxy
        server.shutdown()
        thread.join()
