"""The backend itself: every step finds its way here, and is checked before it acts."""

from collections.abc import Mapping
from typing import assert_never

from pipeline.model.change import OrganizationChange
from pipeline.model.observed import Details, ObservedState
from pipeline.model.operation import Facts, Operation, Result, Vanished
from pipeline.provisioners.aws.account_settings.changing import ChangingSettings
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.members import Members
from pipeline.provisioners.aws.opt_in_regions import enable
from pipeline.provisioners.aws.translation import GoneError, translated
from pipeline.provisioners.expansion import expand
from pipeline.provisioners.organizations.accounts import Accounts
from pipeline.provisioners.organizations.changing import Changing
from pipeline.provisioners.organizations.creating import Creating
from pipeline.provisioners.organizations.details import observe_details
from pipeline.provisioners.organizations.observing import observe
from pipeline.provisioners.organizations.organization import Organization
from pipeline.provisioners.organizations.search import Search
from pipeline.provisioners.ownership import owner_of
from pipeline.provisioners.preconditions import account_of, refuse_foreign, refuse_management
from pipeline.provisioners.steps import (
    AccountStep,
    Claim,
    Close,
    EnableRegions,
    InsideStep,
    MakeUnit,
    Move,
    OutsideStep,
    RemoveTags,
    Rename,
    RequestCreation,
    SetContact,
    SetSetting,
    SetTags,
    Step,
    WaitForCreation,
    step_of,
)


class OrganizationsProvisioner:
    """`Provisioner` over AWS Organizations, Account Management, and a role inside each account.

    Safe to use from many threads; made by `connect`.
    """

    def __init__(self, connection: Connection, *, execution_role: str, repository: str) -> None:
        self._repository = repository
        self._organization = Organization(connection)
        self._accounts = Accounts(self._organization)
        self._changing = Changing(self._organization, self._accounts)
        self._search = Search(self._organization, self._accounts)
        self._members = Members(connection, execution_role=execution_role)
        self._settings = ChangingSettings(self._members)
        self._creating = Creating(connection, self._search, execution_role=execution_role)

    def observe(self) -> ObservedState:
        observed = observe(self._organization)
        self._search.roster.remember((account.account_id, account.spec.email) for account in observed.accounts)
        return observed

    def observe_details(self, observed: ObservedState, wanted: Mapping[str, Details]) -> ObservedState:
        return observe_details(self._organization.connection, self._members, observed, wanted)

    def expand(self, change: OrganizationChange) -> tuple[Operation, ...]:
        return expand(change)

    def perform(self, operation: Operation, facts: Facts) -> Result:
        step = step_of(operation)
        try:
            with translated():
                return self._step(step, facts)
        except GoneError as error:
            # An account of this very change may only not be visible yet; another one is gone.
            if "account_id" in facts:
                raise
            return Vanished(reason=str(error))

    def _step(self, step: Step, facts: Facts) -> Result:
        match step:
            case MakeUnit():
                return self._changing.make_unit(step)
            case RequestCreation():
                return self._creating.request(step, facts)
            case WaitForCreation():
                return self._creating.wait(step, facts)
            case _:
                account_id = account_of(step, facts)
                self._check(step, account_id)
                if isinstance(step, InsideStep):
                    return self._inside_step(step, account_id, facts)
                return self._outside_step(step, account_id)

    def _inside_step(self, step: InsideStep, account_id: str, facts: Facts) -> Result:
        match step:
            case EnableRegions():
                return enable(self._organization.connection, step, account_id, facts)
            case SetSetting():
                return self._settings.set(step, account_id, facts)
            case _:
                assert_never(step)

    def _check(self, step: AccountStep, account_id: str) -> None:
        """The last guard, whatever was planned: never the management account, never somebody else's account."""
        refuse_management(account_id, self._organization.identity.management_account_id)
        refuse_foreign(step, account_id, owner_of(self._accounts.tags(account_id)), self._repository)

    def _outside_step(self, step: OutsideStep, account_id: str) -> Result:  # noqa: PLR0911 - an arm for each step
        match step:
            case Move():
                return self._changing.move(step, account_id)
            case Rename():
                return self._changing.rename(step)
            case Claim():
                return self._changing.claim(step)
            case SetTags():
                return self._changing.set_tags(step)
            case RemoveTags():
                return self._changing.remove_tags(step)
            case SetContact():
                return self._changing.set_contact(step, account_id)
            case Close():
                return self._changing.close(step)
            case _:
                assert_never(step)
