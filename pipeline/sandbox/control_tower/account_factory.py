"""What Service Catalog calls when a product of Account Factory is provisioned, updated or terminated.

https://docs.aws.amazon.com/controltower/latest/userguide/account-factory.html
https://docs.aws.amazon.com/controltower/latest/userguide/provision-as-end-user.html
An operation takes the account through Organizations, then its baseline is under change, then it has ended.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from pipeline.sandbox.control_tower import enrolment, events
from pipeline.sandbox.control_tower.inside import EXECUTION_ROLE, has_default_vpc
from pipeline.sandbox.control_tower.landing_zone import LandingZone
from pipeline.sandbox.control_tower.records import (
    AccountOperation,
    EnabledBaseline,
    Family,
    Operation,
    Standing,
    Status,
    Step,
)
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID, Call
from pipeline.sandbox.organizations.creation import create_account
from pipeline.sandbox.records import IN_PROGRESS, Account, Unit
from pipeline.sandbox.service import Refusal, service_model
from pipeline.sandbox.validation import problems

CONCURRENT: Final = 5
"""Account operations at once. https://docs.aws.amazon.com/controltower/latest/userguide/limits.html"""
BUSY: Final = (
    "Account Factory cannot complete an operation on this account, because another AWS Control Tower operation is in "
    "progress. Try again later."
)
_LONG_FORM: Final = re.compile(r"(?P<name>.{1,128})\s\((?P<id>ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})\)")


class AccountFactoryRefusal(Exception):  # noqa: N818 - an answer of the imitated service, not a failure of ours
    """The operation is not begun; the text is AWS's. Service Catalog tells it as InvalidParametersException."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What an operation is to reach: an account in a unit. `event` is what is told when it has ended."""

    name: str
    unit: Unit
    baseline: EnabledBaseline
    event: str
    needs_role: bool = False


