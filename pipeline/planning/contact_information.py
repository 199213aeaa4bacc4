"""How the primary contact of an account differs from its request. It is one value: what a request does not name is removed."""

from collections.abc import Iterator, Mapping

from pipeline.model.account import Unobserved
from pipeline.model.change import FieldChange
from pipeline.model.json import Json
from pipeline.model.observed import ObservedAccount
from pipeline.model.request import AccountRequest

PATH = ("contact_information",)


def contact_information_change(request: AccountRequest, account: ObservedAccount) -> Iterator[FieldChange]:
    wanted, observed = request.spec.contact_information, account.spec.contact_information
    if isinstance(wanted, Unobserved) or isinstance(observed, Unobserved) or dict(wanted) == dict(observed):
        return
    yield FieldChange(path=PATH, before=_before(observed), after=dict(wanted))


def unread_contact_information(request: AccountRequest, account: ObservedAccount) -> bool:
    """Whether the request asks for it and nobody has read it."""
    wanted, observed = request.spec.contact_information, account.spec.contact_information
    return not isinstance(wanted, Unobserved) and isinstance(observed, Unobserved)


def _before(observed: Mapping[str, Json]) -> Json:
    return dict(observed) or None
