"""An issue becomes a pull request with one file; nothing that it says takes part in a command, and nothing is done twice."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.app.branches import ADDRESS, Proposal, push
from pipeline.app.init import Answers, init
from pipeline.app.parts import Parts
from pipeline.app.request import MARKER, Issue, propose, read_issue, request_from, write
from pipeline.app.workspace import Workspace
from pipeline.errors import ExitCode, PermanentServiceError, UsageError
from pipeline.forges.protocol import Forge
from pipeline.forges.values import Comment, Limits, Posted, Posting, PullRequest, Verdict
from tests.unit.account_requests.test_issue_form import GOOD, body

ANSWERS = Answers(
    account="111122223333", region="eu-west-1", repository="acme", domain="example.com", branch="main", forge="github"
)


class StillClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 11, 19, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


@dataclass
class Board(Forge):
    """A forge that remembers what is asked of it here; nothing else is asked."""

    comments: dict[int, str] = field(default_factory=dict)
    opened: list[tuple[str, str, str, str]] = field(default_factory=list)

    @property
    def limits(self) -> Limits:
        return Limits(comment=65_536, text=65_535)

    def token_lacks(self) -> str:
        raise NotImplementedError

    def upsert_comment(self, number: int, marker: str, body: str, order: str = "") -> Posted:
        assert body.startswith(marker)
        assert order == ""
        self.comments[number] = body
        return Posted(posting=Posting.CREATED, url="")

    def open_pull_request(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        if (branch, base, title, body) not in self.opened:
            self.opened.append((branch, base, title, body))
        url = "https://example.com/pull/1"
        return PullRequest(number=1, title=title, author="", url=url, head_sha="", head_ref=branch, base_ref=base)

    def pull_request(self, number: int) -> PullRequest:
        raise NotImplementedError

    def open_pull_requests(self) -> tuple[PullRequest, ...]:
        raise NotImplementedError

    def changed_files(self, number: int) -> tuple[str, ...]:
        raise NotImplementedError

    def merged_pull_requests(self, commit: str) -> tuple[PullRequest, ...]:
        raise NotImplementedError

    def newest(self, branch: str) -> str:
        raise NotImplementedError

    def history(self, commit: str, limit: int) -> Iterator[str]:
        raise NotImplementedError

    def comment(self, number: int, marker: str) -> Comment | None:
        raise NotImplementedError

    def delete_comment(self, number: int, marker: str) -> bool:
        raise NotImplementedError

    def set_verdict(self, verdict: Verdict) -> None:
        raise NotImplementedError

    def verdicts(self, sha: str, name: str) -> tuple[Verdict, ...]:
        raise NotImplementedError

    def upsert_issue(self, marker: str, title: str, body: str, labels: Sequence[str] = ()) -> Posted:
        raise NotImplementedError

    def close_issue(self, marker: str, body: str) -> bool:
        raise NotImplementedError


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    done = subprocess.run(
        [str(shutil.which("git")), *settings, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A clone of a new workspace; its remote is `tmp_path/remote`."""
    remote, clone = tmp_path / "remote", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    git(tmp_path, "clone", "--quiet", str(remote), str(clone))
    init(clone, ANSWERS)
    git(clone, "checkout", "--quiet", "-b", "main")
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "-m", "Start")
    git(clone, "push", "--quiet", "origin", "main")
    return Workspace(clone)


def parts() -> Parts:
    return Parts(clock=StillClock())


def issue(text: str = body(GOOD), number: int = 7) -> Issue:
    return Issue(number=number, body=text, author="ada")


def on_remote(workspace: Workspace, *arguments: str) -> str:
    return git(workspace.root.parent / "remote", *arguments)


def propose_it(workspace: Workspace, board: Board, asked: Issue) -> str:
    return propose(request_from(asked, workspace, parts()), asked, workspace, board, None)


def test_the_request_is_proposed_with_one_file_on_a_branch_of_its_own(workspace: Workspace) -> None:
    board = Board()

    assert propose_it(workspace, board, issue()) == "https://example.com/pull/1"

    changed = on_remote(workspace, "diff", "--name-status", "main", "vend/request-7")
    assert changed == "A\taccount-requests/payments-prod.yaml"
    assert on_remote(workspace, "log", "-1", "--format=%ce", "vend/request-7") == ADDRESS
    ((branch, base, title, text),) = board.opened
    assert (branch, base, title) == ("vend/request-7", "main", "Account request: payments-prod")
    assert text.startswith("Closes #7. @ada has filled in its form.")
    assert board.comments[7].startswith(MARKER)
    assert git(workspace.root, "status", "--porcelain") == "", "what is checked out stays as it is"


def test_doing_it_again_changes_nothing(workspace: Workspace) -> None:
    board = Board()
    propose_it(workspace, board, issue())
    first = on_remote(workspace, "rev-parse", "vend/request-7")
    propose_it(workspace, board, issue())

    assert on_remote(workspace, "rev-parse", "vend/request-7") == first
    assert len(board.opened) == 1


