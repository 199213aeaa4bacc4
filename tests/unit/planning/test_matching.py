"""Which account is a request's account."""

import pytest

from pipeline.model.account import AccountState, WantedState
from pipeline.model.change import FieldChange
from pipeline.model.finding import Location
from pipeline.model.observed import CreationInFlight
from pipeline.model.request import AccountRequest, DesiredState
from pipeline.planning.matching import Matching, match
from tests.builders import MANAGEMENT, REPOSITORY, a_desired, a_request, a_state, account_id_of, an_account, unowned


def matched(matching: Matching) -> dict[str, str | None]:
    return {key: getattr(found, "account_id", None) for key, found in matching.accounts.items()}


def rules(matching: Matching) -> list[str]:
    return [finding.rule for finding in matching.findings]


def test_the_account_id_of_a_request_comes_first() -> None:
    state = a_state(an_account("web", account_id="000000000001"), unowned("other", account_id="000000000002"))
    found = match(a_desired(a_request("web", account_id="000000000002")), state, REPOSITORY)
    assert matched(found) == {"web": "000000000002"}
    assert [each.account_id for each in found.orphans] == ["000000000001"]


def test_the_ownership_tag_comes_before_the_address() -> None:
    state = a_state(an_account("web", email="aws+old@example.com"), unowned("x", email="aws+web@example.com"))
    assert matched(match(a_desired(a_request("web")), state, REPOSITORY)) == {"web": account_id_of("web")}


def test_an_address_matches_in_any_case_of_letters() -> None:
    state = a_state(unowned("web", email="AWS+Web@Example.com"))
    assert matched(match(a_desired(a_request("web")), state, REPOSITORY)) == {"web": account_id_of("web")}


def test_a_creation_in_flight_of_the_same_name_is_the_request_s() -> None:
    flight = CreationInFlight(request_id="car-1", name="web")
    found = match(a_desired(a_request("web"), a_request("db")), a_state(creations=(flight,)), REPOSITORY)
    assert found.accounts == {"web": flight, "db": None}


def test_one_creation_in_flight_is_not_shared_by_two_requests_of_one_name() -> None:
    flight = CreationInFlight(request_id="car-1", name="web")
    requests = (a_request("a", name="web"), a_request("b", name="web"))
    assert match(a_desired(*requests), a_state(creations=(flight,)), REPOSITORY).accounts == {"a": flight, "b": None}


@pytest.mark.parametrize(
    ("account", "before"),
    [
        (unowned("web"), None),
        (an_account("web", owner="old-name"), {"request": "old-name", "repository": REPOSITORY}),
        (an_account("web", repository=None), {"request": "web", "repository": None}),
        (an_account("web", owner=None), {"request": None, "repository": REPOSITORY}),
    ],
    ids=["adoption", "renamed file", "lost repository tag", "lost key tag"],
)
def test_a_match_without_our_tags_changes_the_ownership(account, before) -> None:  # noqa: ANN001 - rows of the table
    found = match(a_desired(a_request("web")), a_state(account), REPOSITORY)
    after = {"request": "web", "repository": REPOSITORY}
    assert found.adoptions == {"web": FieldChange(path=("ownership",), before=before, after=after)}


def test_a_match_with_our_tags_changes_no_ownership() -> None:
    assert match(a_desired(a_request("web")), a_state(an_account("web")), REPOSITORY).adoptions == {}


def test_an_account_id_outside_the_organization_is_an_error_where_it_is_written() -> None:
    written = Location("account-requests/web.yaml", 7, 13)
    request = AccountRequest(
        key="web", spec=a_request("web").spec, account_id="999999999999", origins={("account_id",): written}
    )
    (finding,) = match(a_desired(request), a_state(unowned("web")), REPOSITORY).findings
    assert (finding.rule, finding.location, finding.attribute) == ("account-not-found", written, "account_id")
    assert '"999999999999"' in finding.message


@pytest.mark.parametrize(
    ("request_", "account", "rule"),
    [
        (a_request("web"), an_account("web", repository="theirs"), "foreign-account"),
        (a_request("web", account_id=account_id_of("x")), an_account("x", repository="theirs"), "foreign-account"),
        (a_request("web", account_id=MANAGEMENT), unowned("x"), "management-account"),
        (a_request("web", email="aws+management@example.com"), unowned("x"), "management-account"),
    ],
)
def test_what_is_not_ours_is_refused(request_, account, rule: str) -> None:  # noqa: ANN001 - rows of the table
    found = match(a_desired(request_), a_state(account), REPOSITORY)
    assert rules(found) == [rule]
    assert found.accounts == {}


