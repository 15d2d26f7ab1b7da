"""An S3 server of this process (moto, over real HTTP) and, in front of it, a proxy that fails on purpose."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET = "insights-lake"
KEY, SECRET = "the-key-id", "the-secret-of-the-key"
Fault = Literal["slow down", "error", "reset", "reset after"]
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_ERROR = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """No line a request."""


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
    """Serve one empty bucket `BUCKET` on a free port; yields the endpoint's URL."""
    app = _OneWriteAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.port}"
    client = client_of(endpoint)
    try:
        client.create_bucket(Bucket=BUCKET)
        yield endpoint
    finally:
        # The backend is the process's own: the next server must not see these objects.
        for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=found["Key"])
        client.close()
        server.shutdown()
        thread.join()
        server.server_close()


def client_of(endpoint: str) -> Any:
    """A boto3 client, for what a test looks at behind the lake's back."""
    return boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=KEY, aws_secret_access_key=SECRET
    )


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
