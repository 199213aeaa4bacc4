"""One account comes under Control Tower, or leaves it. Whoever calls this says when, and what becomes of failures.

https://docs.aws.amazon.com/controltower/latest/userguide/enroll-account.html
https://docs.aws.amazon.com/controltower/latest/userguide/common-eg-failures.html
"""

from dataclasses import replace

from pipeline.sandbox.control_tower import events, inside
from pipeline.sandbox.control_tower.catalogue import TOWER_BASELINE
from pipeline.sandbox.control_tower.landing_zone import LandingZone
from pipeline.sandbox.control_tower.records import EnabledBaseline, Standing, Step
from pipeline.sandbox.organization import ROOT_ID
from pipeline.sandbox.records import ACTIVE, Account

NO_ROLE = (
    "AWS Control Tower is unable to assume the AWSControlTowerExecution role in the account. "
    "Add the role to your account if it's not present, and try again"
)
VPC = "AWS Control Tower could not baseline VPC in the managed account because of existing resource dependencies."


def problem(zone: LandingZone, account: Account, *, needs_role: bool) -> str:
    """Why the account cannot be enrolled now, in AWS's words; empty if it can.

    `needs_role`: the execution role has to be in it already, as it has to for Account Factory.
    """
    if account.state != ACTIVE:
        return f"Account {account.id} is suspended. Reactivate or remove the account, and try again."
    if needs_role and not inside.has_role(account):
        return NO_ROLE
    child = zone.on(account.id)
    is_managed = child is not None and child.standing is Standing.SUCCEEDED
    regions = [] if is_managed else inside.recording_regions(account.id, zone.settings.governed_regions)
    if regions:
        return (
            f"AWS Control Tower cannot enroll account {account.id} because it has an existing AWS Config configuration "
            f"recorder or delivery channel in {', '.join(regions)}. Delete the resources and try again."
        )
    return ""


def begin(zone: LandingZone, account: Account, unit: EnabledBaseline, operation: str) -> None:
    """The account's baseline is under change now, after that of its unit."""
    before = zone.on(account.id)
    arn, sequence = (before.arn, before.sequence) if before else zone.new_arn("enabledbaseline")
    zone.put(
        EnabledBaseline(
            arn=arn,
            sequence=sequence,
            baseline=TOWER_BASELINE,
            version=unit.version,
            target=account.id,
            standing=Standing.UNDER_CHANGE,
            operation=operation,
            parent=unit.arn,
            was_tampered=before is not None and before.was_tampered,
            parameters=unit.parameters,
        )
    )


def finish(zone: LandingZone, account_id: str, event: str, at: float, *, refused: str = "") -> str:
    """The account's baseline has ended: the reason if it failed, which is `refused` if that was known before."""
    child, account = zone.on(account_id), zone.organization.latest.accounts.get(account_id)
    if child is None or account is None:
        return f"Account {account_id} is not in the organization."
    error = refused or zone.strike(Step.BASELINE) or _vpc_problem(zone, account_id) or zone.strike(Step.CONTROLS)
    if error:
        child = zone.put(replace(child, standing=Standing.FAILED))
    else:
        inside.add_role(account)
        child = zone.put(replace(child, standing=Standing.SUCCEEDED, was_tampered=False))
    events.baseline(zone, event, child, at)
    return error


def un_manage(zone: LandingZone, account_id: str, at: float, *, to_root: bool) -> None:
    """What Control Tower had set up leaves the account, its role too.

    https://docs.aws.amazon.com/controltower/latest/userguide/unmanage-account.html
    """
    child, account = zone.on(account_id), zone.organization.latest.accounts.get(account_id)
    if child is not None:
        zone.drop(child)
        events.baseline(zone, "DisableBaseline", child, at)
    zone.removed.discard(account_id)
    zone.added_vpcs = {each for each in zone.added_vpcs if each[0] != account_id}
    if account is not None:
        inside.remove_role(account)
        if to_root:
            zone.move(account, ROOT_ID, at)


def _vpc_problem(zone: LandingZone, account_id: str) -> str:
    """A default VPC that came back fails every baseline until it is deleted.

    https://docs.aws.amazon.com/controltower/latest/userguide/troubleshooting.html
    """
    mine = {each for each in zone.added_vpcs if each[0] == account_id}
    gone = {each for each in mine if not inside.has_default_vpc(*each)}
    zone.added_vpcs -= gone
    return VPC if mine - gone else ""