class AccountFactory:
    """The account workflow of a landing zone. All state is the landing zone's; hold the organization's lock."""

    def __init__(self, zone: LandingZone) -> None:
        self._zone = zone
        self._organization = zone.organization

    def provision(self, *, email: str, name: str, unit: str, sso_user: Mapping[str, str]) -> str:
        """Create the account, or enrol the member that has exactly this address; the id of the operation.

        `unit` is as it was sent: `Name (ou-id)`, or the name of a unit beneath the root. `sso_user` belongs to Service
        Catalog's side. Raises `AccountFactoryRefusal`.
        """
        del sso_user
        self._refuse_when_busy()
        found, baseline = self._unit(unit)
        account = self._organization.latest.accounts.get(self._organization.account_by_email.get(email.lower(), ""))
        if account is not None and account.email == email:
            self._refuse_managed(account)
            event = "UpdateManagedAccount" if self._failed_before(account) else "CreateManagedAccount"
            wanted = _Wanted(name=account.name, unit=found, baseline=baseline, event=event, needs_role=True)
            operation = self._zone.start("ENROLL_ACCOUNT", Family.ACCOUNT, email, account.id)
            self._baseline(operation, wanted)
            return operation.id
        wanted = _Wanted(name=name, unit=found, baseline=baseline, event="CreateManagedAccount")
        operation = self._zone.start("CREATE_ACCOUNT", Family.ACCOUNT, email)
        self._create(operation, wanted, email)
        return operation.id

    def update(self, account_id: str, *, unit: str, sso_user: Mapping[str, str]) -> str:
        """Move the account to the unit, or leave it there, and set up its baseline anew; the id of the operation.

        Raises `AccountFactoryRefusal`.
        """
        del sso_user
        self._refuse_when_busy()
        account = self._organization.latest.accounts.get(account_id)
        if account is None:
            raise AccountFactoryRefusal(f"Account {account_id} is not in the organization.")
        self._refuse_when_changing(account_id)
        found, baseline = self._unit(unit)
        if self._zone.is_shared(account_id):
            raise AccountFactoryRefusal(f"Account {account_id} is a shared account; it cannot be moved.")
        is_managed = self._zone.on(account_id) is not None
        wanted = _Wanted(
            name=account.name,
            unit=found,
            baseline=baseline,
            event="UpdateManagedAccount",
            needs_role=not is_managed,
        )
        operation = self._zone.start("UPDATE_ACCOUNT", Family.ACCOUNT, account.email, account_id)
        self._baseline(operation, wanted)
        return operation.id

    def terminate(self, account_id: str) -> str:
        """Un-manage the account: it moves to the root and loses Control Tower's role and baseline; the operation's id.

        Nothing is left to do for an account that is not in the organization. Raises `AccountFactoryRefusal`.
        """
        others = self._zone.running(Family.ACCOUNT)
        if self._is_blocked() or any(
            each.kind == "TERMINATE_ACCOUNT" or each.account_id == account_id for each in others
        ):
            raise AccountFactoryRefusal(BUSY)
        if self._zone.is_shared(account_id):
            raise AccountFactoryRefusal(f"Account {account_id} is a shared account; it cannot be un-managed.")
        operation = self._zone.start("TERMINATE_ACCOUNT", Family.ACCOUNT, account_id, account_id)

        def end(at: float) -> None:
            error = self._zone.strike(Step.UN_MANAGE)
            if not error:
                enrolment.un_manage(self._zone, account_id, at, to_root=True)
            self._zone.end(operation, at, error)

        self._zone.later(self._organization.options.baseline_delay, end)
        return operation.id

    def operation(self, operation_id: str) -> AccountOperation:
        """How far an operation is. Raises `LookupError` for one that there is not."""
        known = self._zone.operations[operation_id]
        return AccountOperation(status=known.status.value, account_id=known.account_id, error=known.message)

    def is_tainted(self, account_id: str) -> bool:
        """Whether the account's product is not as it was provisioned: it left the organization, or has a default VPC again.

        https://docs.aws.amazon.com/controltower/latest/userguide/troubleshooting.html
        """
        vpcs = [each for each in self._zone.added_vpcs if each[0] == account_id]
        return account_id in self._zone.removed or any(has_default_vpc(*each) for each in vpcs)

    def _is_blocked(self) -> bool:
        return bool(self._zone.running(Family.LANDING_ZONE, Family.BASELINE, Family.CONTROL))

    def _refuse_when_busy(self) -> None:
        if self._is_blocked() or len(self._zone.running(Family.ACCOUNT)) >= CONCURRENT:
            raise AccountFactoryRefusal(BUSY)
        if self._zone.is_blocked:
            text = "AWS Control Tower cannot complete the operation, because your landing zone is in a state of drift."
            raise AccountFactoryRefusal(f"{text} Reset your landing zone, and try again.")

    def _refuse_when_changing(self, account_id: str) -> None:
        if any(each.account_id == account_id for each in self._zone.running(Family.ACCOUNT)):
            raise AccountFactoryRefusal(BUSY)

    def _refuse_managed(self, account: Account) -> None:
        self._refuse_when_changing(account.id)
        child = self._zone.on(account.id)
        is_enrolled = child is not None and child.standing is not Standing.FAILED
        if is_enrolled or account.id == MANAGEMENT_ID or self._zone.is_shared(account.id):
            text = f"Account {account.id} with the email {account.email} is managed by AWS Control Tower already."
            raise AccountFactoryRefusal(text)

    def _failed_before(self, account: Account) -> bool:
        """Whether the account is there because its creation failed half way: the next try is told as an update.

        https://docs.aws.amazon.com/controltower/latest/userguide/lifecycle-events.html
        """
        mine = (each for each in self._zone.operations.values() if each.account_id == account.id)
        return any(each.kind == "CREATE_ACCOUNT" and each.status is Status.FAILED for each in mine)

    def _unit(self, sent: str) -> tuple[Unit, EnabledBaseline]:
        """The unit that is meant, and its baseline."""
        units = self._organization.latest.units
        long_form = _LONG_FORM.fullmatch(sent)
        if long_form is not None:
            unit = units.get(long_form["id"])
            unit = unit if unit is not None and unit.name == long_form["name"] else None
        else:
            unit = next((each for each in units.children(ROOT_ID) if each.name == sent), None)
        baseline = None if unit is None else self._zone.on(unit.id)
        if unit is None or baseline is None or not self._zone.is_registered(unit):
            text = f"The parent organizational unit '{sent}' is not enrolled in AWS Control Tower."
            raise AccountFactoryRefusal(text)
        if self._zone.is_outdated(unit):
            text = f"The parent organizational unit '{sent}' requires a baseline update."
            raise AccountFactoryRefusal(f"{text} Re-register the organizational unit, and try again.")
        return unit, baseline

    def _create(self, operation: Operation, wanted: _Wanted, email: str) -> None:
        """Let Organizations create the account, and follow it."""
        parameters = {"Email": email, "AccountName": wanted.name, "RoleName": EXECUTION_ROLE}
        delay = self._organization.options.creation_delay
        if failure := self._zone.strike(Step.CREATE_ACCOUNT) or _invalid(parameters):
            self._zone.later(delay, lambda at: self._end(operation, wanted, at, failure))
            return
        call = Call(self._organization, MANAGEMENT_ID, self._zone.settings.home_region, self._organization.latest)
        try:
            status = create_account(call, parameters)["CreateAccountStatus"]
        except Refusal as refusal:
            message = refusal.message
            self._zone.later(0, lambda at: self._end(operation, wanted, at, message))
            return
        self._zone.later(delay, partial(self._created, operation, wanted, str(status["Id"])))

    def _created(self, operation: Operation, wanted: _Wanted, creation_id: str, at: float) -> None:
        creation = self._organization.latest.creations.get(creation_id)
        if creation is None or creation.state == IN_PROGRESS:
            self._zone.later(1, partial(self._created, operation, wanted, creation_id), at)
        elif creation.account_id is None:
            text = f"AWS Control Tower could not create the account: {creation.failure_reason}."
            self._end(operation, wanted, at, text)
        else:
            self._baseline(self._zone.know_account(operation, creation.account_id), wanted, at)

    def _baseline(self, operation: Operation, wanted: _Wanted, since: float | None = None) -> None:
        """Put the account where it belongs, and begin its baseline; or end here, before anything is changed."""
        zone, start = self._zone, self._organization.clock.monotonic() if since is None else since
        account = self._organization.latest.accounts.get(operation.account_id or "")
        failure = zone.strike(Step.EXECUTION_ROLE)
        if account is None:
            failure = f"Account {operation.account_id} is not in the organization."
        elif not failure:
            failure = enrolment.problem(zone, account, needs_role=wanted.needs_role)
        if failure or account is None:
            zone.later(0, lambda at: self._end(operation, wanted, at, failure), since)
            return
        enrolment.begin(zone, zone.move(account, wanted.unit.id, start), wanted.baseline, operation.id)
        account_id = account.id
        event = "EnableBaseline" if wanted.event.startswith("Create") else "UpdateEnabledBaseline"

        def end(at: float) -> None:
            self._end(operation, wanted, at, enrolment.finish(zone, account_id, event, at))

        zone.later(self._organization.options.baseline_delay, end, since)

    def _end(self, operation: Operation, wanted: _Wanted, at: float, error: str) -> None:
        ended = self._zone.end(operation, at, error)
        account = {"accountName": wanted.name}
        if ended.account_id is not None:
            account["accountId"] = ended.account_id
        unit = {"organizationalUnitName": wanted.unit.name, "organizationalUnitId": wanted.unit.id}
        events.managed_account(self._zone, wanted.event, ended, account, unit)


def _invalid(parameters: Mapping[str, str]) -> str:
    """What Organizations would not take."""
    shape = service_model("organizations").operation_model("CreateAccount").input_shape
    return "; ".join(each.message for each in problems(shape, parameters)) if shape else ""
