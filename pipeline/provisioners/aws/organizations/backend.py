"""The steps that need no landing zone: each finds its way here, and is checked before it acts."""

from collections.abc import Callable, Mapping
from typing import assert_never

from pipeline.model.observed import Details, ObservedState
from pipeline.model.operation import Facts, Result, Vanished
from pipeline.provisioners.aws.account_settings.changing import ChangingSettings
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.members import Members
from pipeline.provisioners.aws.opt_in_regions import enable
from pipeline.provisioners.aws.organizations.accounts import Accounts
from pipeline.provisioners.aws.organizations.changing import Changing
from pipeline.provisioners.aws.organizations.creating import Creating
from pipeline.provisioners.aws.organizations.details import observe_details
from pipeline.provisioners.aws.organizations.observing import observe
from pipeline.provisioners.aws.organizations.organization import Organization
from pipeline.provisioners.aws.organizations.search import Search
from pipeline.provisioners.aws.translation import GoneError, translated
from pipeline.provisioners.aws.upkeep import Upkeep
from pipeline.provisioners.landing_zone_steps import FactoryStep, GovernedAccountStep
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
    OrganizationStep,
    OutsideStep,
    RemoveTags,
    Rename,
    RequestCreation,
    SetContact,
    SetSetting,
    SetTags,
    WaitForCreation,
)
from pipeline.provisioners.upkeep_steps import UpkeepStep


class OrganizationBackend:
    """AWS Organizations, Account Management, and a role inside each account. Safe to use from many threads.

    `execution_role` is the role that is assumed inside accounts, `created_role` the one that AWS makes in a new account.
    """

    def __init__(self, connection: Connection, *, execution_role: str, created_role: str, repository: str) -> None:
        self._repository = repository
        self.organization = Organization(connection)
        self.accounts = Accounts(self.organization)
        self.changing = Changing(self.organization, self.accounts)
        self.search = Search(self.organization, self.accounts)
        self.members = Members(connection, execution_role=execution_role)
        self._settings = ChangingSettings(self.members)
        self._upkeep = Upkeep(connection, self.accounts)
        self._creating = Creating(connection, self.search, execution_role=created_role)

    def observe(self) -> ObservedState:
        observed = observe(self.organization)
        self.search.roster.remember((account.account_id, account.spec.email) for account in observed.accounts)
        return observed

    def observe_details(self, observed: ObservedState, wanted: Mapping[str, Details]) -> ObservedState:
        detailed = observe_details(self.organization.connection, self.members, observed, wanted)
        return self._upkeep.observe(detailed, wanted)

    def step(self, step: OrganizationStep, facts: Facts) -> Result:
        match step:
            case MakeUnit():
                return self.changing.make_unit(step)
            case RequestCreation():
                return self._creating.request(step, facts)
            case WaitForCreation():
                return self._creating.wait(step, facts)
            case _:
                account_id = account_of(step, facts)
                self.check(step, account_id)
                if isinstance(step, InsideStep):
                    return self._inside_step(step, account_id, facts)
                if isinstance(step, UpkeepStep):
                    return self._upkeep.perform(step, account_id, facts)
                return self._outside_step(step, account_id)

    def check(self, step: AccountStep | FactoryStep | GovernedAccountStep, account_id: str) -> None:
        """The last guard, whatever was planned: never the management account, never somebody else's account."""
        refuse_management(account_id, self.organization.identity.management_account_id)
        refuse_foreign(step, account_id, owner_of(self.accounts.tags(account_id)), self._repository)

    def _inside_step(self, step: InsideStep, account_id: str, facts: Facts) -> Result:
        match step:
            case EnableRegions():
                return enable(self.organization.connection, step, account_id, facts)
            case SetSetting():
                return self._settings.set(step, account_id, facts)
            case _:
                assert_never(step)

    def _outside_step(self, step: OutsideStep, account_id: str) -> Result:  # noqa: PLR0911 - an arm for each step
        match step:
            case Move():
                return self.changing.move(step, account_id)
            case Rename():
                return self.changing.rename(step)
            case Claim():
                return self.changing.claim(step, account_id)
            case SetTags():
                return self.changing.set_tags(step, account_id)
            case RemoveTags():
                return self.changing.remove_tags(step)
            case SetContact():
                return self.changing.set_contact(step, account_id)
            case Close():
                return self.changing.close(step)
            case _:
                assert_never(step)


def performed(step: Callable[[], Result], facts: Facts) -> Result:
    """What a step comes to, with errors of ours.

    What it names and is not there has vanished; an account of this very change may only not be visible yet.
    """
    try:
        with translated():
            return step()
    except GoneError as error:
        if "account_id" in facts:
            raise
        return Vanished(reason=str(error))
