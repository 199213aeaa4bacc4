"""The first half of every verb: settings, requests, and whether they may be used."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.account_requests.loading import load
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.customizations.checking import check
from pipeline.customizations.folder import Folder
from pipeline.customizations.given import account_input
from pipeline.customizations.reading import read_folders
from pipeline.customizations.selection import check_selection, select
from pipeline.customizations.sources import GitFolder, customization_folders, read_source
from pipeline.model.customization import Customization
from pipeline.model.finding import Finding, Location, Severity, has_errors
from pipeline.model.request import DesiredState
from pipeline.settings import Settings, load_settings

_ANY_ACCOUNT: Final = "111122223333"
"""An account id as good as any, for checking what a customization is given."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desire:
    """What the workspace asks for. With an error among the findings, nothing may be planned from it.

    `customizations` are those of each request, by its key, in their order; `folders` what their sources declare.
    """

    settings: Settings
    desired: DesiredState
    findings: tuple[Finding, ...]
    customizations: Mapping[str, tuple[Customization, ...]] = field(default_factory=dict)
    folders: Mapping[str, Folder] = field(default_factory=dict)

    @property
    def is_valid(self) -> bool:
        return not has_errors(self.findings)


def read_desire(workspace: Workspace, parts: Parts) -> Desire:
    """Settings and all account requests of the workspace. Raises `SettingsError`; problems of requests are findings."""
    settings = load_settings(workspace.root)
    loaded = load(workspace.root, settings.rules(parts.today()))
    _logger.info(
        "%d account requests read in %s, %d findings",
        len(loaded.desired.requests),
        workspace.root,
        len(loaded.findings),
    )
    layers, available = settings.customizations.layers, customization_folders(workspace.root)
    customizations = {
        request.key: chosen for request in loaded.desired.requests if (chosen := select(layers, request, available))
    }
    folders = read_folders(workspace.root, customizations.values()) if customizations else {}
    given = {request.key: account_input(request, _ANY_ACCOUNT) for request in loaded.desired.requests}
    findings = (
        *loaded.findings,
        *check_selection(layers, loaded.desired),
        *(check(customizations, folders, given=given, available=available) if customizations else ()),
        *_beyond_this_version(settings, customizations),
    )
    return Desire(
        settings=settings,
        desired=loaded.desired,
        findings=tuple(sorted(findings)),
        customizations=customizations,
        folders=folders,
    )


def _beyond_this_version(
    settings: Settings, customizations: Mapping[str, tuple[Customization, ...]]
) -> Iterator[Finding]:
    """What is written and checked, and not done yet: nobody may believe that it is."""
    for each in {each.source: each for chosen in customizations.values() for each in chosen}.values():
        if isinstance(read_source(each.source), GitFolder):
            yield Finding(
                location=each.location,
                rule="not-yet-applied",
                message=f'customization "{each.name}": sources in git are not fetched by this version',
                hint="copy the folder to terraform/account-customizations/",
            )
    if settings.customizations.waves or settings.customizations.failure_budget:
        yield Finding(
            location=Location("vending.yaml"),
            rule="not-yet-applied",
            attribute="customizations.waves",
            message="waves and failure_budget are not yet applied by this version: all customizations run at once",
            hint="select fewer accounts in the layer, and widen it with one pull request after the other",
            severity=Severity.WARNING,
        )
