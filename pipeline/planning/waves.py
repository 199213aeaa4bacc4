"""Waves: which accounts the customizations of a plan reach first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from pipeline.model.change import CustomizeAccount
from pipeline.model.plan import Plan, RollOut


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveRules:
    """`sizes`: of each wave, a number of accounts or a share like "10%" of all that the plan customizes; the rest comes last.

    `canary`: request keys that are a wave before all others. `failure_budget`: as in `RollOut`.
    """

    sizes: tuple[int | str, ...] = ()
    canary: frozenset[str] = field(default_factory=frozenset)
    failure_budget: int | None = None


def with_roll_out(plan: Plan, rules: WaveRules) -> Plan:
    """`plan` with the roll-out of its customizations; without one if there are none, or nothing limits them.

    The same accounts come in the same order in every run, so one that continues another begins with what that has not
    reached. The order is that of the hash of their keys: neither one team after the other nor always the letter A. Accounts
    that the plan creates come after those that are there: a canary says more, and sooner, where something lives.
    """
    keys = {change.key: change.account_id is None for change in plan.changes if isinstance(change, CustomizeAccount)}
    if not keys or rules == WaveRules():
        return replace(plan, roll_out=None)
    order = sorted(keys, key=lambda key: (keys[key], sha256(key.encode("utf-8", "surrogatepass")).digest(), key))
    canary = tuple(key for key in order if key in rules.canary)
    others = [key for key in order if key not in rules.canary]
    waves = (*((canary,) if canary else ()), *_cut(others, [_accounts(size, len(order)) for size in rules.sizes]))
    return replace(plan, roll_out=RollOut(waves=waves, failure_budget=rules.failure_budget))


def _accounts(size: int | str, due: int) -> int:
    """How many accounts a wave has at most; of a share, at least one."""
    return size if isinstance(size, int) else -(-due * int(size.removesuffix("%")) // 100)


def _cut(keys: Sequence[str], sizes: Sequence[int]) -> Iterator[tuple[str, ...]]:
    begin = 0
    for size in (*sizes, len(keys)):
        if wave := tuple(keys[begin : begin + size]):
            yield wave
        begin += size
