"""`vend drift --accept`: the request says what is, as a commit on a branch of its own, and as a pull request."""

import logging
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from pipeline.account_requests.editing import UneditableError, edited
from pipeline.account_requests.files import FOLDER
from pipeline.account_requests.history import standing
from pipeline.account_requests.loading import inherited_by, load
from pipeline.account_requests.written import Document
from pipeline.app.branches import Proposal, changed_at_base, keep, push
from pipeline.app.desire import Desire
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.errors import UsageError
from pipeline.forges.protocol import Forge
from pipeline.model.drift_report import DriftItem, DriftReport
from pipeline.model.finding import Severity
from pipeline.reports.drift_words import accept as accept_words
from pipeline.reports.drift_words import what, who
from pipeline.reports.findings import line_of
from pipeline.reports.markdown import marker
from pipeline.reports.phrases import marked

_PREFIX: Final = "vend/accept-"
_LONGEST: Final = 100

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What was written: by path below the workspace the text of each file, and the branch with the commit that has them.

    `url`: of the pull request; empty if none was asked for.
    """

    items: tuple[DriftItem, ...]
    files: Mapping[str, str]
    branch: str
    commit: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Where a pull request goes, with which token its branch is pushed."""

    forge: Forge
    base: str
    token: str | None


def chosen(report: DriftReport, name: str) -> tuple[DriftItem, ...]:
    """The items that a key or an id names and that a request can accept. Raises `UsageError` if there is none."""
    found = tuple(item for item in report.drift if name in {item.id, item.subject})
    if not found:
        known = sorted({item.subject for item in report.drift})
        near = get_close_matches(name, known, n=1)
        raise UsageError(
            f'nothing of "{name}" is adrift',
            hint=f'did you mean "{near[0]}"?' if near else "`vend drift` lists the keys and ids of what is",
        )
    acceptable = tuple(item for item in found if item.ways_out.accept)
    if not acceptable:
        raise UsageError(
            f'"{name}": a request cannot accept this: {found[0].ways_out.accept_words}',
            hint="`vend drift` says what else can be done",
        )
    return acceptable


def accept(
    workspace: Workspace,
    parts: Parts,
    desire: Desire,
    items: Sequence[DriftItem],
    *,
    branch: str | None = None,
    opening: Opening | None = None,
) -> Accepted:
    """Edit, check, commit on a branch; with `opening`, push and open the pull request. The working tree stays as it is.

    Doing it twice is doing it once: the same difference gives the same commit, and an open pull request is adopted. Raises
    `UsageError` where a file cannot be edited or the result would have findings, `ServiceError` where git or the forge refuses.
    """
    before = {item.ways_out.file: _read(workspace.root / item.ways_out.file) for item in items}
    if opening is None and (unsaved := sorted(before.keys() - standing(workspace.root, before))):
        raise UsageError(f"{unsaved[0]}: it is not as it was committed", hint="commit it first; nothing was changed")
    files: dict[str, str] = {}
    for file, data in before.items():
        folder = file.rpartition("/")[0]
        inherited = inherited_by(workspace.root, folder, desire.settings.rules(parts.today()))
        files[file] = _edited(file, data, inherited, items)
    _check(workspace, parts, desire, files)
    name = branch or f"{_PREFIX}{_plain(items[0].subject)}"
    title = f"Accept drift of {_plain(items[0].subject)}"
    proposal = Proposal(branch=name, base=opening.base if opening else "HEAD", message=title, files=files)
    if opening is None:
        return Accepted(items=tuple(items), files=files, branch=name, commit=keep(workspace.root, proposal))
    if changed := changed_at_base(workspace.root, opening.base, before, opening.token):
        raise UsageError(
            f'{changed[0]}: the branch "{opening.base}" has another text of it than is checked out here',
            hint="pull first, then run again",
        )
    commit = push(workspace.root, proposal, opening.token)
    made = opening.forge.open_pull_request(name, opening.base, title, _body(items))
    return Accepted(items=tuple(items), files=files, branch=name, commit=commit, url=made.url)


def _edited(name: str, data: bytes, inherited: Document | None, items: Sequence[DriftItem]) -> str:
    wanted = (edit for item in items if item.ways_out.file == name for edit in item.ways_out.accept)
    edits = {repr((edit.path, edit.value)): edit for edit in wanted}
    try:
        return edited(data, name, edits.values(), inherited).decode("utf-8")
    except UneditableError as error:
        raise UsageError(str(error), hint="write what `vend drift` says by hand; nothing was changed") from error


def _check(workspace: Workspace, parts: Parts, desire: Desire, files: Mapping[str, str]) -> None:
    """Whether all requests together are still valid, with the new texts in place of the old."""
    with tempfile.TemporaryDirectory(prefix="vend-") as folder:
        root = Path(folder)
        shutil.copytree(workspace.root / FOLDER, root / FOLDER, symlinks=True, ignore=shutil.ignore_patterns(".*"))
        for name, text in files.items():
            (root / name).write_text(text, encoding="utf-8", newline="")
        found = load(root, desire.settings.rules(parts.today())).findings
    if wrong := [each for each in found if each.severity is Severity.ERROR]:
        raise UsageError(
            f"what is cannot be accepted as it is: {line_of(min(wrong))}",
            hint="accept other items, or write it by hand; nothing was changed",
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f'"{path}" cannot be read: {error.strerror}', hint="run it where the requests are") from error


def _plain(text: str) -> str:
    """The text in the characters of branches and titles."""
    return re.sub("[^A-Za-z0-9_-]+", "-", text)[:_LONGEST].strip("-") or "account"


def _body(items: Sequence[DriftItem]) -> str:
    rows = "".join(f"- {marked(who(item))}: {marked(what(item))}; {marked(accept_words(item))}\n" for item in items)
    intro = "Merged, the requests ask for what is already so in AWS; nothing is changed there. Closed, the difference stays.\n\n"
    return f"{marker('accept', '')}\n{intro}{rows}"
