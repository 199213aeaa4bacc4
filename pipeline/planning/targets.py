"""Which accounts are meant: ours, in use, and named by a filter. Whatever names nothing is a finding, never silence."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.model.account import ROOT, AccountState, Unobserved, WantedState
from pipeline.model.customization import Customization, When
from pipeline.model.finding import Finding, Location
from pipeline.model.observed import ObservedAccount, ObservedState, ObservedUnit
from pipeline.model.request import DesiredState
from pipeline.model.targets import Named, TargetFilter, Targets, TargetType
from pipeline.planning.matching import match

_WITH_ID: Final = re.compile(r"(?P<name>.*) \((?P<id>ou-[0-9a-z]+-[0-9a-z]+|r-[0-9a-z]+)\)")
_AND_BELOW: Final = "/**"
_SHOWN: Final = 5

Accounts = Mapping[str, ObservedAccount]
"""By the key of the request."""


def accounts_in_use(desired: DesiredState, observed: ObservedState, repository: str) -> dict[str, ObservedAccount]:
    """The accounts that are ours by their tag, active, and asked to be open."""
    accounts = match(desired, observed, repository).accounts
    return {
        request.key: account
        for request in desired.requests
        if isinstance(account := accounts.get(request.key), ObservedAccount)
        and account.state is AccountState.ACTIVE
        and account.key == request.key
        and request.spec.state is WantedState.OPEN
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Customizations by the keys of requests and by name; None for all of them.

    `force`: also those that are unchanged and verified; of those for new accounts only the ones that `names` names.
    """

    keys: frozenset[str] | None = None
    names: frozenset[str] | None = None
    force: bool = False

    def has(self, key: str, name: str) -> bool:
        return (self.keys is None or key in self.keys) and (self.names is None or name in self.names)

    def forces(self, customization: Customization) -> bool:
        """Whether it runs though nothing about it has changed."""
        return self.force and (self.names is not None or customization.when is not When.PROVISIONING)


EVERYTHING: Final = Chosen()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The keys of the accounts that targets stand for. With findings, nothing may be done to them."""

    keys: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()


def meant_by(targets: Targets, accounts: Accounts, observed: ObservedState) -> Meant:
    """The accounts that the targets include and do not exclude; `accounts`: those that may be meant."""
    resolving = _Resolving(accounts=accounts, observed=observed)
    included = frozenset[str]().union(*(resolving.keys_of(each) for each in targets.include))
    excluded = frozenset[str]().union(*(resolving.keys_of(each) for each in targets.exclude))
    if not resolving.findings and included <= excluded:
        message, hint = "every account that is included is excluded, too", "exclude less, or include more"
        resolving.note(targets.location, "targets-empty", message, hint)
    return Meant(keys=included - excluded, findings=tuple(sorted(resolving.findings)))


@dataclass(slots=True, kw_only=True)
class _Resolving:
    accounts: Accounts
    observed: ObservedState
    findings: list[Finding] = field(default_factory=list)

    def keys_of(self, wanted: TargetFilter) -> frozenset[str]:
        before = len(self.findings)
        keys = frozenset(_FORMS[wanted.type](self, wanted))
        if not keys and len(self.findings) == before:
            message = f'the filter by "{wanted.type}" names no account that has a request and is in use'
            hint = "compare it with `vend observe`, or remove the filter"
            self.note(wanted.location, "targets-empty", message, hint)
        return keys

    def note(self, place: Location, rule: str, message: str, hint: str) -> None:
        self.findings.append(Finding(location=place, rule=rule, message=message, hint=hint))

    def all(self, _wanted: TargetFilter) -> Iterator[str]:
        yield from self.accounts

    def core(self, wanted: TargetFilter) -> Iterator[str]:
        if self.observed.landing_zone is None:
            message = 'accounts of type "core" are those of a landing zone, and none is observed'
            self.note(wanted.location, "targets-core", message, "name them by accounts")
            return
        ids = self.observed.landing_zone.security_accounts
        yield from (key for key, account in self.accounts.items() if account.account_id in ids)

    def tags(self, wanted: TargetFilter) -> Iterator[str]:
        for key, account in self.accounts.items():
            tags = account.spec.tags
            if not isinstance(tags, Unobserved) and wanted.tags.items() <= tags.items():
                yield key

    def ids(self, wanted: TargetFilter) -> Iterator[str]:
        keys = {account.account_id: key for key, account in self.accounts.items()}
        known = {account.account_id for account in self.observed.accounts}
        for named in wanted.named:
            if named.text in keys:
                yield keys[named.text]
            elif named.text in known:
                message = f'the account "{named.text}" has no account request, or is not in use'
                self.note(named.location, "targets-account", message, "write a request for it, or remove it here")
            else:
                message = f'there is no account "{named.text}" in the organization'
                self.note(named.location, "targets-account", message, "correct the id, or remove it")

    def units(self, wanted: TargetFilter) -> Iterator[str]:
        units = [each for named in wanted.named for each in self._unit(named)]
        for key, account in self.accounts.items():
            unit = account.spec.organizational_unit
            if any(unit == path or (below and _is_below(unit, path)) for path, below in units):
                yield key

    def _unit(self, named: Named) -> Iterator[tuple[str, bool]]:
        """Path of the unit that is named, and whether those below it are, too; nothing, and a finding, if it is none."""
        below = named.text.endswith(_AND_BELOW)
        text = named.text.removesuffix(_AND_BELOW) or ROOT
        found = self._units_called(text)
        if len(found) == 1:
            yield found[0].path, below
        elif not found:
            message, hint = f'there is no unit "{text}" in the organization', "write its path, like Workloads/Prod"
            self.note(named.location, "targets-unit", message, hint)
        else:
            shown = [f'"{each.path.rpartition("/")[2]} ({each.unit_id})" for {each.path}' for each in found[:_SHOWN]]
            message = f'{len(found)} units are called "{text}"'
            self.note(named.location, "targets-unit", message, f"write which: {', '.join(shown)}")

    def _units_called(self, text: str) -> list[ObservedUnit]:
        """By id, by path, or by name alone: a name of several units is the name of them all, whatever their paths."""
        units = sorted(self.observed.units, key=lambda unit: unit.path)
        if (given := _WITH_ID.fullmatch(text)) is not None:
            return [each for each in units if each.unit_id == given["id"] and _name(each) == given["name"]]
        if "/" in text:
            return [each for each in units if each.path == text]
        return [each for each in units if _name(each) == text]


def _name(unit: ObservedUnit) -> str:
    return "Root" if unit.path == ROOT else unit.path.rpartition("/")[2]


def _is_below(unit: str, path: str) -> bool:
    return path == ROOT or unit.startswith(f"{path}/")


_FORMS: Final[Mapping[TargetType, Callable[[_Resolving, TargetFilter], Iterator[str]]]] = {
    TargetType.ALL: _Resolving.all,
    TargetType.CORE: _Resolving.core,
    TargetType.OUS: _Resolving.units,
    TargetType.TAGS: _Resolving.tags,
    TargetType.ACCOUNTS: _Resolving.ids,
}