def test_an_edit_of_the_issue_takes_the_branch_along(workspace: Workspace) -> None:
    board = Board()
    propose_it(workspace, board, issue())
    propose_it(workspace, board, issue(body({**GOOD, "purpose": "Something else"})))

    shown = on_remote(workspace, "show", "vend/request-7:account-requests/payments-prod.yaml")
    assert 'purpose: "Something else"' in shown
    assert on_remote(workspace, "rev-list", "--count", "main..vend/request-7") == "1"


def test_a_branch_that_somebody_has_committed_to_is_left_alone(workspace: Workspace) -> None:
    propose_it(workspace, Board(), issue())
    git(workspace.root, "fetch", "--quiet", "origin", "vend/request-7")
    git(workspace.root, "checkout", "--quiet", "-b", "by-hand", "FETCH_HEAD")
    git(workspace.root, "commit", "--quiet", "--allow-empty", "-m", "By hand")
    git(workspace.root, "push", "--quiet", "origin", "HEAD:vend/request-7")
    git(workspace.root, "checkout", "--quiet", "main")

    with pytest.raises(PermanentServiceError, match="somebody else has committed"):
        propose_it(workspace, Board(), issue(body({**GOOD, "purpose": "Something else"})))
    assert on_remote(workspace, "log", "-1", "--format=%ce", "vend/request-7") == "ada@example.com"


def test_what_is_wrong_is_said_below_the_issue_and_nothing_is_pushed(workspace: Workspace) -> None:
    board = Board()
    asked = issue(body({**GOOD, "email": "`@everyone` [x](https://evil.example)", "organizational_unit": "No/Where"}))
    requested = request_from(asked, workspace, parts())

    assert requested.exit_code is ExitCode.FINDINGS
    assert propose(requested, asked, workspace, board, None) == ""
    assert board.opened == []
    assert on_remote(workspace, "branch", "--list", "vend/*") == ""
    rows = [line for line in board.comments[7].splitlines() if line.startswith("- ")]
    assert rows
    assert all(row.startswith("- `") and row.endswith("`") for row in rows), "foreign text stands in code only"


def test_a_request_that_another_one_contradicts_has_findings_and_leaves_no_file(workspace: Workspace) -> None:
    requested = request_from(issue(body({**GOOD, "email": "aws+example-sandbox@example.com"})), workspace, parts())

    assert any("aws+example-sandbox@example.com" in each.message for each in requested.findings)
    assert not (workspace.root / "account-requests" / "payments-prod.yaml").exists()


def test_a_name_that_is_taken_gets_the_number_of_the_issue(workspace: Workspace) -> None:
    first = request_from(issue(), workspace, parts())
    write(first, workspace)
    second = request_from(issue(body({**GOOD, "email": "aws+other@example.com"}), 8), workspace, parts())

    assert (first.file, second.file) == (
        "account-requests/payments-prod.yaml",
        "account-requests/payments-prod-8.yaml",
    )
    with pytest.raises(UsageError, match="cannot be written"):
        write(first, workspace)


@pytest.mark.parametrize("name", ["../../etc/passwd", "$(touch x); `id`", "-rf", "a\u202eb", "日本"])
def test_a_hostile_name_never_leaves_the_folder_of_requests(workspace: Workspace, name: str) -> None:
    requested = request_from(issue(body({**GOOD, "name": name})), workspace, parts())

    path = Path(requested.file or "account-requests/x.yaml")
    assert path.parent == Path("account-requests")
    assert all(char.isascii() and (char.isalnum() or char == "-") for char in path.stem)


def event(tmp_path: Path, **more: Any) -> Path:
    told = {"number": 7, "body": "text", "user": {"login": "ada"}, "labels": [{"name": "account-request"}], **more}
    path = tmp_path / "event.json"
    path.write_text(json.dumps({"issue": told, "repository": {"default_branch": "trunk"}}))
    return path


def test_the_event_of_an_issue_is_read(tmp_path: Path) -> None:
    assert read_issue(event(tmp_path)) == Issue(number=7, body="text", author="ada", base="trunk")
    assert read_issue(event(tmp_path, user={"login": "x](evil)"})).author == ""
    assert read_issue(event(tmp_path, body=None)).body == ""


@pytest.mark.parametrize("more", [{"labels": []}, {"number": "7"}, {"number": 0}, {"user": None}])
def test_another_event_is_refused(tmp_path: Path, more: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        read_issue(event(tmp_path, **more))


def test_a_token_is_in_no_argument_and_in_no_file(workspace: Workspace, tmp_path: Path) -> None:
    """The remote is one over HTTPS that is not there; git tells how it was called, and that is what people read."""
    git(workspace.root, "remote", "set-url", "origin", "https://git.invalid/acme.git")
    proposal = Proposal(branch="vend/x", base="main", message="x", files={})

    with pytest.raises(PermanentServiceError) as refused:
        push(workspace.root, proposal, "token-of-nobody")
    assert "token-of-nobody" not in str(refused.value)
    assert "token-of-nobody" not in (workspace.root / ".git" / "config").read_text()


def test_outside_of_a_clone_nothing_is_pushed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no remote"):
        push(tmp_path, Proposal(branch="vend/x", base="main", message="x", files={}), None)
