"""A real web server on this machine that behaves as badly as it is told."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web:
    """Takes Apprise's json:// notices. answers: status codes in turn, then 200 for ever.

    stalled: while set, nobody is answered.
    """

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.answers: list[int] = []
        self.stalled = threading.Event()
        self.goes_on = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self._server.server_port}/"

    def stop(self) -> None:
        self.goes_on.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(web) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                web.titles.append(body["title"])
                if web.stalled.is_set():
                    web.goes_on.wait(20)
                    return
                self.send_response(web.answers.pop(0) if web.answers else 200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        return Handler
