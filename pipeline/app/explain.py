"""`vend explain KEY`: the effective request, with the file and line of every value."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePath

from pipeline.account_requests.explain import explain
from pipeline.app.desire import read_desire
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.customizations.explaining import explain as customized
from pipeline.errors import UsageError
from pipeline.model.finding import Finding
from pipeline.reports.explain import Explained


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    rows: tuple[Explained, ...]
    findings: tuple[Finding, ...]
    """Findings in the request's own file."""


def explain_request(workspace: Workspace, parts: Parts, key: str) -> Explanation:
    """Raises `UsageError` when no valid request has that key."""
    desire = read_desire(workspace, parts)
    own = tuple(finding for finding in desire.findings if PurePath(finding.location.file).stem == key)
    for request in desire.desired.requests:
        if request.key == key:
            rows: list[Explained] = [row for row in explain(request) if row.path[0] != "customizations"]
            rows += customized(desire.customizations.get(key, ()), desire.folders)
            return Explanation(rows=tuple(rows), findings=own)
    if own:
        return Explanation(rows=(), findings=own)
    near = get_close_matches(key, [request.key for request in desire.desired.requests], n=1)
    hint = f'did you mean "{near[0]}"?' if near else "the key is the file name without .yaml"
    raise UsageError(f'there is no account request "{key}"', hint=hint)
