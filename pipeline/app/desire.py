"""The first half of every verb: settings, requests, and whether they may be used."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.account_requests.loading import load
from pipeline.app.aft import values_for_templates
from pipeline.app.parts import Parts
from pipeline.app.sources import find_sources
from pipeline.app.workspace import Workspace
from pipeline.customizations.checking import check
from pipeline.customizations.custom_fields import check_custom_fields, with_custom_fields
from pipeline.customizations.folder import Folder
from pipeline.customizations.given import account_input
from pipeline.customizations.reading import read_folders
from pipeline.customizations.selection import check_selection, select
from pipeline.customizations.sources import customization_folders
from pipeline.model.customization import Customization
from pipeline.model.finding import Finding, Severity, has_errors
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


def read_desire(workspace: Workspace, parts: Parts, *, fetch: bool = False) -> Desire:
    """Settings and all account requests of the workspace. Raises `SettingsError`; problems of requests are findings.

    `fetch`: sources of customizations in git are fetched; without it, nobody is asked for anything.
    """
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
    sources = find_sources(workspace, parts, settings, customizations.values(), fetch=fetch)
    folders = read_folders(workspace.root, customizations.values(), values_for_templates(settings), sources.checkouts)
    given = {request.key: account_input(request, _ANY_ACCOUNT) for request in loaded.desired.requests}
    findings = (
        *loaded.findings,
        *check_selection(layers, loaded.desired),
        *(check(customizations, folders, given=given, available=available) if customizations else ()),
        *(check_custom_fields(loaded.desired.requests) if settings.aft_compatibility else ()),
        *sources.findings,
        *_idle_canary(settings, loaded.desired, customizations),
    )
    return Desire(
        settings=settings,
        desired=with_custom_fields(loaded.desired) if settings.aft_compatibility else loaded.desired,
        findings=tuple(sorted(findings)),
        customizations=customizations,
        folders=folders,
    )


def _idle_canary(settings: Settings, desired: DesiredState, customized: Mapping[str, object]) -> Iterator[Finding]:
    canary = settings.customizations.canary
    chosen = (each for each in desired.requests if canary is not None and canary.selector.is_met_by(each))
    if canary is not None and not any(each.key in customized for each in chosen):
        yield Finding(
            location=canary.location,
            rule="customization-canary",
            attribute="customizations.canary",
            message="the canary selects no account that is customized",
            hint="compare it with the requests and the layers",
            severity=Severity.WARNING,
        )
