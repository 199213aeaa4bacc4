"""The plan: from what is wanted and what is, to what has to change."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import translate
from itertools import chain

from pipeline.model.account import OWNERSHIP_PREFIX
from pipeline.model.change import CreateUnit, CustomizeAccount
from pipeline.model.finding import Finding, Severity
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.model.plan import Hold, Plan
from pipeline.model.request import AccountRequest, DesiredState
from pipeline.planning.differences import EMAIL_GUARD, Difference, TagRules, of_account, of_new_account
from pipeline.planning.guards import Guarded, Situation, confirmation_of, guard
from pipeline.planning.matching import Matching, match
from pipeline.planning.ordering import hold_rank, rank
from pipeline.planning.policy import Policy, TagsMode

_AWS_PREFIX = "aws:"


def make_plan(desired: DesiredState, observed: ObservedState, policy: Policy) -> Plan:
    """Compare `desired` with `observed`, within what `policy` allows.

    The same values in any order give the same plan. Every difference is a change, a hold or a finding.
    """
    matching = match(desired, observed, policy.repository)
    units = _missing_units(desired, observed)
    requests, homeless = _with_unit(desired, matching, observed.unit_paths() | set(units))
    rules = _tag_rules(policy)
    differences = [_difference(request, matching, policy.repository, rules) for request in requests.values()]
    managed = sum(isinstance(account, ObservedAccount) for account in matching.accounts.values())
    guarded = guard(
        sorted(chain.from_iterable(each.changes for each in differences), key=rank),
        Situation(requests=requests, observed=observed, policy=policy, managed=managed),
    )
    holds = sorted((*guarded.holds, *chain.from_iterable(each.holds for each in differences)), key=hold_rank)
    findings = chain(
        matching.findings,
        homeless,
        chain.from_iterable(each.findings for each in differences),
        _idle_confirmations(requests.values(), guarded, holds),
    )
    return Plan(
        changes=(*(CreateUnit(path=path) for path in units), *sorted(guarded.changes, key=rank)),
        holds=tuple(holds),
        findings=tuple(sorted(findings)),
        deferred=tuple(each.deferred for each in differences if each.deferred),
        unmanaged=matching.unmanaged,
        orphans=matching.orphans,
        managed=managed,
    )


def _missing_units(desired: DesiredState, observed: ObservedState) -> list[str]:
    """Declared units that do not exist, and their missing parents; parents first."""
    existing = observed.unit_paths()
    declared = (unit.path.split("/") for unit in desired.units)
    wanted = {"/".join(names[:depth]) for names in declared for depth in range(1, len(names) + 1)}
    return sorted(wanted - existing, key=lambda path: (path.count("/"), path))


def _with_unit(
    desired: DesiredState, matching: Matching, units: frozenset[str]
) -> tuple[Mapping[str, AccountRequest], Sequence[Finding]]:
    """The requests that take part in the plan, by key, and findings about those whose unit does not exist."""
    matched = sorted(
        (request for request in desired.requests if request.key in matching.accounts), key=lambda request: request.key
    )
    findings = [
        Finding(
            location=request.origin("organizational_unit"),
            rule="unit-not-found",
            message=f'unit "{request.spec.organizational_unit}" is neither declared nor in the organization',
            hint="declare it in account-requests/_organization.yaml",
            attribute="organizational_unit",
        )
        for request in matched
        if request.spec.organizational_unit not in units
    ]
    return {each.key: each for each in matched if each.spec.organizational_unit in units}, findings


def _difference(request: AccountRequest, matching: Matching, repository: str, rules: TagRules) -> Difference:
    account = matching.accounts[request.key]
    if isinstance(account, ObservedAccount):
        return of_account(request, account, matching.adoptions.get(request.key), rules)
    return of_new_account(request, repository, rules)


def _tag_rules(policy: Policy) -> TagRules:
    return TagRules(is_ignored=_ignored(policy.tags_ignore), removes=policy.tags_mode is TagsMode.AUTHORITATIVE)


def _ignored(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a tag key is never touched: ours, AWS's own, or matched by a shell pattern."""
    pattern = re.compile("|".join((*(translate(each) for each in patterns), "(?!)")))

    def is_ignored(key: str) -> bool:
        return key.startswith((OWNERSHIP_PREFIX, _AWS_PREFIX)) or pattern.match(key) is not None

    return is_ignored


def _idle_confirmations(
    requests: Iterable[AccountRequest], guarded: Guarded, holds: Iterable[Hold]
) -> Iterator[Finding]:
    """`confirm` entries that release nothing: stale ones, and mistyped ones.

    An entry that fits a hold of another kind (an account that is not ready) is neither.
    """
    waiting = {
        (hold.change.key, confirmation.field): confirmation.value
        for hold in holds
        if not isinstance(hold.change, CreateUnit | CustomizeAccount)
        and hold.guard != EMAIL_GUARD
        and (confirmation := confirmation_of(hold.change)) is not None
    }
    for request in requests:
        for field, value in sorted(request.confirm.items()):
            wanted = waiting.get((request.key, field))
            if (request.key, field) not in guarded.used and (wanted is None or value != wanted):
                yield Finding(
                    location=request.origin("confirm", field),
                    rule="confirm-releases-nothing",
                    message=f"`confirm.{field}: {value}` releases nothing",
                    hint="remove it"
                    if wanted is None
                    else f'write "{wanted}" to release the change on hold, or remove it',
                    attribute=f"confirm.{field}",
                    severity=Severity.WARNING,
                )
