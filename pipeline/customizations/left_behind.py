"""Customizations that accounts have and nobody asks for any more: told, and never destroyed by us."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from pipeline.customizations.overrides import FOLDER
from pipeline.customizations.settings import StateBucket, StateFolder
from pipeline.customizations.state import Listing
from pipeline.model.customization import Target
from pipeline.model.finding import Finding, Location, Severity

_SHOWN: Final = 10
"""Accounts that one finding names; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of ours: its request's key, what is asked for in it, and where one would ask for more."""

    key: str
    asked: frozenset[str]
    location: Location


def left_behind(
    listing: Listing, accounts: Mapping[str, Account], state: StateBucket | StateFolder
) -> tuple[Finding, ...]:
    """A warning for each customization that accounts have though nobody asks for it, sorted. Pure: the listing knows it all.

    `accounts`: those of ours by their id; what is kept of any other account is not looked at. When a layer goes, it goes from
    all of its accounts, so they share one finding.
    """
    unasked: dict[str, list[Target]] = {}
    for target in sorted({*listing.etags, *listing.marks}, key=lambda each: (each.customization, each.account_id)):
        account = accounts.get(target.account_id)
        if account is not None and target.customization not in account.asked:
            unasked.setdefault(target.customization, []).append(target)
    return tuple(sorted(_finding(name, targets, listing, accounts, state) for name, targets in unasked.items()))


def _finding(
    name: str,
    targets: Sequence[Target],
    listing: Listing,
    accounts: Mapping[str, Account],
    state: StateBucket | StateFolder,
) -> Finding:
    first = targets[0]
    owner = accounts[first.account_id]
    each = "" if len(targets) == 1 else f", here for {first.account_id}"
    ask = f"to keep it, ask for it again: {{name: {name}}} under customizations of the request, or in a layer"
    destroy = (f"`terraform destroy` with TF_WORKSPACE={first.account_id}",) if first in listing.etags else ()
    remove = ", then ".join((*destroy, *(f"`{command}`" for command in forgetting(state, first))))
    return Finding(
        location=owner.location,
        rule="customization-left-behind",
        message=f'customization "{name}" is in {_named(targets, accounts)}, and nobody asks for it any more',
        hint=f"{ask}; to remove it{each}: {remove}",
        attribute="customizations",
        severity=Severity.WARNING,
    )


def forgetting(state: StateBucket | StateFolder, target: Target) -> tuple[str, ...]:
    """What to type, in the workspace, so that a customization is no longer known in an account; its resources stay."""
    match state:
        case StateBucket(bucket=bucket, prefix=prefix):
            place = f"s3://{bucket}/{prefix}/{target.account_id}/{FOLDER}/{target.customization}"
            return (
                shlex.join(["aws", "s3", "rm", f"{place}.tfstate"]),
                shlex.join(["aws", "s3", "rm", "--recursive", f"{place}/"]),
            )
        case StateFolder(local=local):
            return (shlex.join(["rm", "-r", f"{local}/{target.customization}/{target.account_id}"]),)
        case _:
            assert_never(state)


def _named(targets: Sequence[Target], accounts: Mapping[str, Account]) -> str:
    names = list(_names(targets[:_SHOWN], accounts))
    more = f" and {len(targets) - _SHOWN} more" if len(targets) > _SHOWN else ""
    return ("account " if len(targets) == 1 else f"{len(targets)} accounts, ") + ", ".join(names) + more


def _names(targets: Iterable[Target], accounts: Mapping[str, Account]) -> Iterator[str]:
    return (f'"{accounts[each.account_id].key}" {each.account_id}' for each in targets)
