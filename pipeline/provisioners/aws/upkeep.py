"""What AWS keeps about accounts outside of them: read where it is asked for, and changed step by step."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import assert_never

from pipeline.model.access import access_json, principals_of
from pipeline.model.account import AccountState
from pipeline.model.observed import Details, ObservedAccount, ObservedState
from pipeline.model.operation import Facts, Result
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.contact_information import read_contact_information, set_contact_information
from pipeline.provisioners.aws.email_updates import EmailUpdates
from pipeline.provisioners.aws.identity_center.assignments import Assignments
from pipeline.provisioners.aws.identity_center.directory import THREADS
from pipeline.provisioners.aws.organizations.accounts import Accounts
from pipeline.provisioners.aws.translation import translated
from pipeline.provisioners.upkeep_steps import (
    AcceptEmailUpdate,
    AssignAccess,
    RemoveAccess,
    SetContactInformation,
    StartEmailUpdate,
    UpkeepStep,
)


class Upkeep:
    """Safe to use from many threads."""

    def __init__(self, connection: Connection, accounts: Accounts) -> None:
        self._connection = connection
        self._emails = EmailUpdates(connection, accounts)
        self.assignments = Assignments(connection)

    def observe(self, observed: ObservedState, wanted: Mapping[str, Details]) -> ObservedState:
        """`observed` with what is wanted in addition, read concurrently. Raises `ServiceError`.

        Of accounts that are not active nothing is read, and nothing of the management account: nobody asks for it.
        """
        asked = [assignment for each in wanted.values() for assignment in each.access or ()]
        reads_access = any(each.access is not None for each in wanted.values())
        with translated():
            center = self.assignments.directory.answer(principals_of(asked)) if reads_access else None
            can_read = center is not None and center.is_there

            def completed(account: ObservedAccount) -> ObservedAccount:
                details = wanted.get(account.account_id)
                if details is None or account.state is not AccountState.ACTIVE:
                    return account
                return self._complete(account, details, reads_access=can_read)

            with ThreadPoolExecutor(THREADS, "upkeep") as pool:
                accounts = tuple(pool.map(completed, observed.accounts))
        return replace(observed, accounts=accounts, identity_center=center or observed.identity_center)

    def perform(self, step: UpkeepStep, account_id: str, facts: Facts) -> Result:
        match step:
            case SetContactInformation():
                return set_contact_information(self._connection, step, account_id)
            case StartEmailUpdate():
                return self._emails.start(step)
            case AcceptEmailUpdate():
                return self._emails.accept(step)
            case AssignAccess():
                return self.assignments.assign(step, account_id, facts)
            case RemoveAccess():
                return self.assignments.remove(step, account_id, facts)
            case _:
                assert_never(step)

    def _complete(self, account: ObservedAccount, details: Details, *, reads_access: bool) -> ObservedAccount:
        spec, account_id = account.spec, account.account_id
        if details.contact_information:
            information = read_contact_information(self._connection, {"AccountId": account_id})
            spec = replace(spec, contact_information=information)
        if details.access is not None and reads_access:
            found = self.assignments.read(account_id)
            spec = replace(spec, access=tuple(access_json(each, ours=found[each]) for each in sorted(found)))
        account = replace(account, spec=spec)
        return replace(account, email_update=self._emails.read(account_id)) if details.email else account
