"""What of the landing zone's own drift is known: AWS tells that there is some, and single reads tell of what kind.

https://docs.aws.amazon.com/controltower/latest/userguide/drift.html
"""

from collections.abc import Iterator

from pipeline.model.account import ROOT
from pipeline.model.drift import DRIFT, DriftKind
from pipeline.model.finding import Finding, Location, Severity
from pipeline.model.landing_zone import KnownDrift, LandingZone
from pipeline.model.observed import ObservedState

_UNTOLD = "Control Tower does not say by what; its console does"


def known_drifts(observed: ObservedState, zone: LandingZone) -> tuple[KnownDrift, ...]:
    """Drift of the landing zone by kind: what was read of it, its Security unit, and policies that are controls of units."""
    return (*zone.drifts, *_deleted_unit(observed, zone), *_policies(observed)) if zone.is_drifted else ()


def warnings_of_drift(observed: ObservedState, zone: LandingZone, kept: frozenset[str]) -> Iterator[Finding]:
    """One for the landing zone, and one for each drift of it that is known.

    `kept`: units whose registration the plan keeps true; it has its own words for what drifts there.
    """
    if not zone.is_drifted:
        return
    known = known_drifts(observed, zone)
    facts = DRIFT[DriftKind.LANDING_ZONE]
    untold = "" if known else f"; {_UNTOLD}"
    yield _warning(
        f"{facts.meaning}, which blocks {facts.blocks}; new accounts are still provisioned{untold}", facts.repair
    )
    for each in (*zone.drifts, *_deleted_unit(observed, zone), *_policies(observed, kept)):
        yield _warning(f"{DRIFT[each.kind].meaning}: {each.subject}{_blocks(each.kind)}", DRIFT[each.kind].repair)


def _deleted_unit(observed: ObservedState, zone: LandingZone) -> Iterator[KnownDrift]:
    """Where the Security unit is gone, its accounts are in the root: nobody can delete a unit that holds some."""
    shared = [each for each in observed.accounts if each.account_id in zone.security_accounts]
    if shared and all(each.spec.organizational_unit == ROOT for each in shared):
        ids = ", ".join(f'"{each.account_id}"' for each in shared)
        yield KnownDrift(kind=DriftKind.UNIT_DELETED, subject=f"its accounts {ids} are in the root")


def _policies(observed: ObservedState, but: frozenset[str] = frozenset()) -> Iterator[KnownDrift]:
    for unit in sorted(observed.units, key=lambda each: each.path):
        for control in unit.registration.controls if unit.registration and unit.path not in but else ():
            if control.is_drifted and control.policy is not None:
                subject = f'{control.policy} "{control.name}" on unit "{unit.path}"'
                yield KnownDrift(kind=DriftKind.POLICY, subject=subject)


def _blocks(kind: DriftKind) -> str:
    return f", which blocks {DRIFT[kind].blocks}" if DRIFT[kind].blocks else ""


def _warning(message: str, hint: str) -> Finding:
    return Finding(
        location=Location("vending.yaml"),
        rule="landing-zone-drift",
        message=message,
        hint=hint,
        attribute="provisioner",
        severity=Severity.WARNING,
    )
