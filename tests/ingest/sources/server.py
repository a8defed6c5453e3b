"""A web server on loopback that answers as it is told."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Reply:
    """What the server answers: `pause_s` before each piece; `length` overrides the true length."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    n_pieces: int = 1
    length: int | None = None


@dataclass
class Site:
    """A running server: replies by path (several are given one after another), and what was asked."""

    base: str
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    asked_at: list[float] = field(default_factory=list)

    def say(self, path: str, *replies: Reply) -> str:
        """Set the replies of a path, the last one repeated; give its address."""
        self.replies[path] = list(replies)
        return self.base + path


@contextmanager
def serving() -> Iterator[Site]:
    """Run a server."""
    site = Site("")

    class Handler(_Handler):
        told = site

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    told: Site

    def do_GET(self) -> None:
        self.told.asked.append(self.path)
        self.told.headers.append(dict(self.headers))
        self.told.asked_at.append(time.monotonic())
        replies = self.told.replies.get(self.path, [Reply(status=404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        etag = reply.headers.get("ETag")
        if etag and self.headers.get("If-None-Match") == etag:
            reply = Reply(status=304, headers=reply.headers)
        try:
            self._send(reply)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
        self.end_headers()
        step = max(1, len(reply.body) // reply.n_pieces)
        for start in range(0, len(reply.body), step):
            time.sleep(reply.pause_s)
            self.wfile.write(reply.body[start : start + step])

    def log_message(self, *_: object) -> None:
        """Say nothing."""
