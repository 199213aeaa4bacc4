"""Looking for what an earlier request to create may have led to: an account, or a creation under way.

`CreateAccount` takes no token, so nothing tells AWS that two calls are one. What makes a repeated request harmless, in this
order: the account may be there (by its address in the run's listing, by its ownership tags), a creation of that name may be
under way, and, at last, AWS creates no second account with one address.
"""

import threading
from enum import Enum

from pipeline.errors import PermanentServiceError
from pipeline.provisioners.aws.organizations.accounts import Accounts
from pipeline.provisioners.aws.organizations.observing import creations_in_flight, list_accounts
from pipeline.provisioners.aws.organizations.organization import Organization
from pipeline.provisioners.aws.organizations.roster import Roster
from pipeline.provisioners.aws.organizations.settling import settle
from pipeline.provisioners.aws.organizations.tags import owned_by
from pipeline.provisioners.aws.translation import GoneError
from pipeline.provisioners.ownership import NOBODY, Owner, owner_of
from pipeline.provisioners.steps import RequestCreation, WaitForCreation

Wanted = RequestCreation | WaitForCreation


class Whose(Enum):
    """What an account is to a request that wants to create one."""

    OURS = "ours"
    ABSENT = "absent"
    """Not there, or not visible yet."""
    UNMARKED = "unmarked"
    """It has the address and no ownership tags, or none yet."""
    FOREIGN = "foreign"
    """It has the address and belongs to another request."""
    MOVED_ON = "moved on"
    """It belongs to this request, with another address."""
    STRANGER = "stranger"


class Search:
    """Safe to use from many threads."""

    def __init__(self, organization: Organization, accounts: Accounts) -> None:
        self._connection = organization.connection
        self._accounts = accounts
        self._lock = threading.Lock()
        self._emails: dict[str, str] = {}
        self.roster = Roster(
            lambda: ((each["Id"], each.get("Email", "")) for each in list_accounts(self._connection)),
            self._connection.clock,
        )

    def remember(self, creation: str, wanted: Wanted) -> None:
        """This creation is of this address; AWS tells only the name of it."""
        with self._lock:
            self._emails[creation] = wanted.email.casefold()

    def account(self, wanted: Wanted, *, since: float | None = None) -> str | None:
        """The account of this request, if it is there: one call, and two for each account that looks like it.

        `since`: by a listing from that moment on instead of the run's first, and an account without ownership tags is one
        whose tags are not visible yet. Raises `PermanentServiceError` if the address belongs to an account of this
        organization that is not this request's.
        """
        listed = self.roster.find(wanted.email) if since is None else self.roster.find_again(wanted.email, since)
        tagged = owned_by(self._connection.tagging, key=wanted.key, repository=wanted.repository)
        for candidate in dict.fromkeys([*([listed] if listed else []), *tagged]):
            whose = self.whose(candidate, wanted)
            if not (since is not None and whose is Whose.UNMARKED) and self._accept(candidate, whose, wanted):
                return candidate
        return None

    def arrived(self, account_id: str, wanted: Wanted) -> bool:
        """Whether an account that AWS says it has created is this request's; waits until it is visible, tags included."""

        def look() -> Whose | None:
            whose = self.whose(account_id, wanted)
            return None if whose in {Whose.ABSENT, Whose.UNMARKED} else whose

        unsettled = f'account "{account_id}": it is created, and not visible yet with its ownership tags'
        return self._accept(account_id, settle(self._connection.clock, look, unsettled), wanted)

    def whose(self, account_id: str, wanted: Wanted) -> Whose:
        seen = self._accounts.see_if_there(account_id)
        if seen is None:
            return Whose.ABSENT
        owner = owner_of(self._accounts.tags(account_id))
        ours = owner == Owner(key=wanted.key, repository=wanted.repository)
        if seen.email.casefold() == wanted.email.casefold():
            return Whose.OURS if ours else Whose.UNMARKED if owner == NOBODY else Whose.FOREIGN
        return Whose.MOVED_ON if ours else Whose.STRANGER

    def creation(self, wanted: Wanted, *, besides: str | None = None) -> tuple[str, bool] | None:
        """A creation of that name under way, and whether it is known to be of that address; one call."""
        flying = creations_in_flight(self._connection)
        with self._lock:
            emails = {each.request_id: self._emails.get(each.request_id) for each in flying}
        named = [each.request_id for each in flying if each.name == wanted.name and each.request_id != besides]
        known = [(each, True) for each in named if emails[each] == wanted.email.casefold()]
        unknown = [(each, False) for each in named if emails[each] is None]
        return next(iter([*known, *unknown]), None)

    def _accept(self, account_id: str, whose: Whose, wanted: Wanted) -> bool:
        if whose in {Whose.UNMARKED, Whose.FOREIGN}:
            raise PermanentServiceError(
                f'account "{account_id}": it has the address "{wanted.email}" and is not marked as request "{wanted.key}"',
                hint="plan again: an account that is nobody's is shown as an adoption; for another's, choose another address",
            )
        if whose is Whose.MOVED_ON:
            raise GoneError(
                f'request "{wanted.key}": account "{account_id}" belongs to it already, with another address'
            )
        return whose is Whose.OURS
