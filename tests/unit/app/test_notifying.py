"""Who hears of drift: one issue, the pull requests that touch it, and webhooks, whose addresses nobody ever sees."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from pipeline.app.desire import Desire
from pipeline.app.notifying import Place, notify, publish
from pipeline.errors import PermanentServiceError
from pipeline.forges.values import Limits, Posted, Posting, PullRequest
from pipeline.model.drift_report import DriftItem, DriftReport, Section
from pipeline.model.finding import Finding, Location
from pipeline.model.request import AccountRequest, Path
from pipeline.settings import Notification, Organization, Settings
from tests.builders import a_desired, a_request

ITEM = DriftItem(
    id="1", section=Section.ACCOUNTS, kind="update", subject="web", path=("name",), wanted="a", found="<b>"
)
REPORT = DriftReport(repository="r", read_at="2026-11-22T06:00:00+00:00", plan="0" * 64, items=(ITEM,))
CALM = replace(REPORT, items=())
PLACE = "account-requests/web.yaml"


def request_with_defaults(key: str) -> AccountRequest:
    made = a_request(key)
    inherited: dict[Path, Location] = {("owner",): Location("account-requests/_defaults.yaml")}
    return replace(made, origins={**made.origins, **inherited})


DESIRE = Desire(
    settings=Settings(organization=Organization(management_account="111122223333", home_region="eu-west-1")),
    desired=a_desired(request_with_defaults("web"), a_request("other")),
    findings=(),
)


@dataclass
class Forge:
    """A forge that remembers; `touched`: files of open pull requests, by number; `broken`: numbers that refuse."""

    touched: dict[int, tuple[str, ...]] = field(default_factory=dict)
    broken: frozenset[int] = frozenset()
    limits: Limits = field(default_factory=lambda: Limits(comment=65_536, text=65_535))
    issues: dict[str, str] = field(default_factory=dict)
    comments: dict[tuple[int, str], str] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)

    def open_pull_requests(self) -> tuple[PullRequest, ...]:
        return tuple(
            PullRequest(number=each, title="t", author="a", url="u", head_sha="1", head_ref="h", base_ref="main")
            for each in self.touched
        )

    def changed_files(self, number: int) -> tuple[str, ...]:
        if number in self.broken:
            raise PermanentServiceError("github: answered 404")
        return self.touched[number]

    def upsert_issue(self, marker: str, title: str, body: str, labels: tuple[str, ...] = ()) -> Posted:
        assert body.startswith(marker)
        assert labels == ("drift",)
        self.issues[marker] = title
        return Posted(posting=Posting.CREATED, url="https://forge.example.com/1")

    def close_issue(self, marker: str, body: str) -> bool:
        self.closed.append(body)
        return self.issues.pop(marker, None) is not None

    def upsert_comment(self, number: int, marker: str, body: str, order: str = "") -> Posted:
        assert body.startswith(marker)
        assert order == "now"
        self.comments[number, marker] = body
        return Posted(posting=Posting.CREATED, url="https://forge.example.com/2")

    def delete_comment(self, number: int, marker: str) -> bool:
        return self.comments.pop((number, marker), None) is not None


def published(report: DriftReport, forge: Forge, root: str = "") -> tuple[str, ...]:
    return publish(report, DESIRE, Place(forge=forge, root=root, order="now"))  # type: ignore[arg-type]  # what of it is used


def test_the_issue_is_opened_with_drift_and_closed_when_it_is_gone() -> None:
    forge = Forge()

    published(REPORT, forge)
    assert list(forge.issues.values()) == ["Drift: 1 difference in 1 place"]

    assert published(CALM, forge) == ("the drift issue is closed",)
    assert forge.issues == {}
    assert published(CALM, forge) == ("there is no drift, and no issue of it",)


def test_the_issue_stays_open_while_errors_hide_what_may_be_adrift() -> None:
    forge = Forge()
    error = Finding(location=Location(PLACE), rule="unit-not-found", message="there is no such unit")

    published(replace(CALM, findings=(error,)), forge)

    assert list(forge.issues.values()) == ["Drift: no drift, but errors"]


def test_pull_requests_that_touch_an_account_with_drift_are_told_until_it_is_gone() -> None:
    forge = Forge({1: (PLACE,), 2: ("account-requests/other.yaml",), 3: ("account-requests/_defaults.yaml",), 4: ()})

    published(REPORT, forge)
    assert {number for number, _ in forge.comments} == {1, 3}

    published(CALM, forge)
    assert forge.comments == {}


def test_files_count_from_the_folder_of_the_workspace() -> None:
    forge = Forge({1: (f"infra/{PLACE}",), 2: (PLACE,)})

    published(REPORT, forge, root="infra/")

    assert {number for number, _ in forge.comments} == {1}


def test_a_pull_request_that_cannot_be_told_stops_nobody() -> None:
    forge = Forge({1: (PLACE,), 2: (PLACE,)}, broken=frozenset({1}))

    notes = published(REPORT, forge)

    assert {number for number, _ in forge.comments} == {2}
    assert "pull request 1 cannot be told: github: answered 404" in notes


class Hook(BaseHTTPRequestHandler):
    heard: ClassVar[list[tuple[str, bytes]]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        Hook.heard.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(Hook.status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    Hook.heard.clear()
    Hook.status = 200
    yield f"http://127.0.0.1:{server.server_port}/hook?secret=s3cret"
    server.shutdown()
    server.server_close()
    thread.join()


def test_webhooks_hear_of_it_as_json_and_as_text_in_which_no_value_means_anything(hook: str) -> None:
    both = (Notification(url_from="HOOK"), Notification(url_from="HOOK", format="slack"))

    assert notify(REPORT, both, {"HOOK": hook}, link="https://ci.example.com/1") == ()

    (path, plain), (_, slack) = Hook.heard
    assert path == "/hook?secret=s3cret"
    assert json.loads(plain)["items"][0]["subject"] == "web"
    text = json.loads(slack)["text"]
    assert "<b>" not in text
    assert "&lt;b&gt;" in text
    assert text.endswith("<https://ci.example.com/1|The full report>")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_refuses_is_a_warning_and_is_not_followed_elsewhere(hook: str, status: int) -> None:
    Hook.status = status

    assert notify(REPORT, (Notification(url_from="HOOK"),), {"HOOK": hook}) == (
        f"notifications: HOOK: it answered {status}",
    )
    assert len(Hook.heard) == 1


@pytest.mark.parametrize(
    "url", ["", "http://example.com/s3cret", "ftp://example.com/s3cret", "https://[s3cret", "http://127.0.0.1:9/s3cret"]
)
def test_an_address_that_cannot_be_used_is_a_warning_without_the_address(url: str) -> None:
    (warning,) = notify(REPORT, (Notification(url_from="HOOK"),), {"HOOK": url})

    assert warning.startswith("notifications: HOOK: ")
    assert "s3cret" not in warning
