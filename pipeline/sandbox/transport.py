"""HTTP/1.1 with connections that stay open: the development server of werkzeug closes each one after its answer."""

import logging
import os
import socket
import struct
from io import BytesIO
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import DechunkedInput, ThreadedWSGIServer

_log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"


class ConnectionLostError(Exception):
    """Raised by an application that wants the client to lose its connection."""


class KeepAliveHandler(MotoRequestHandler):
    """Reads each request whole and sends each answer whole, with its length."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: "LoopbackServer"

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        try:
            super().finish()
        except OSError:
            _log.debug("the client went away before its answer was sent")

    def handle_expect_100(self) -> bool:
        answered = super().handle_expect_100()
        self.wfile.flush()
        return answered

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            body = DechunkedInput(self.rfile).read()  # type: ignore[arg-type]  # a socket's stream reads bytes
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        try:
            status, headers, content = run(self.server.app, environ)
        except ConnectionLostError:
            self._reset()
            return
        except Exception:  # noqa: BLE001 - a bug of ours or moto's fails one request, with its traceback in the log
            _log.exception("%s %s failed", self.command, self.path)
            status, headers, content = "500 Internal Server Error", [], b"the sandbox failed; see its log"
        self._send(status, headers, content)

    def _send(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name.lower() not in {"content-length", "connection", "date", "server"}:
                self.send_header(name, value)
        length = next((value for name, value in headers if name.lower() == "content-length"), None)
        self.send_header("Content-Length", length if length and self.command == "HEAD" else str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def _reset(self) -> None:
        """Close the connection so that the client sees it reset, not ended."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        os.close(self.connection.detach())  # at once: the server's own way to close says goodbye first

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        _log.debug("%s %s %s %s", self.command, self.path, code, size)


class LoopbackServer(ThreadedWSGIServer):
    """Serves one application on 127.0.0.1, a thread per connection."""

    daemon_threads = True

    def __init__(self, port: int, application: Any) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(LOOPBACK, port, application, handler=KeepAliveHandler)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_port}"

    def close(self) -> None:
        """Let go of the port and of every open connection."""
        self.server_close()
        for each in list(self.connections):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                _log.debug("a connection was closed already")


def run(application: Any, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body of what a WSGI application answers."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
        started[:] = [(status, headers)]

    parts = application(environ, start_response)
    try:
        content = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    status, headers = started[0]
    return status, headers, content
