"""Sources of customizations that lie in git: which are kept here, which are fetched now, and what is wrong with the others."""

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, assert_never

from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.customizations.git_sources import Checkout, GitSources, Unavailable
from pipeline.customizations.processes import Patience
from pipeline.customizations.sources import GitFolder, read_source, shown
from pipeline.model.customization import Customization
from pipeline.model.finding import Finding, Severity
from pipeline.settings import Settings

_AT_ONCE: Final = 4

Found = Checkout | Unavailable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """`checkouts`: the folder of the commit, relative to the workspace, by the source as it is written."""

    checkouts: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def find_sources(
    workspace: Workspace,
    parts: Parts,
    settings: Settings,
    selected: Iterable[tuple[Customization, ...]],
    *,
    fetch: bool,
) -> Sources:
    """The sources in git of these customizations. Without `fetch`, nobody is asked: what is not kept is a warning."""
    named = {(each.source, each.location): each for customizations in selected for each in customizations}
    folders = {source: folder for source, _ in named if isinstance(folder := read_source(source), GitFolder)}
    if not folders:
        return Sources()
    sources = GitSources(
        workspace.root,
        ours=os.environ,
        patience=Patience(clock=parts.clock, grace=10),
        protocols=settings.customizations.git_protocols,
    )

    def find(folder: GitFolder) -> Found:
        found = sources.fetched(folder) if fetch else sources.refusal(folder) or sources.cached(folder)
        if isinstance(found, Checkout) and not _is_in(workspace.root / found.path, folder.folder):
            problem = f'has no folder "{folder.folder}" at the commit {found.commit}'
            return Unavailable(problem=problem, hint="correct what stands after // in the source, or the ref")
        return found

    with ThreadPoolExecutor(_AT_ONCE, "git") as pool:
        found = dict(zip(folders, pool.map(find, folders.values()), strict=True))
    findings = (
        finding for each in named.values() if each.source in found for finding in _findings(each, found[each.source])
    )
    checkouts = {source: each.path for source, each in found.items() if isinstance(each, Checkout)}
    return Sources(checkouts=checkouts, findings=tuple(sorted(findings)))


def _is_in(checkout: Path, folder: str) -> bool:
    """Whether there is that folder, and not behind a link that leads out of the checkout."""
    path = (checkout / folder).resolve()
    return path.is_dir() and path.is_relative_to(checkout.resolve())


def _findings(each: Customization, found: Found) -> Iterator[Finding]:
    subject = f'customization "{each.name}": the source "{shown(each.source)}"'
    match found:
        case None:
            message, hint = (
                "is not fetched, so its inputs are not checked",
                "`vend validate --fetch` fetches and checks it",
            )
        case Unavailable():
            message, hint = found.problem, found.hint
        case Checkout(doubt=""):
            return
        case Checkout(commit=commit, doubt=doubt):
            message = f"is used as it was fetched, at {commit}; whether the tag has moved is not known: {doubt}"
            hint = "run again when its server answers"
        case _:
            assert_never(found)
    yield Finding(
        location=each.location,
        rule="customization-source",
        message=f"{subject} {message}",
        hint=hint,
        attribute="customizations",
        severity=Severity.ERROR if isinstance(found, Unavailable) else Severity.WARNING,
    )
