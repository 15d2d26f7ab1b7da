"""Real receivers on the loopback address: an HTTP server and a mail server, each in a thread of its own."""

import asyncio
import contextlib
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# A key of no value, for 127.0.0.1 alone: the standard library cannot make one.
CERTIFICATE = Path(__file__).with_name("localhost.pem")


class WebReceiver(ThreadingHTTPServer):
    """Keeps every request; answers with `statuses` in turn, then 200."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests, self.statuses = [], []

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}{path}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers), body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def web_receiver():
    with WebReceiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class MailReceiver:
    """A small SMTP server (RFC 5321, STARTTLS of RFC 3207, AUTH PLAIN): keeps every mail and every log-in."""

    def __init__(self, *, tls="none"):
        self.tls, self.mails, self.logins, self.refuse = tls, [], [], b""
        self.port = 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(CERTIFICATE)

    async def serve(self, reader, writer):
        try:
            await self._talk(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _talk(self, reader, writer):
        mail, secure = {"to": []}, self.tls == "implicit"
        writer.write(b"220 receiver\r\n")
        while line := (await reader.readline()).decode().strip():
            word = line.split()[0].upper()
            if word == "EHLO":
                offers = [b"250-receiver"]
                offers += [b"250-STARTTLS"] if self.tls == "starttls" and not secure else []
                writer.write(b"\r\n".join([*offers, b"250 AUTH PLAIN"]) + b"\r\n")
            elif word == "STARTTLS":
                writer.write(b"220 go\r\n")
                await writer.start_tls(self.context)
                secure = True
            elif word == "AUTH":
                self.logins.append((secure, line.split()[2]))
                writer.write(b"235 in\r\n")
            elif word == "DATA":
                writer.write(b"354 go on\r\n")
                mail["data"] = await reader.readuntil(b"\r\n.\r\n")
                if not self.refuse:
                    self.mails.append({**mail, "secure": secure})
                writer.write(self.refuse or b"250 taken\r\n")
            else:
                if word == "RCPT":
                    mail["to"].append(line)
                writer.write(b"221 bye\r\n" if word == "QUIT" else b"250 ok\r\n")
            await writer.drain()


@contextlib.contextmanager
def mail_receiver(**how):
    receiver, ready, ended = MailReceiver(**how), threading.Event(), None
    loop = asyncio.new_event_loop()

    async def main():
        nonlocal ended
        ended = asyncio.Event()
        wrapped = receiver.context if receiver.tls == "implicit" else None
        server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=wrapped, limit=2**23)
        receiver.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield receiver
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
