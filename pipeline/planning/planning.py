"""The plan: from what is wanted and what is, to what has to change."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import partial
from itertools import chain

from pipeline.model.account import OWNERSHIP_PREFIX
from pipeline.model.change import CustomizeAccount, EnrollAccount, UnitChange
from pipeline.model.finding import Finding, Severity
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.model.plan import Hold, Plan
from pipeline.model.request import AccountRequest, DesiredState
from pipeline.planning.access import too_many_accounts, unknown_access
from pipeline.planning.administrators import administrators_not_made, administrators_without_access
from pipeline.planning.confirmation import confirmation_of
from pipeline.planning.controls import controls
from pipeline.planning.differences import Difference, TagRules, of_account, of_new_account
from pipeline.planning.email import addresses_in_use
from pipeline.planning.enrollment import governed_account, governed_creation
from pipeline.planning.enrollment_objections import Case
from pipeline.planning.enrollment_state import needs_reset_of_unit, wants_to_be_managed
from pipeline.planning.guards import Guarded, Situation, guard
from pipeline.planning.known_drift import warnings_of_drift
from pipeline.planning.lookalikes import lookalikes
from pipeline.planning.matching import Matching, match
from pipeline.planning.ordering import hold_rank, rank
from pipeline.planning.policy import Policy, TagsMode
from pipeline.planning.products import doubled_products, useless_products
from pipeline.planning.registration import Governance, registrations
from pipeline.planning.security_unit import deleted_security_units, split
from pipeline.planning.territory import no_landing_zone, observed_territory, warnings_of
from pipeline.planning.unit_resets import NO_RESETS, Resets, resets_of
from pipeline.planning.unit_sites import Wishes

_AWS_PREFIX = "aws:"


def make_plan(desired: DesiredState, observed: ObservedState, policy: Policy) -> Plan:
    """Compare `desired` with `observed`, within what `policy` allows.

    The same values in any order give the same plan. Every difference is a change, a hold or a finding. Where accounts are to
    live in a landing zone and there is none, that is the only finding, and nothing is planned.
    """
    if policy.control_tower and observed.landing_zone is None:
        return Plan(findings=(no_landing_zone(),))
    matching = match(desired, observed, policy.repository)
    units = _missing_units(desired, observed)
    requests, refused = _taking_part(desired, matching, observed, units)
    governance = _governance(desired, observed, policy, requests, matching)
    created, units_on_hold = split(units, governance.territory)
    resets = _resets(desired, observed, policy, governance)
    compared = _Compared(
        matching=matching, rules=_tag_rules(policy), repository=policy.repository, governance=governance, resets=resets
    )
    differences = [_difference(request, compared) for request in requests.values()]
    managed = sum(isinstance(account, ObservedAccount) for account in matching.accounts.values())
    guarded = guard(
        sorted(chain.from_iterable(each.changes for each in differences), key=rank),
        Situation(requests=requests, observed=observed, policy=policy, managed=managed),
    )
    holds = sorted(
        (*units_on_hold, *governance.holds, *guarded.holds, *chain.from_iterable(each.holds for each in differences)),
        key=hold_rank,
    )
    findings = chain(
        matching.findings,
        refused,
        too_many_accounts(requests.values(), observed),
        chain.from_iterable(each.findings for each in differences),
        _idle_confirmations(requests.values(), guarded, holds),
        governance.findings,
    )
    return Plan(
        changes=tuple(sorted((*created, *governance.changes, *guarded.changes), key=rank)),
        holds=tuple(holds),
        findings=tuple(sorted(findings)),
        deferred=tuple(each.deferred for each in differences if each.deferred),
        unmanaged=matching.unmanaged,
        orphans=matching.orphans,
        managed=managed,
        landing_zone=observed.landing_zone if policy.control_tower else None,
    )


def _missing_units(desired: DesiredState, observed: ObservedState) -> list[str]:
    """Declared units that do not exist, and their missing parents; parents first."""
    existing = observed.unit_paths()
    declared = (unit.path.split("/") for unit in desired.units)
    wanted = {"/".join(names[:depth]) for names in declared for depth in range(1, len(names) + 1)}
    return sorted(wanted - existing, key=lambda path: (path.count("/"), path))


def _taking_part(
    desired: DesiredState, matching: Matching, observed: ObservedState, new_units: Iterable[str]
) -> tuple[Mapping[str, AccountRequest], Sequence[Finding]]:
    """The requests that take part in the plan, by key, and findings about those that do not, or that may be mistyped."""
    requests, homeless = _with_unit(desired, matching, observed.unit_paths() | set(new_units))
    answerable, unanswered = _answerable(requests, matching, observed)
    new = [each for key, each in answerable.items() if matching.accounts[key] is None]
    return answerable, (*homeless, *unanswered, *lookalikes(new, matching.unmanaged, observed))


def _with_unit(
    desired: DesiredState, matching: Matching, units: frozenset[str]
) -> tuple[Mapping[str, AccountRequest], Sequence[Finding]]:
    """The requests whose unit exists, by key, and findings about the others."""
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


def _answerable(
    requests: Mapping[str, AccountRequest], matching: Matching, observed: ObservedState
) -> tuple[Mapping[str, AccountRequest], Sequence[Finding]]:
    """The requests without those that name what is not there, or is somebody else's, and findings about these."""
    matched = (
        (request, account)
        for request in requests.values()
        if isinstance(account := matching.accounts[request.key], ObservedAccount)
    )
    found = (
        *unknown_access(requests.values(), observed),
        *addresses_in_use(matched, observed.accounts),
    )
    refused = {key for key, _ in found}
    left = {key: request for key, request in requests.items() if key not in refused}
    return left, [finding for _, finding in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """What every request is compared with, and by which rules."""

    matching: Matching
    rules: TagRules
    repository: str
    governance: Governance
    resets: Resets


def _difference(request: AccountRequest, compared: _Compared) -> Difference:
    account, territory = compared.matching.accounts[request.key], compared.governance.territory
    if not isinstance(account, ObservedAccount):
        difference = of_new_account(request, compared.repository, compared.rules)
        return difference if territory is None else governed_creation(difference, request, territory, compared.resets)
    adoption = compared.matching.adoptions.get(request.key)
    if territory is None:
        return of_account(request, account, adoption, compared.rules)
    case = Case(
        request=request,
        account=account,
        territory=territory,
        repository=compared.repository,
        resets=compared.resets,
    )
    return of_account(request, account, adoption, compared.rules, partial(governed_account, case))


def _governance(
    desired: DesiredState,
    observed: ObservedState,
    policy: Policy,
    requests: Mapping[str, AccountRequest],
    matching: Matching,
) -> Governance:
    """What happens to units in a landing zone, if accounts are to live in one."""
    zone = observed.landing_zone
    if zone is None or not policy.control_tower:
        return Governance()
    matched = [(each, matching.accounts[key]) for key, each in requests.items()]
    owned = [(request, account) for request, account in matched if isinstance(account, ObservedAccount)]
    wishes = Wishes(
        drifted=frozenset(each.spec.organizational_unit for _, each in owned if needs_reset_of_unit(each, zone)),
        unmanaged=frozenset(each.account_id for request, each in owned if not wants_to_be_managed(request)),
    )
    territory = observed_territory(observed, zone, deleted_security_units(desired, observed, zone, matching))
    governance = registrations(desired, observed, territory, policy, wishes)
    keys = (each.key for each in desired.requests)
    findings = (
        *governance.findings,
        *warnings_of_drift(observed, zone, frozenset(each.path for each in desired.units if each.register)),
        *warnings_of(zone),
        *useless_products(observed, keys, policy.repository),
        *doubled_products(observed),
        *administrators_without_access(owned),
        *administrators_not_made(
            [(each, account if isinstance(account, ObservedAccount) else None) for each, account in matched], zone
        ),
    )
    return controls(desired, replace(governance, findings=findings))


def _resets(desired: DesiredState, observed: ObservedState, policy: Policy, governance: Governance) -> Resets:
    territory = governance.territory
    if territory is None:
        return NO_RESETS
    planned = territory.planned
    return resets_of(desired, observed, territory.zone, allowed=policy.max_touched_accounts, planned=planned)


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
        if not isinstance(hold.change, UnitChange | CustomizeAccount)
        and (confirmation := confirmation_of(hold.change)) is not None
    }
    unread = {
        (each.key, "managed") for each in guarded.changes if isinstance(each, EnrollAccount) and not each.is_checked
    }
    used = guarded.used | unread
    for request in requests:
        for field, value in sorted(request.confirm.items()):
            wanted = waiting.get((request.key, field))
            if (request.key, field) not in used and (wanted is None or value != wanted):
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
