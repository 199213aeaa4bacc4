"""Customizations in a run: which have to run, what Terraform would change, and carrying them out."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, assert_never

from pipeline.app.desire import Desire
from pipeline.app.parts import Parts, terraform_places
from pipeline.app.terraform import Customizing
from pipeline.customizations.deciding import Due, Reason, decide
from pipeline.customizations.failures import Failure
from pipeline.customizations.fingerprint import Fingerprint
from pipeline.customizations.given import ACCOUNT, account_input
from pipeline.customizations.left_behind import Account, left_behind
from pipeline.customizations.reasons import Reasons
from pipeline.customizations.releases import Release, release_of
from pipeline.customizations.running import Applied, Held, Unchanged
from pipeline.customizations.runs import Job
from pipeline.customizations.settings import PlanMode
from pipeline.customizations.state import Listing
from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.account import AccountState, WantedState
from pipeline.model.change import Change, CreateAccount, CustomizeAccount, UpdateAccount, subject_of
from pipeline.model.customization import Customization, Difference, ResourceChange, Target, When
from pipeline.model.json import Json
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.model.operation import Done, Facts, Lane, Operation, Result, Vanished, Waiting
from pipeline.model.plan import Plan
from pipeline.model.request import AccountRequest
from pipeline.planning.customizing import Name, Untold, with_customizations
from pipeline.planning.matching import Match, match
from pipeline.planning.targets import EVERYTHING, Chosen
from pipeline.planning.waves import WaveRules, with_roll_out

KIND: Final = "customize"
_ONCE: Final = frozenset({Reason.NEVER_APPLIED, Reason.INTERRUPTED})
"""Why a customization for new accounts runs; once it was applied it never runs again."""

_ENTRY: Final = 15.0
"""Seconds between two tries to enter a new account; it takes minutes at most, and the engine's patience bounds it."""

_NOBODY: Final = ""
"""The account id in the fingerprint that is reviewed: a new account has none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """One customization of one account that exists, or is created by this plan (then without an id)."""

    request: AccountRequest
    customization: Customization
    release: Release
    account_id: str | None

    def job(self, account_id: str) -> Job:
        inputs: dict[str, Json] = dict(self.customization.inputs)
        if ACCOUNT in self.release.variables:
            inputs[ACCOUNT] = account_input(self.request, account_id)
        target = Target(account_id=account_id, customization=self.customization.name)
        return Job(target=target, release=self.release, inputs=inputs)


class OutdatedError(TemporaryServiceError):
    """What would run is not what was planned: a worker's checkout is older, or newer."""


