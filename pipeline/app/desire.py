"""The first half of every verb: settings, requests, and whether they may be used."""

from dataclasses import dataclass

from pipeline.account_requests.loading import load
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.model.finding import Finding, has_errors
from pipeline.model.request import DesiredState
from pipeline.settings import Settings, load_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Desire:
    """What the workspace asks for. With an error among the findings, nothing may be planned from it."""

    settings: Settings
    desired: DesiredState
    findings: tuple[Finding, ...]

    @property
    def is_valid(self) -> bool:
        return not has_errors(self.findings)


def read_desire(workspace: Workspace, parts: Parts) -> Desire:
    """Settings and all account requests of the workspace. Raises `SettingsError`; problems of requests are findings."""
    settings = load_settings(workspace.root)
    loaded = load(workspace.root, settings.rules(parts.today()))
    return Desire(settings=settings, desired=loaded.desired, findings=loaded.findings)
