"""An S3 server (moto, over real HTTP) and, in front of it, a proxy that fails on purpose."""

import http.client
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

BUCKET = "insights-lake"
KEY, SECRET = "the-key-id", "the-secret-of-the-key"
Fault = Literal["slow down", "error", "reset", "reset after"]
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_ERROR = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"


class _OneWriteAtATime:
    """S3 checks `If-None-Match` and stores in one step; moto does so in two, between which another thread may come."""

    def __init__(self, app: Any) -> None:
        self._app, self._lock = app, threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] not in {"PUT", "POST"}:
            return self._app(environ, start_response)
        with self._lock:
            return self._app(environ, start_response)


@contextmanager
def s3_server() -> Iterator[str]:
    """Serve one empty bucket `BUCKET` on a free port, until the block ends; yields the endpoint's URL.

    In a process of its own: delta-rs lists files without letting other threads of Python run, a server's among them.
    """
    command = [sys.executable, "-m", "insights_assets_tests.object_store"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("PUT", f"/{BUCKET}")
            assert connection.getresponse().status == HTTPStatus.OK
            connection.close()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def serve() -> None:
    """Serve until standard input ends, which it does with the parent; print the port first."""
    from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415 - the tests need none of it
    from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415

    quiet = type("Quiet", (WSGIRequestHandler,), {"log": lambda *_: None})
    app = _OneWriteAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.port, flush=True)  # noqa: T201 - for the parent
    sys.stdin.read()


def variables(endpoint: str) -> dict[str, str]:
    """What a user sets beside `INSIGHTS_LAKE`."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


@dataclass
class FaultyProxy:
    """Forwards every request, but for those that `choose` names a fault for; counts both.

    `reset after` lets the server do what it was asked and loses the answer.
    """

    target: str
    choose: Callable[[str, str], Fault | None] = lambda method, path: None  # noqa: ARG005
    seen: int = 0
    failed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def fault(self, method: str, path: str) -> Fault | None:
        """The fault of a request, counted."""
        with self.lock:
            fault = self.choose(method, path)
            self.seen += 1
            self.failed += fault is not None
        return fault

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on a free port; yields the URL."""
        handler = type("Handler", (_Forward,), {"proxy": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Forward(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: two would wait for the other side's delayed acknowledgement
    proxy: FaultyProxy

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.proxy.fault(self.command, self.path)
        if fault in {"slow down", "error"}:
            status, text = (503, _SLOW_DOWN) if fault == "slow down" else (500, _ERROR)
            self._send(status, [("Content-Type", "application/xml")], text)
            return
        if fault == "reset":
            self.close_connection = True
            return
        host = self.proxy.target.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            reply = connection.getresponse()
            content = reply.read()
        finally:
            connection.close()
        if fault == "reset after":
            self.close_connection = True
            return
        kept = [(k, v) for k, v in reply.getheaders() if k.lower() not in {"transfer-encoding", "connection"}]
        self._send(reply.status, kept, content)

    def _send(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """No line a request."""


if __name__ == "__main__":
    serve()
