"""`vend import-event`: which account an event of Control Tower is about, and whether a request speaks for it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.account_requests.events import LifecycleEvent, read_event
from pipeline.account_requests.files import FOLDER
from pipeline.account_requests.writing import adopting_request, key_for, misfits
from pipeline.app.desire import Desire, read_desire
from pipeline.app.observe import observe_organization, read_observed
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.errors import ExitCode
from pipeline.model.account import ROOT
from pipeline.model.finding import Finding, Location, Severity, has_errors
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.planning.matching import match


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an event is about.

    `unit`: the path of its unit, where it is known. `request`: the key of the request that speaks for the account. `file` and
    `text`: the request that would adopt it, where there is none. `owner`: the other repository that it belongs to.
    """

    findings: tuple[Finding, ...] = ()
    event: LifecycleEvent | None = None
    account: ObservedAccount | None = None
    unit: str | None = None
    request: str | None = None
    owner: str | None = None
    file: str = ""
    text: str = ""

    @property
    def exit_code(self) -> ExitCode:
        """0: a plan is worth making; 4: the account waits for a request; 3: findings."""
        if has_errors(self.findings):
            return ExitCode.FINDINGS
        return ExitCode.ON_HOLD if self.text else ExitCode.OK


def import_event(
    workspace: Workspace, parts: Parts, data: bytes, source: str, *, observed_file: Path | None = None
) -> Imported:
    """Reads only; nothing is written, in AWS or in the workspace. Raises `ServiceError`, `UsageError`."""
    event = read_event(data, source)
    if isinstance(event, Finding):
        return Imported(findings=(event,))
    desire = read_desire(workspace, parts)
    observed = (
        observe_organization(desire, parts.observer(desire.settings, parts.new_run_id()))
        if observed_file is None
        else read_observed(observed_file, desire)
    )
    if event.account_id is None:
        return Imported(event=event, unit=_path(observed, event.unit_id))
    account = next((each for each in observed.accounts if each.account_id == event.account_id), None)
    if account is None:
        return Imported(findings=(_gone(event.account_id, source),), event=event)
    return _about(account, event, desire, observed)


def _about(account: ObservedAccount, event: LifecycleEvent, desire: Desire, observed: ObservedState) -> Imported:
    about = Imported(event=event, account=account, unit=account.spec.organizational_unit)
    matching = match(desire.desired, observed, desire.settings.repository)
    keys = (key for key, each in matching.accounts.items() if isinstance(each, ObservedAccount) and each == account)
    if (key := next(keys, None)) is not None:
        return replace(about, request=key)
    if account.account_id == observed.management_account_id or account.is_closed:
        return about
    if account.repository not in {None, desire.settings.repository}:
        return replace(about, owner=account.repository)
    taken = {request.key for request in desire.desired.requests}
    file = f"{FOLDER}/{account.key or key_for(account.spec.name, account.account_id, taken)}.yaml"
    text = adopting_request(account)
    return replace(about, file=file, text=text, findings=(*misfits(text, file), *_undeclared(account, desire, file)))


def _undeclared(account: ObservedAccount, desire: Desire, file: str) -> Iterator[Finding]:
    unit = account.spec.organizational_unit
    if unit != ROOT and unit not in {each.path for each in desire.desired.units}:
        yield Finding(
            location=Location(file),
            rule="unit",
            message=f'organizational unit "{unit}" is not declared',
            hint=f"declare it in {FOLDER}/_organization.yaml with the request",
            attribute="organizational_unit",
            severity=Severity.WARNING,
        )


def _path(observed: ObservedState, unit_id: str | None) -> str | None:
    return next((unit.path for unit in observed.units if unit.unit_id == unit_id), None)


def _gone(account_id: str, source: str) -> Finding:
    return Finding(
        location=Location(source),
        rule="event-account",
        message=f'account "{account_id}" is not in the organization',
        hint="look whether the event is of another organization, or the account has left this one",
    )
