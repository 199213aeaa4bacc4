"""`vend customize`: only customizations, only of chosen accounts; everything else is left as it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pipeline.account_requests import yaml
from pipeline.account_requests.targets import read_targets
from pipeline.app.customizing import Customizations
from pipeline.app.desire import Desire
from pipeline.customizations.settings import PlanMode
from pipeline.errors import UsageError
from pipeline.model.finding import Finding, Location
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Plan
from pipeline.model.targets import Targets
from pipeline.planning.matching import match
from pipeline.planning.targets import Accounts, Chosen, Meant, accounts_in_use, meant_by
from pipeline.settings import FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person asks to be customized now: some keys, or targets, or (with neither) every account.

    `names`: of customizations, all of them if empty. `force`: also what is unchanged and verified.
    """

    keys: tuple[str, ...] = ()
    targets: Targets | None = None
    names: tuple[str, ...] = ()
    force: bool = False

    def chosen(self, keys: frozenset[str], *, force: bool) -> Chosen:
        return Chosen(keys=keys, names=frozenset(self.names) or None, force=force)


def targets_in(path: Path) -> Targets | tuple[Finding, ...]:
    """The targets in a file that an argument names, or what is wrong with it. Raises `UsageError` if it cannot be read."""
    try:
        with path.open("rb") as stream:
            return read_targets(stream.read(yaml.MAX_BYTES + 1), str(path))
    except OSError as error:
        raise UsageError(f'--targets: "{path}" cannot be read: {error.strerror}', hint="check the path") from error


def check_choice(choice: Choice | None, desire: Desire) -> None:
    """Whether it can be chosen; None is no choice.

    Raises `UsageError` for a key that no request has, and where there is nothing to run by that name, or at all.
    """
    if choice is None:
        return
    known = {request.key for request in desire.desired.requests}
    for key in choice.keys:
        if key not in known:
            raise _unknown(f'there is no account request "{key}"', key, known, "the key is the file name without .yaml")
    names = {each.name for customizations in desire.customizations.values() for each in customizations}
    if not names:
        raise UsageError(f"{FILE}: no account gets a customization", hint="add a layer, or customizations to a request")
    for name in choice.names:
        if name not in names:
            message = f'--layer: no account gets a customization "{name}"'
            raise _unknown(message, name, names, "`vend explain KEY` lists those of an account")


def plan_of(
    choice: Choice,
    desire: Desire,
    customizations: Customizations,
    observed: ObservedState,
    mode: PlanMode,
    *,
    force: bool,
) -> Plan:
    """The plan of what was chosen, in accounts that are ours and in use; empty, with findings, if the choice is not clear.

    `force` False leaves out what is unchanged, whatever the choice says: after a run, that is what it has done.
    """
    matching = match(desire.desired, observed, desire.settings.repository)
    accounts = accounts_in_use(desire.desired, observed, desire.settings.repository)
    meant = _meant(choice, desire, accounts, observed)
    findings = meant.findings or tuple(_idle(choice, desire, meant.keys))
    if choice.targets is not None or not choice.keys:
        findings = (*matching.findings, *findings)
    empty = Plan(findings=tuple(sorted(findings)), managed=len(accounts))
    if findings and empty.has_errors:
        return empty
    return customizations.planned(empty, observed, mode, choice.chosen(meant.keys, force=force and choice.force))


def _meant(choice: Choice, desire: Desire, accounts: Accounts, observed: ObservedState) -> Meant:
    if choice.targets is not None:
        return meant_by(choice.targets, accounts, observed)
    if not choice.keys:
        return Meant(keys=frozenset(accounts))
    absent = [each for each in desire.desired.requests if each.key in choice.keys and each.key not in accounts]
    findings = [
        Finding(
            location=request.origin(),
            rule="customize-account",
            message=f'"{request.key}" has no account that is its own and in use, so there is nothing to customize',
            hint="`vend plan` says what comes first",
        )
        for request in absent
    ]
    return Meant(keys=frozenset(choice.keys), findings=tuple(findings))


def _idle(choice: Choice, desire: Desire, keys: frozenset[str]) -> Iterator[Finding]:
    """A customization that was named and none of the accounts gets; accounts that get none at all."""
    given = {each.name for key in keys for each in desire.customizations.get(key, ())}
    wanted = choice.names or (("",) if not given else ())
    for name in wanted:
        if name not in given:
            what = f'the customization "{name}"' if name else "a customization"
            yield Finding(
                location=Location(FILE),
                rule="customize-nothing",
                attribute="customizations",
                message=f"none of the chosen accounts gets {what}",
                hint="`vend explain KEY` lists those of an account; add it to a layer or a request, or choose others",
            )


def _unknown(message: str, word: str, known: set[str], otherwise: str) -> UsageError:
    near = get_close_matches(word, sorted(known), n=1)
    return UsageError(message, hint=f'did you mean "{near[0]}"?' if near else otherwise)