def test_the_tag_s_own_key_wins_over_another_request() -> None:
    requests = (a_request("thief", account_id=account_id_of("web")), a_request("web"))
    found = match(a_desired(*requests), a_state(an_account("web")), REPOSITORY)
    assert matched(found) == {"web": account_id_of("web")}
    assert rules(found) == ["account-of-another-request"]
    assert found.findings[0].location.file == "account-requests/thief.yaml"


def test_an_account_whose_tag_names_another_request_is_refused_even_if_that_request_has_another_account() -> None:
    requests = (a_request("thief", account_id=account_id_of("web")), a_request("web", account_id=account_id_of("x")))
    found = match(a_desired(*requests), a_state(an_account("web"), unowned("x")), REPOSITORY)
    assert matched(found) == {"web": account_id_of("x")}
    assert rules(found) == ["account-of-another-request"]


def test_the_account_id_wins_over_an_address() -> None:
    requests = (a_request("a", email="aws+web@example.com"), a_request("b", account_id=account_id_of("web")))
    found = match(a_desired(*requests), a_state(unowned("web")), REPOSITORY)
    assert matched(found) == {"b": account_id_of("web")}
    assert rules(found) == ["account-of-another-request"]


def test_two_equal_claims_both_fail() -> None:
    requests = (a_request("a", account_id=account_id_of("web")), a_request("b", account_id=account_id_of("web")))
    found = match(a_desired(*requests), a_state(unowned("web")), REPOSITORY)
    assert found.accounts == {}
    assert rules(found) == ["account-of-another-request"] * 2
    assert found.unmanaged == ()


def test_rivals_are_named_in_one_order_whatever_the_order_of_requests() -> None:
    requests = tuple(a_request(key, account_id=account_id_of("web")) for key in "abc")
    state = a_state(unowned("web"))
    found = match(DesiredState(requests=requests), state, REPOSITORY)
    assert found == match(DesiredState(requests=requests[::-1]), state, REPOSITORY)
    assert '"b", "c"' in found.findings[0].message


def test_two_open_accounts_with_one_key_are_an_error_until_the_request_chooses() -> None:
    state = a_state(
        an_account("web", account_id="000000000001"),
        an_account("web", account_id="000000000002", email="aws+web2@example.com"),
    )
    found = match(a_desired(a_request("web")), state, REPOSITORY)
    assert rules(found) == ["ownership-ambiguous"]
    assert "000000000001" in found.findings[0].message
    assert "000000000002" in found.findings[0].message
    chosen = match(a_desired(a_request("web", account_id="000000000002")), state, REPOSITORY)
    assert (matched(chosen), chosen.findings) == ({"web": "000000000002"}, ())


def test_our_repository_s_tag_comes_before_one_that_lost_its_repository() -> None:
    state = a_state(
        an_account("web", account_id="000000000001", repository=None),
        an_account("web", account_id="000000000002", email="aws+web2@example.com"),
    )
    assert matched(match(a_desired(a_request("web")), state, REPOSITORY)) == {"web": "000000000002"}


def test_a_new_address_asks_for_a_new_account_in_place_of_a_closed_one() -> None:
    closed = an_account("web", account_id="000000000001", state=AccountState.CLOSED, email="aws+old@example.com")
    found = match(a_desired(a_request("web")), a_state(closed), REPOSITORY)
    assert found.accounts == {"web": None}
    successor = an_account("web", account_id="000000000002")
    assert matched(match(a_desired(a_request("web")), a_state(closed, successor), REPOSITORY)) == {
        "web": "000000000002"
    }


def test_a_closed_account_stays_the_request_s_while_the_address_is_the_same_or_closing_is_asked_for() -> None:
    closed = an_account("web", state=AccountState.CLOSED)
    assert matched(match(a_desired(a_request("web")), a_state(closed), REPOSITORY)) == {"web": account_id_of("web")}
    request = a_request("web", email="aws+new@example.com", state=WantedState.CLOSED)
    assert matched(match(a_desired(request), a_state(closed), REPOSITORY)) == {"web": account_id_of("web")}


def test_bystanders_are_told_apart_and_others_are_not_our_business() -> None:
    state = a_state(
        an_account("gone"),
        unowned("nobody"),
        an_account("foreign", repository="theirs"),
        an_account("half", owner=None),
    )
    found = match(a_desired(), state, REPOSITORY)
    assert [each.key for each in found.orphans] == ["gone"]
    assert {each.name for each in found.unmanaged} == {"nobody", "half"}
