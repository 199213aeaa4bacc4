"""Whether a worker is well, over HTTP on loopback: for the probes of orchestrators."""

import json
import threading
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

from pipeline.errors import TemporaryServiceError, UsageError
from pipeline.reconcile.engine import Stop

_OK: Final = 200
_UNAVAILABLE: Final = 503
_PATIENCE: Final = 5.0
"""Seconds that a worker may take to answer."""


class Health:
    """A context. `GET /` answers 200 while the worker takes work, else 503: before it does, and while it leaves."""

    def __init__(self, port: int | None, leave: Stop) -> None:
        """`port` None: nothing listens. Raises `UsageError` for a port that is taken."""
        self._leave = leave
        self._begun = False
        self._server: ThreadingHTTPServer | None = None
        if port is not None:
            try:
                self._server = ThreadingHTTPServer(("127.0.0.1", port), _probe(self.state))
            except OSError as error:
                raise UsageError(
                    f"--health-port: {port} cannot be used: {error.strerror}", hint="choose another"
                ) from error

    def begun(self) -> None:
        """The worker takes work from now on."""
        self._begun = True

    def state(self) -> str:
        if self._leave.is_draining:
            return "leaving"
        return "working" if self._begun else "starting"

    def __enter__(self) -> Self:
        if self._server is not None:
            threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def check_health(port: int) -> None:
    """Ask the worker of this machine whose health is at `port`. Raises `TemporaryServiceError` unless it takes work.

    Past any proxy, which the variables of the environment may name for all addresses.
    """
    where = f"worker: at 127.0.0.1:{port}"
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)) as connection:
            connection.request("GET", "/")
            answer = connection.getresponse()
            said = answer.read(1024).decode(errors="replace")
    except (OSError, HTTPException) as error:
        raise TemporaryServiceError(f"{where}: nobody answers: {error}", hint="see the log of the worker") from error
    if answer.status != _OK:
        raise TemporaryServiceError(f"{where}: it takes no work: {said}", hint="it does a little later, or it leaves")


def _probe(state: Callable[[], str]) -> type[BaseHTTPRequestHandler]:
    class Probe(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            now = state()
            body = json.dumps({"state": now}).encode()
            self.send_response(_OK if now == "working" else _UNAVAILABLE)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
            """Probes come every few seconds; nobody wants to read of them."""

    return Probe
