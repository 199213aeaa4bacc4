"""An HTTP server on loopback whose every request and answer is checked against what the forge publishes."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.forges.world import PEOPLE, World


@dataclass
class Fault:
    """The next answers to requests that match, instead of the real ones. `after`: the request is carried out all the same."""

    method: str
    path: str
    status: int
    body: Any = field(default_factory=lambda: {"message": "a fault"})
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    after: bool = False


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    body: dict[str, Any]
    author: str
    headers: dict[str, str]


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Route:
    method: str
    pattern: re.Pattern[str]
    answer: Callable[..., Answer]
    check_request: Callable[[Request], str]
    check_answer: Callable[[Answer], str]


@dataclass
class Fake:
    """A forge at `url`; `requests` are those it has received, `violations` what of them or its answers was not as published."""

    world: World
    routes: list[Route]
    unauthorized: Answer
    missing: Answer
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def writes(self) -> list[str]:
        return [f"{each.method} {each.path}" for each in self.requests if each.method != "GET"]

    def answer(self, request: Request) -> Answer:
        for other in self.world.before_answer:
            other(request.method, request.path)  # it may ask the forge itself, so the lock is free
        with self.lock:
            self.requests.append(request)
            fault = self._fault(request)
            if fault is not None and not fault.after:
                return Answer(fault.status, fault.body, fault.headers)
            answer = self._real(request)
            return answer if fault is None else Answer(fault.status, fault.body, fault.headers)

    def _fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.method == request.method and re.search(fault.path, request.path):
                fault.times -= 1
                return fault
        return None

    def _real(self, request: Request) -> Answer:
        if not request.author:
            return self.unauthorized
        for route in self.routes:
            if route.method == request.method and (match := route.pattern.fullmatch(request.path)):
                if problem := route.check_request(request):
                    self.violations.append(f"{request.method} {request.path}: {problem}")
                    return Answer(422, {"message": problem})
                answer: Answer = route.answer(request, **match.groupdict())
                if answer.status < 300 and (problem := route.check_answer(answer)):
                    self.violations.append(f"answer to {request.method} {request.path}: {problem}")
                return answer
        self.violations.append(f"{request.method} {request.path}: no such operation")
        return self.missing


def paged(request: Request, items: list[Any]) -> tuple[list[Any], int, int]:
    """The items of the page that is asked for, its number, and that of the last page."""
    size, page = int(request.query.get("per_page", "30")), int(request.query.get("page", "1"))
    return items[(page - 1) * size : page * size], page, max(1, -(-len(items) // size))


@contextmanager
def served(fake: Fake, token_in: Callable[[dict[str, str]], str]) -> Iterator[Fake]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_all(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(
                method=self.command,
                path=parts.path,
                query=dict(parse_qsl(parts.query)),
                body=json.loads(self.rfile.read(length) or b"{}") if length else {},
                author=PEOPLE.get(token_in(headers), ""),
                headers=headers,
            )
            answer = fake.answer(request)
            data = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_all  # noqa: N815 - names of http.server

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ARG002 - as http.server has it
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def pattern_of(path: str) -> re.Pattern[str]:
    """`/repos/{owner}/pulls/{number}` as a pattern with groups."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))


__all__ = ["Answer", "Fake", "Fault", "Request", "Route", "paged", "pattern_of", "served", "unquote"]
