"""What AWS does not have: `/_vend/…`, by which demos and tests look at the sandbox and steer it. All bodies are JSON.

| request | does |
| --- | --- |
| `GET /_vend/health` | answers the seed and the process id |
| `GET /_vend/calls`, `DELETE` | the calls answered so far, as `[service, operation, error code or null]`; forgets them |
| `GET /_vend/faults`, `POST`, `DELETE` | the fault rules in force; adds one or a list; removes all |
| `GET /_vend/otp` | the one-time passwords that AWS would have mailed, by account id |
| `GET /_vend/events` | the lifecycle events of the landing zone so far, as EventBridge has them |
| `GET /_vend/drift`, `POST` | what is in drift; `{"kind": …, "target": …}` causes more, as if done by hand |
| `POST /_vend/clock` | `{"advance": seconds}` sets the clock forward |
| `POST /_vend/reset` | `{"seed": …}` begins anew, also inside the accounts; without a seed, with the same one |
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from pipeline.sandbox import wire

Endpoint = Callable[[Any], Any]


class WrongBodyError(ValueError):
    """The body is not what the endpoint takes; the text says why."""


class Endpoints:
    """`routes`: method and name to what answers; each takes the decoded body and gives back a JSON value."""

    def __init__(self, routes: Mapping[tuple[str, str], Endpoint]) -> None:
        self._routes = routes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = wire.request_of(environ)
        endpoint = self._routes.get((request.method, request.path.removeprefix("/_vend/")))
        status, value = ("404 Not Found", {"error": f"{request.method} {request.path}: there is no such endpoint."})
        if endpoint is not None:
            try:
                status, value = "200 OK", endpoint(json.loads(request.body or b"{}"))
            except ValueError as error:
                status, value = "400 Bad Request", {"error": str(error)}
        content = json.dumps(value).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
        return [content]


def plain(value: Any) -> dict[str, Any]:
    """A dataclass as JSON, without what is empty."""
    return {name: each for name, each in asdict(value).items() if each not in (None, "")}
