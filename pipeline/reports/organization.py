"""The organization as a tree of units and accounts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pipeline.model.account import ROOT, AccountState
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.reports.escaping import columns, visible
from pipeline.reports.phrases import counted
from pipeline.reports.terminal import Color, padded, paint

ACCOUNTS_SHOWN: Final = 20
"""Accounts listed per unit; the rest is counted."""

_WIDEST_NAME: Final = 40


def tree(observed: ObservedState, *, color: bool, per_unit: int = ACCOUNTS_SHOWN) -> str:
    """Units and accounts below the root, at most `per_unit` accounts of each unit, and the totals in the last line.

    Accounts stand before units, both by name; an account in a unit that was not observed is still shown, below its path.
    """
    accounts = _by_unit(observed)
    units = _children({unit.path for unit in observed.units} | accounts.keys())
    width = min(max((columns(visible(each.spec.name)) for each in observed.accounts), default=0), _WIDEST_NAME)
    lines = [_title(f"Root ({visible(observed.organization_id)})", accounts.get(ROOT, ()), color=color)]
    branch = _Branch(observed, accounts, units, color=color, per_unit=per_unit, width=width)
    lines += branch.below(ROOT, "")
    return "\n".join([*lines, "", _totals(observed)]) + "\n"


class _Branch:
    """Draws what is below a unit."""

    def __init__(
        self,
        observed: ObservedState,
        accounts: Mapping[str, Sequence[ObservedAccount]],
        units: Mapping[str, Sequence[str]],
        *,
        color: bool,
        per_unit: int,
        width: int,
    ) -> None:
        self._management = observed.management_account_id
        self._accounts = accounts
        self._units = units
        self._color = color
        self._per_unit = per_unit
        self._width = width

    def below(self, path: str, indent: str) -> Iterator[str]:
        here = self._accounts.get(path, ())
        entries = [self._account(each) for each in here[: self._per_unit]]
        if len(here) > self._per_unit:
            entries.append(f"… and {len(here) - self._per_unit:,} more")
        units = self._units.get(path, ())
        for place, entry in enumerate(entries):
            last = place == len(entries) - 1 and not units
            yield f"{indent}{'└── ' if last else '├── '}{entry}"
        for place, unit in enumerate(units):
            last = place == len(units) - 1
            title = _title(visible(unit.rpartition("/")[2]), self._accounts.get(unit, ()), color=self._color)
            yield f"{indent}{'└── ' if last else '├── '}{title}"
            yield from self.below(unit, indent + ("    " if last else "│   "))

    def _account(self, account: ObservedAccount) -> str:
        name = padded(visible(account.spec.name), self._width)
        words = [visible(account.account_id), name, self._belonging(account)]
        if account.state is not AccountState.ACTIVE:
            words.append(paint(account.state.value, Color.RED, on=self._color))
        return "  ".join(words)

    def _belonging(self, account: ObservedAccount) -> str:
        if account.account_id == self._management:
            return "management account"
        if account.key is None:
            return paint("nobody's", Color.DIM, on=self._color)
        if account.key == account.spec.name:
            return "owned"
        return f"owned as {visible(account.key)}"


def _by_unit(observed: ObservedState) -> dict[str, list[ObservedAccount]]:
    units: dict[str, list[ObservedAccount]] = {}
    for account in sorted(observed.accounts, key=lambda each: (each.spec.name, each.account_id)):
        units.setdefault(account.spec.organizational_unit, []).append(account)
    return units


def _children(paths: set[str]) -> dict[str, list[str]]:
    """The units directly below each path, sorted; units between that were not observed are filled in."""
    known: set[str] = set()
    for path in paths - {ROOT}:
        parts = path.split("/")
        known |= {"/".join(parts[: length + 1]) for length in range(len(parts))}
    children: dict[str, list[str]] = {}
    for path in sorted(known):
        children.setdefault(path.rpartition("/")[0] or ROOT, []).append(path)
    return children


def _title(name: str, accounts: Sequence[ObservedAccount], *, color: bool) -> str:
    number = f" · {counted(len(accounts), 'account')}" if accounts else ""
    return f"{paint(name, Color.BOLD, on=color)}{number}"


def _totals(observed: ObservedState) -> str:
    others = [each for each in observed.accounts if each.account_id != observed.management_account_id]
    owned = sum(each.key is not None for each in others)
    units = counted(sum(unit.path != ROOT for unit in observed.units), "unit")
    parts = [f"{owned:,} owned by a request's tag", f"{len(others) - owned:,} nobody's"]
    if inactive := sum(each.state is not AccountState.ACTIVE for each in observed.accounts):
        parts.append(f"{inactive:,} not active")
    if observed.creations:
        parts.append(f"{counted(len(observed.creations), 'creation')} in progress")
    return f"{counted(len(observed.accounts), 'account')} in {units}: {', '.join(parts)}"