class Customizations:
    """The customizations of one run. Made once; planned as often as needed."""

    def __init__(self, root: Path, desire: Desire, parts: Parts, terraform: Customizing) -> None:
        self._root = root
        self._desire = desire
        self._parts = parts
        self._customizer, self._store = terraform.customizer, terraform.store
        self._can_enter = terraform.can_enter
        self._settings = desire.settings.customizations
        self._requests = {request.key: request for request in desire.desired.requests}
        self._releases: dict[tuple[str, str], Release] = {}
        self._reasons = Reasons(terraform.customizer)
        self._drifted: dict[Name, tuple[ResourceChange, ...]] = {}

    def planned(self, plan: Plan, observed: ObservedState, mode: PlanMode, chosen: Chosen = EVERYTHING) -> Plan:
        """`plan` with every customization that has to run and is among the chosen ones, behind all other changes.

        With a mode other than `none`, Terraform tells what it would change; what it cannot tell, or what would destroy
        more than the settings allow, is on hold. What accounts have and nobody asks for any more is among the findings.
        """
        accounts = match(self._desire.desired, observed, self._desire.settings.repository).accounts
        wanted = tuple(
            each for each in self._wanted(plan, accounts) if chosen.has(each.request.key, each.customization.name)
        )
        ours = dict(self._ours(accounts))
        listing = self._store.listing() if ours else Listing()
        changes, untold = self._told(list(self._due(wanted, listing, chosen)), mode)
        made = with_customizations(plan, changes, untold, max_destroys=self._settings.max_destroys)
        found = left_behind(listing, ours, self._settings.state) if self._settings.state else ()
        return self.rolled_out(replace(made, findings=tuple(sorted((*made.findings, *found)))))

    @property
    def drifted(self) -> Mapping[Name, tuple[ResourceChange, ...]]:
        """What Terraform has found to be changed outside of it, by request key and customization, where plans have asked it."""
        return self._drifted

    def rolled_out(self, plan: Plan) -> Plan:
        """`plan` with the waves of those customizations that are still among its changes."""
        canary = self._settings.canary
        chosen = () if canary is None else (each for each in self._requests.values() if canary.selector.is_met_by(each))
        rules = WaveRules(
            sizes=self._settings.waves,
            canary=frozenset(each.key for each in chosen),
            failure_budget=self._settings.failure_budget,
        )
        return with_roll_out(plan, rules)

    def expand(self, change: CustomizeAccount) -> tuple[Operation, ...]:
        rows = None if change.resources is None else [[each.address, each.action] for each in change.resources]
        arguments: dict[str, Json] = {
            "key": change.key,
            "account_id": change.account_id,
            "customization": change.customization,
            "resources": rows,
            "fingerprint": change.fingerprint,
        }
        return (Operation(kind=KIND, lane=Lane.TERRAFORM, arguments=arguments),)

    def perform(self, operation: Operation, facts: Facts) -> Result:
        """Run one customization. Raises `ServiceError`."""
        key, name = str(operation.arguments["key"]), str(operation.arguments["customization"])
        account_id = operation.arguments["account_id"] or facts.get("account_id")
        if not isinstance(account_id, str):
            raise PermanentServiceError(
                f'customization "{name}" of "{key}": the account id is not known',
                hint="run again: the next plan finds the account",
            )
        if operation.arguments["account_id"] is None and not self._can_enter(account_id):
            return Waiting(reason="nobody can enter the new account yet", delay=_ENTRY)
        wanted = self._as_planned(key, name, account_id, str(operation.arguments["fingerprint"]))
        reviewed = _reviewed(operation.arguments["resources"])
        ran = self._customizer.apply(wanted.job(account_id), reviewed, max_destroys=self._settings.max_destroys)
        match ran:
            case Applied(difference=difference, said=said):
                message = "; ".join((f"{name}: {_counted(difference)}", *said))
                return Done(message=message, facts={"account_id": account_id})
            case Unchanged(said=said):
                message = "; ".join((f"{name}: nothing to change", *said))
                return Done(message=message, facts={"account_id": account_id})
            case Held(message=message):
                return Vanished(reason=message)
            case Failure():
                raise ran.error
            case _:
                assert_never(ran)

    def _as_planned(self, key: str, name: str, account_id: str, fingerprint: str) -> _Wanted:
        """Raises `OutdatedError` where what is here is not what was planned."""
        request = self._requests.get(key)
        for each in () if request is None else self._of(request, account_id):
            if each.customization.name == name and self._fingerprint(each, _NOBODY).text == fingerprint:
                return each
        raise OutdatedError(
            f'customization "{name}" of "{key}": the checkout that it would run from is not the one that was planned',
            delay=_ENTRY,
            hint="bring the checkout of every worker to the commit that was planned",
        )

    def _due(self, wanted: Sequence[_Wanted], listing: Listing, chosen: Chosen) -> Iterator[CustomizeAccount]:
        there = {each.job(each.account_id).target: each for each in wanted if each.account_id is not None}
        fingerprints = {target: self._fingerprint(each, target.account_id) for target, each in there.items()}
        due = decide(fingerprints, listing, self._parts.today())
        for each in wanted:
            name = each.customization.name
            why = (
                Due(reasons=(Reason.NEVER_APPLIED,))
                if each.account_id is None
                else due[Target(account_id=each.account_id, customization=name)]
            )
            if why is not None and (each.customization.when is not When.PROVISIONING or _ONCE & set(why.reasons)):
                yield self._change(each, why)
            elif chosen.forces(each.customization):
                yield self._change(each, Due(reasons=(Reason.FORCED,)))

    def _change(self, wanted: _Wanted, why: Due) -> CustomizeAccount:
        return CustomizeAccount(
            key=wanted.request.key,
            account_id=wanted.account_id,
            name=wanted.request.spec.name,
            customization=wanted.customization.name,
            fingerprint=self._fingerprint(wanted, _NOBODY).text,
            reasons=self._reasons.of(wanted.job(wanted.account_id or _NOBODY), why),
            after=wanted.customization.depends_on,
        )

    def _fingerprint(self, wanted: _Wanted, account_id: str) -> Fingerprint:
        return self._customizer.fingerprint(wanted.job(account_id))

    def _ours(self, accounts: Mapping[str, Match]) -> Iterator[tuple[str, Account]]:
        """The accounts that are to stay, by their id, with what is asked for in each."""
        for request in self._desire.desired.requests:
            account = accounts.get(request.key)
            if isinstance(account, ObservedAccount) and request.spec.state is not WantedState.CLOSED:
                asked = frozenset(each.name for each in self._desire.customizations.get(request.key, ()))
                place = request.origin("customizations")
                yield account.account_id, Account(key=request.key, asked=asked, location=place)

    def _wanted(self, plan: Plan, accounts: Mapping[str, Match]) -> Iterator[_Wanted]:
        """Every customization of every account that is ours, usable and asked to be open, or becomes it by this plan."""
        begun = {subject_of(change) for change in plan.changes if _begins(change)}
        for request in self._desire.desired.requests:
            account = accounts.get(request.key)
            if request.spec.state is WantedState.CLOSED:
                continue
            if isinstance(account, ObservedAccount):
                if account.state is AccountState.ACTIVE and (account.key == request.key or request.key in begun):
                    yield from self._of(request, account.account_id)
            elif request.key in begun:
                yield from self._of(request, None)

    def _of(self, request: AccountRequest, account_id: str | None) -> Iterator[_Wanted]:
        for each in self._desire.customizations.get(request.key, ()):
            release = self._release(each)
            yield _Wanted(request=request, customization=each, release=release, account_id=account_id)

    def _release(self, customization: Customization) -> Release:
        named = customization.name, customization.source
        if named not in self._releases:
            self._releases[named] = release_of(
                customization.name, self._desire.folders[customization.source], self._root
            )
        return self._releases[named]

    def _told(
        self, changes: list[CustomizeAccount], mode: PlanMode
    ) -> tuple[list[CustomizeAccount], dict[Name, Untold]]:
        """The changes with what Terraform says of them, and of which it could not say it."""
        asked = [change for change in changes if change.account_id is not None and mode is not PlanMode.NONE]
        if mode is PlanMode.SAMPLE:
            asked = list({(change.customization, change.reasons): change for change in reversed(asked)}.values())
        with ThreadPoolExecutor(terraform_places(self._desire.settings)) as pool:
            answers = {
                _name(change): answer for change, answer in zip(asked, pool.map(self._difference, asked), strict=True)
            }
        self._drifted |= {
            name: answer.drift for name, answer in answers.items() if isinstance(answer, Difference) and answer.drift
        }
        untold = {
            name: Untold(reason=answer.message, remedy=answer.hint)
            for name, answer in answers.items()
            if isinstance(answer, Failure)
        }
        return [_with(change, answers.get(_name(change))) for change in changes], untold

    def _difference(self, change: CustomizeAccount) -> Difference | Failure:
        account_id = change.account_id or _NOBODY
        request = self._requests[change.key]
        wanted = next(each for each in self._of(request, account_id) if each.customization.name == change.customization)
        return self._customizer.difference(wanted.job(account_id))


def _begins(change: Change) -> bool:
    """Whether an account is its request's from this change on."""
    return isinstance(change, CreateAccount) or (
        isinstance(change, UpdateAccount) and any(field.path == ("ownership",) for field in change.fields)
    )


def _name(change: CustomizeAccount) -> Name:
    return change.key, change.customization


def _with(change: CustomizeAccount, answer: Difference | Failure | None) -> CustomizeAccount:
    return replace(change, resources=answer.changes) if isinstance(answer, Difference) else change


def _reviewed(rows: Json) -> Difference | None:
    if not isinstance(rows, list | tuple):
        return None
    changes = tuple(ResourceChange(address=str(address), action=str(action)) for address, action in rows)
    return Difference(changes=changes, applicable=bool(changes))


_WORDS: Final = (("create", "added"), ("update", "changed"), ("replace", "replaced"), ("delete", "destroyed"))


def _counted(difference: Difference) -> str:
    numbers = [(sum(each.action == action for each in difference.changes), word) for action, word in _WORDS]
    return ", ".join(f"{number} {word}" for number, word in numbers if number) or "applied"
