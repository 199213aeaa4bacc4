"""What is read of single accounts."""

from pipeline.model.account import AccountState, ContactType, WantedState
from pipeline.model.observed import Details
from pipeline.planning.details import details_wanted
from tests.builders import REPOSITORY, a_contact, a_desired, a_request, a_state, account_id_of, an_account, unowned


def wanted(request, *accounts) -> dict[str, Details]:  # noqa: ANN001, ANN002 - builders' values
    return dict(details_wanted(a_desired(request), a_state(*accounts), REPOSITORY))


def test_nothing_is_read_of_an_account_whose_request_names_nothing() -> None:
    assert wanted(a_request("web"), an_account("web"), unowned("other")) == {}


def test_contacts_and_regions_are_read_where_the_request_names_them() -> None:
    request = a_request("web", contacts={ContactType.SECURITY: a_contact()}, regions=("eu-south-2",))
    details = Details(contacts=frozenset({ContactType.SECURITY}), regions=True)
    assert wanted(request, an_account("web")) == {account_id_of("web"): details}


def test_tags_are_read_again_before_an_adoption_or_a_change_of_key() -> None:
    for account in (unowned("web"), an_account("web", owner="old"), an_account("web", repository=None)):
        assert wanted(a_request("web"), account) == {account_id_of("web"): Details(tags=True)}
    closing = a_request("web", state=WantedState.CLOSED, contacts={ContactType.SECURITY: a_contact()})
    assert wanted(closing, unowned("web")) == {account_id_of("web"): Details(tags=True)}


def test_a_closed_account_is_not_asked() -> None:
    request = a_request("web", contacts={ContactType.SECURITY: a_contact()})
    assert wanted(request, unowned("web", state=AccountState.CLOSED)) == {}


def test_a_request_without_an_account_needs_no_reading() -> None:
    assert wanted(a_request("web", contacts={ContactType.SECURITY: a_contact()})) == {}
