"""Real services on this machine that behave as badly as they are told: on the web, and for mail."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


@dataclass(frozen=True, slots=True)
class Reply:
    """How one request is answered. how: as it should be, or "stall" without an answer, "hang_up"
    after the head, "drip" a byte now and then, "garbage" that is no HTTP."""

    status: int = 200
    body: bytes = b""
    how: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What a service was sent."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Service:
    """A web service. replies: in turn, then `usual` for ever. It may be stopped and come back."""

    def __init__(self, usual: Reply) -> None:
        self.usual = usual
        self.replies: list[Reply] = []
        self.requests: list[Request] = []
        self.goes_on = threading.Event()
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/robot/send?access_token=SECRET-TOKEN"

    def start(self) -> Service:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def stop(self) -> None:
        self.goes_on.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def _handler(service) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                parts = urlsplit(self.path)
                headers = dict(self.headers.items())
                service.requests.append(Request(parts.path, parse_qs(parts.query), headers, body))
                reply = service.replies.pop(0) if service.replies else service.usual
                with suppress(OSError):  # the channel has hung up, as it should
                    self._answer(reply)

            def _answer(self, reply: Reply) -> None:
                if reply.how == "stall":
                    service.goes_on.wait(20)
                    return
                if reply.how == "garbage":
                    self.wfile.write(b"\x00\xff this is no HTTP\r\n\r\n")
                    return
                self.send_response(reply.status)
                if reply.location:
                    self.send_header("Location", reply.location)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                if reply.how == "drip":
                    self._drip(reply.body)
                elif reply.how != "hang_up":
                    self.wfile.write(reply.body)

            def _drip(self, body: bytes) -> None:
                for number in range(len(body)):
                    self.wfile.write(body[number : number + 1])
                    if service.goes_on.wait(0.05):
                        return

            def log_message(self, *args: object) -> None:
                pass

        return Handler


class Post:
    """A mail server. refuses: with a status of its own. stalled: while set nobody is answered."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.refuses = ""
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        return (
            f"mailto://127.0.0.1:{self.port}/?to=guard@branch.example"
            "&from=anling@branch.example&mode=insecure&rto=1&cto=1"
        )

    def start(self) -> Post:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()
        return self

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, server: SMTP, session: object, envelope: Any) -> str:
        self.letters.append(envelope.content)
        return self.refuses or "250 taken"
