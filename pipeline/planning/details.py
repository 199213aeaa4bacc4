"""What must be read of single accounts before a plan can be made: only what some request names."""

from collections.abc import Mapping

from pipeline.model.account import UNOBSERVED, WantedState
from pipeline.model.account_settings import wanted_regions, wanted_settings
from pipeline.model.observed import Details, ObservedAccount, ObservedState
from pipeline.model.request import AccountRequest, DesiredState
from pipeline.planning.matching import match


def details_wanted(desired: DesiredState, observed: ObservedState, repository: str) -> Mapping[str, Details]:
    """What to read beyond the bulk reads, by account id; accounts that need nothing more are left out.

    Contacts, opt-in Regions and settings that a request names; the tags of every account that would be adopted, because the
    bulk read of tags is eventually consistent. A closed account answers no further questions and is asked none.
    """
    matching = match(desired, observed, repository)
    wanted: dict[str, Details] = {}
    for request in desired.requests:
        account = matching.accounts.get(request.key)
        if isinstance(account, ObservedAccount) and not account.is_closed:
            details = _details(request, adopted=request.key in matching.adoptions)
            if details != Details():
                wanted[account.account_id] = details
    return wanted


def _details(request: AccountRequest, *, adopted: bool) -> Details:
    if request.spec.state is WantedState.CLOSED:
        return Details(tags=adopted)
    contacts = request.spec.contacts
    return Details(
        tags=adopted,
        contacts=frozenset(contacts) if contacts is not UNOBSERVED else frozenset(),
        regions=bool(wanted_regions(request.spec)),
        settings=frozenset(wanted_settings(request.spec)),
    )
