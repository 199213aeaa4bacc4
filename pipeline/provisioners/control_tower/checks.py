"""The conditions of enrolling an account, read from inside of it before anything is written.

https://docs.aws.amazon.com/controltower/latest/userguide/enrollment-prerequisites.html
What depends on the unit that the account is to go to is the plan's business.
"""

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.errors import ServiceError
from pipeline.model.account import AccountState
from pipeline.model.landing_zone import Check, Mode
from pipeline.model.observed import ObservedAccount
from pipeline.provisioners.aws.members import Member
from pipeline.provisioners.aws.opt_in_regions import ENABLED, region_states
from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.control_tower.inside import EXECUTION_ROLE_REPAIR, Inside, by_hand
from pipeline.provisioners.control_tower.tower import EXECUTION_ROLE, Tower

_UNREADABLE: Final = "could not be read"


class Checks:
    """Safe to use from many threads; never raises: what cannot be read is neither passed nor failed."""

    def __init__(self, tower: Tower, inside: Inside) -> None:
        self._tower = tower
        self._inside = inside

    def of(self, account: ObservedAccount, security_unit: str | None) -> tuple[Check, ...]:
        """The checklist, in a fixed order."""
        outside = (_state(account), _security(account, security_unit))
        if account.state is not AccountState.ACTIVE:
            return outside
        account_id = account.account_id
        return (
            *outside,
            *self._role(account_id),
            self._opted_in(account_id),
            self._undisturbed(account_id),
            _safely("sts", lambda: self._sts(account_id)),
        )

    def _role(self, account_id: str) -> tuple[Check, ...]:
        """Not needed where a unit enrolls: then Control Tower makes the role itself."""
        if self._tower.mode is Mode.AUTO_ENROLL:
            return ()

        def look() -> Check:
            if self._inside.can_assume_tower_role(account_id):
                return Check(name="execution_role", passed=True, message=f"{EXECUTION_ROLE} is there, and trusts us")
            with self._inside.entered(account_id) as member:
                can_repair = member is not None
            remedy = "write `repair: [execution_role]` into the request, or " if can_repair else ""
            return Check(
                name="execution_role",
                passed=False,
                message=f"{EXECUTION_ROLE} is not there, or does not trust the management account",
                remedy=remedy + by_hand(self._tower.clients.connection, self._tower.backend.organization),
                repair=EXECUTION_ROLE_REPAIR if can_repair else None,
            )

        return (_safely("execution_role", look),)

    def _opted_in(self, account_id: str) -> Check:
        def look() -> Check:
            states = region_states(self._tower.clients.connection, {"AccountId": account_id})
            governed = self._tower.settings.governed_regions
            missing = [region for region in governed if states.get(region) not in ENABLED]
            return Check(
                name="regions",
                passed=not missing,
                message=f"Regions are not enabled: {', '.join(missing)}"
                if missing
                else "all governed Regions are enabled",
                remedy=f"write `regions: [{', '.join(missing)}]` into the request" if missing else "",
            )

        return _safely("regions", look)

    def _undisturbed(self, account_id: str) -> Check:
        def look() -> Check:
            with self._inside.entered(account_id) as member:
                return _closed_to_us("config") if member is None else self._config(member)

        return _safely("config", look)

    def _config(self, member: Member) -> Check:
        found = [region for region in self._tower.settings.governed_regions if _records(member, region)]
        commands = "aws configservice delete-configuration-recorder --configuration-recorder-name default"
        return Check(
            name="config",
            passed=not found,
            message=f"AWS Config has a recorder or a delivery channel in {', '.join(found)}"
            if found
            else "AWS Config has neither a recorder nor a delivery channel in a governed Region",
            remedy=f"in the account, in each of these Regions: {commands} && aws configservice delete-delivery-channel "
            "--delivery-channel-name default"
            if found
            else "",
        )

    def _sts(self, account_id: str) -> Check:
        """STS cannot be active in a Region that is not enabled, which is another condition, with another remedy."""
        governed = self._tower.settings.governed_regions
        answers = {region: self._inside.gets_credentials_in(account_id, region) for region in governed}
        if None in answers.values():
            return _closed_to_us("sts")
        off = [region for region, is_active in answers.items() if not is_active]
        states = region_states(self._tower.clients.connection, {"AccountId": account_id}) if off else {}
        closed = [region for region in off if states.get(region) in ENABLED]
        return Check(
            name="sts",
            passed=not closed,
            message=f"STS is not active in {', '.join(closed)}"
            if closed
            else "STS is active in all governed Regions that are enabled",
            remedy="activate STS for these Regions in the account's IAM console (Account settings)" if closed else "",
        )


def _state(account: ObservedAccount) -> Check:
    is_active = account.state is AccountState.ACTIVE
    return Check(
        name="state",
        passed=is_active,
        message=f"the account is {account.state}",
        remedy="" if is_active else "wait until it is active, or ask AWS Support why it is not",
    )


def _security(account: ObservedAccount, security_unit: str | None) -> Check:
    unit = account.spec.organizational_unit
    is_in = security_unit is not None and (unit == security_unit or unit.startswith(f"{security_unit}/"))
    return Check(
        name="unit",
        passed=not is_in,
        message=f'the account is in "{unit}"' + (", which is Control Tower's own" if is_in else ""),
        remedy="move it out of the Security unit" if is_in else "",
    )


def _records(member: Member, region: str) -> bool:
    config = member.connection.client_inside("config", region)
    recorders: list[Any] = config.describe_configuration_recorders()["ConfigurationRecorders"]
    return bool(recorders or config.describe_delivery_channels()["DeliveryChannels"])


def _safely(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except (ClientError, BotoCoreError, ServiceError) as error:
        return _unreadable(name, error)


def _closed_to_us(name: str) -> Check:
    return Check(name=name, passed=None, message=f"{_UNREADABLE}: no role lets us into the account")


def _unreadable(name: str, error: Exception) -> Check:
    what = code_of(error) if isinstance(error, ClientError) else type(error).__name__
    return Check(name=name, passed=None, message=f"{_UNREADABLE}: {what}")
