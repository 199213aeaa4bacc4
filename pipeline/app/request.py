"""`vend request --from-issue`: an issue made with the form becomes a request file, and on wish a pull request.

What the issue says is hostile until checked: it is parsed strictly, quoted into YAML, checked like every request, and takes
part in no command. The branch, the file name and the title of the pull request are made from the number of the issue and from
letters and digits of the account's name.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.account_requests.files import FOLDER
from pipeline.account_requests.issue_form import LABEL, Asked, as_request, read_body
from pipeline.account_requests.writing import key_for, misfits
from pipeline.app.branches import Proposal, push
from pipeline.app.desire import read_desire
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.errors import ExitCode, UsageError
from pipeline.forges.protocol import Forge
from pipeline.model.finding import Finding, Location, has_errors
from pipeline.reports.escaping import code
from pipeline.reports.findings import sentence
from pipeline.reports.markdown import marker

MARKER: Final = marker("request", "")
"""The hidden first line of our comment below an issue."""

_MAX_EVENT: Final = 5_000_000
_BRANCH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}", re.ASCII)
_LOGIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """`author` is a login, or empty if it is none that GitHub gives to people. `base`: the repository's main branch."""

    number: int
    body: str
    author: str
    base: str = "main"

    @property
    def name(self) -> str:
        """What findings are about."""
        return f"issue #{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """`file` and `text`: the request, below the workspace; empty with errors among the findings."""

    issue: int
    findings: tuple[Finding, ...]
    file: str = ""
    text: str = ""

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.FINDINGS if has_errors(self.findings) else ExitCode.OK


def read_issue(path: Path) -> Issue:
    """The issue of a GitHub event. Raises `UsageError` if the file is none, or the issue has not our label."""
    try:
        with path.open("rb") as stream:
            event: Any = json.loads(stream.read(_MAX_EVENT + 1))
        issue = event["issue"]
        labels = {str(each["name"]) for each in issue["labels"]}
        number, body, author = issue["number"], issue["body"] or "", str(issue["user"]["login"])
        base = str(event.get("repository", {}).get("default_branch", "main"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f'--from-issue: "{path}" is no event of an issue ({type(error).__name__})', hint="give GITHUB_EVENT_PATH"
        ) from None
    if not isinstance(number, int) or not isinstance(body, str) or number < 1 or not _BRANCH.fullmatch(base):
        raise UsageError(f'--from-issue: "{path}" is no event of an issue', hint="give GITHUB_EVENT_PATH")
    if LABEL not in labels:
        raise UsageError(f'issue #{number}: it has no label "{LABEL}"', hint="add it, if this is an account request")
    return Issue(number=number, body=body, author=author if _LOGIN.fullmatch(author) else "", base=base)


def request_from(issue: Issue, workspace: Workspace, parts: Parts) -> Requested:
    """The request that the issue asks for, checked together with all others; nothing stays written."""
    asked = read_body(issue.body, issue.name)
    if isinstance(asked, tuple):
        return Requested(issue=issue.number, findings=asked)
    file, text = _file(asked, issue, workspace), as_request(asked)
    findings = misfits(text, file) or _in_place(workspace, parts, file, text)
    if has_errors(findings):
        return Requested(issue=issue.number, findings=findings)
    return Requested(issue=issue.number, findings=findings, file=file, text=text)


def write(requested: Requested, workspace: Workspace) -> None:
    """Put the file into the workspace. Raises `UsageError` if it cannot be written; what is there is never overwritten."""
    try:
        with (workspace.root / requested.file).open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(requested.text)
    except OSError as error:
        raise UsageError(f'"{requested.file}" cannot be written: {error.strerror}', hint="see what is there") from error


def propose(requested: Requested, issue: Issue, workspace: Workspace, forge: Forge, token: str | None) -> str:
    """Push the file on a branch of the issue's own, open the pull request once, and say so below the issue; its address.

    A request with errors is not proposed: what is wrong is said below the issue instead, and the answer is empty.
    """
    if has_errors(requested.findings):
        forge.upsert_comment(issue.number, MARKER, f"{MARKER}\n{_problems(requested.findings)}")
        return ""
    branch, key = f"vend/request-{issue.number}", Path(requested.file).stem
    message = f"Request the account {key}\n\nAs asked for in #{issue.number}."
    files = {requested.file: requested.text}
    push(workspace.root, Proposal(branch=branch, base=issue.base, message=message, files=files), token)
    thanks = f" @{issue.author} has filled in its form." if issue.author else ""
    body = f"Closes #{issue.number}.{thanks}\n\nEdit the issue, and the file follows until somebody else commits to this branch."
    opened = forge.open_pull_request(branch, issue.base, f"Account request: {key}", body)
    forge.upsert_comment(issue.number, MARKER, f"{MARKER}\nThe request is in {opened.url}, where it is reviewed.")
    return opened.url


def _problems(findings: tuple[Finding, ...]) -> str:
    rows = "\n".join(f"- {code(sentence(each))}" for each in findings)
    return f"This request cannot be used yet. Edit the issue, and it is read again.\n\n{rows}"


def _file(asked: Asked, issue: Issue, workspace: Workspace) -> str:
    """The path of the new file; its name is that of no other request."""
    taken = {path.stem for path in (workspace.root / FOLDER).rglob("*.y*ml")}
    key = key_for(asked.fields["name"], str(issue.number), taken)
    if key in taken:
        key = key_for("", f"request-{issue.number}", taken)
    return f"{FOLDER}/{key}.yaml"


def _in_place(workspace: Workspace, parts: Parts, file: str, text: str) -> tuple[Finding, ...]:
    """What all checks say of the file where it will be; it is there only meanwhile."""
    place = workspace.root / file
    try:
        with place.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        hint = "give the account another name, or remove the file"
        return (
            Finding(
                location=Location(file),
                rule="request-file",
                message=f"it cannot be written: {error.strerror}",
                hint=hint,
            ),
        )
    try:
        found = read_desire(workspace, parts).findings
    finally:
        place.unlink(missing_ok=True)
    return tuple(each for each in found if each.location.file == file)
