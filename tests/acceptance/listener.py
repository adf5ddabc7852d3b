"""A server that is posted to: it answers as it is told, and keeps what it got."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "t0ken-of-the-chat"


@dataclass
class Listener:
    """Answers with the next of `statuses`, and with 200 when there are no more; a status of 0 is no answer at all."""

    statuses: list[int] = field(default_factory=list)
    got: list[Any] = field(default_factory=list)
    host: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://{self.host}/hooks/{TOKEN}?key={TOKEN}"


@contextmanager
def listener(*statuses: int) -> Iterator[Listener]:
    heard = Listener(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/json"
            heard.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status = heard.statuses.pop(0) if heard.statuses else 200
            if not status:
                heard.closing.wait()
                return
            self.send_response(status)
            if status in (302, 307):
                self.send_header("Location", heard.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        heard.host = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield heard
        finally:
            heard.closing.set()
            server.shutdown()
            thread.join()
