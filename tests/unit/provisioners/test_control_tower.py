"""What the backend for Control Tower decides by itself, on values: products, texts, parameters, tokens, versions."""

import re
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.landing_zone import Product
from pipeline.provisioners.aws.organizations.failures import FAILURES, Way
from pipeline.provisioners.control_tower.clients import Clients
from pipeline.provisioners.control_tower.control_catalog import ControlCatalog
from pipeline.provisioners.control_tower.decision import Decision, decide
from pipeline.provisioners.control_tower.factory import Artifact, Factory, is_principal
from pipeline.provisioners.control_tower.following import poll_delay
from pipeline.provisioners.control_tower.requests import (
    new_parameters,
    token,
    unit_parameter,
    updated_parameters,
    user_of,
)
from pipeline.provisioners.control_tower.texts import TEXTS, UNKNOWN, Outcome, as_error, meaning
from pipeline.provisioners.control_tower.zone import fitting_version

USER = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"}
SIX = {
    "AccountEmail",
    "AccountName",
    "ManagedOrganizationalUnit",
    "SSOUserEmail",
    "SSOUserFirstName",
    "SSOUserLastName",
}
ROLE = "arn:aws:iam::111122223333:role/vending/account-vending-apply"


def product(status: str, *, has_succeeded: bool = True) -> Product:
    return Product(product_id="pp-1", name="billing", status=status, has_succeeded=has_succeeded)


class TestDeciding:
    """One test for each row of the table."""

    @pytest.mark.parametrize(
        ("seen", "account_exists", "expected"),
        [
            (None, False, Decision.PROVISION),
            (None, True, Decision.ENROLL),
            (product("UNDER_CHANGE"), False, Decision.WAIT),
            (product("UNDER_CHANGE", has_succeeded=False), True, Decision.WAIT),
            (product("PLAN_IN_PROGRESS"), True, Decision.WAIT),
            (product("AVAILABLE"), True, Decision.USE),
            (product("TAINTED"), True, Decision.USE_WITH_CARE),
            (product("ERROR", has_succeeded=False), False, Decision.REPLACE),
            (product("TAINTED", has_succeeded=False), False, Decision.REPLACE),
            (product("ERROR", has_succeeded=False), True, Decision.ASK),
            (product("TAINTED", has_succeeded=False), True, Decision.ASK),
            (product("ERROR"), True, Decision.ASK),
            (product("A_STATUS_OF_TOMORROW"), False, Decision.ASK),
        ],
    )
    def test_each_state_has_its_answer(self, seen: Product | None, expected: Decision, *, account_exists: bool) -> None:
        assert decide(seen, account_exists=account_exists) is expected


class TestTexts:
    """AWS tells refusals and failures as text: one row for each."""

    @pytest.mark.parametrize(
        ("text", "outcome"),
        [
            (
                (
                    "Account Factory cannot complete an operation on this account, because another AWS Control Tower operation "
                    "is in progress. Try again later."
                ),
                Outcome.BUSY,
            ),
            (
                (
                    "ResourceInUseException Account Factory cannot create this enrolled account right now, because another "
                    "execution is in progress"
                ),
                Outcome.BUSY,
            ),
            (
                "AWS Organizations can't complete your request because another request is already in progress. Try again later",
                Outcome.BUSY,
            ),
            ("ResourceInUseException: the product is in use", Outcome.BUSY),
            ("A stack named billing-0a1b2c3d4e already exists", Outcome.TAKEN),
            ("A provisioned product named billing-0a1b2c3d4e already exists.", Outcome.TAKEN),
            ("No launch paths found for resource: prod-abcdefghijklm", Outcome.PERSON),
            (
                "The parent organizational unit 'Workloads/Prod' is not enrolled in AWS Control Tower.",
                Outcome.REQUEST,
            ),
            ("The parent organizational unit 'Prod (ou-1)' requires a baseline update.", Outcome.REQUEST),
            (
                "AWS Control Tower could not baseline VPC in the managed account because of existing resource dependencies.",
                Outcome.REQUEST,
            ),
            (
                "AWS Control Tower is unable to assume the AWSControlTowerExecution role in the account.",
                Outcome.REQUEST,
            ),
            (
                (
                    "AWS Control Tower cannot enroll account 1 because it has an existing AWS Config configuration recorder or "
                    "delivery channel in eu-west-1."
                ),
                Outcome.REQUEST,
            ),
            ("Account 310000000001 is suspended. Reactivate or remove the account, and try again.", Outcome.REQUEST),
            ("Account 310000000001 with the email a@b.c is managed by AWS Control Tower already.", Outcome.REQUEST),
            (
                "AWS Control Tower cannot complete the operation, because your landing zone is in a state of drift.",
                Outcome.PERSON,
            ),
            ("The email address is already in use.", Outcome.REQUEST),
            ("something that AWS says tomorrow", Outcome.REQUEST),
        ],
    )
    def test_each_text_has_its_outcome_and_its_hint(self, text: str, outcome: Outcome) -> None:
        row = meaning(text)
        assert row.outcome is outcome
        assert row.hint

    def test_every_row_can_be_reached(self) -> None:
        """A row that comes after a broader one would never be found."""
        for row in TEXTS:
            assert meaning(" ".join(row.parts)) is row

    @pytest.mark.parametrize("reason", sorted(FAILURES))
    def test_failures_of_organizations_keep_their_hints(self, reason: str) -> None:
        row = meaning(f"AWS Control Tower could not create the account: {reason}.")
        assert row.hint == FAILURES[reason].hint
        assert (row.outcome is Outcome.PERSON) is (FAILURES[reason].way is Way.PERSON)

    def test_errors_say_where_what_and_what_to_do(self) -> None:
        busy = as_error("another execution is in progress", 'request "billing"')
        assert isinstance(busy, TemporaryServiceError)
        assert busy.delay > 0
        refused = as_error("No launch paths found for resource: prod-1", 'request "billing"')
        assert isinstance(refused, PermanentServiceError)
        assert refused.stops_lane
        assert str(refused).startswith('request "billing": No launch paths')
        assert not getattr(as_error("who knows", "x"), "stops_lane", True)
        assert UNKNOWN.hint


class TestParameters:
    def test_all_six_are_always_sent(self) -> None:
        created = new_parameters(email="a@b.c", name="billing", unit="Prod (ou-1)", user=USER)
        assert {each["Key"] for each in created} == SIX
        assert all(each["Value"] for each in created)
        for user in (None, USER):
            updated = updated_parameters(email="a@b.c", unit="Prod (ou-1)", user=user)
            assert sorted(each["Key"] for each in updated) == sorted(SIX)
            assert all(bool(each.get("Value")) is not bool(each.get("UsePreviousValue")) for each in updated)

    def test_a_unit_is_named_with_its_id(self) -> None:
        assert unit_parameter("Prod", "ou-ex01-aaaabbbb") == "Prod (ou-ex01-aaaabbbb)"
        assert re.fullmatch(r".{1,128}\s\(ou-.*\)", unit_parameter("Prod", "ou-ex01-aaaabbbb"))

    def test_somebody_has_to_be_the_first_administrator_where_control_tower_manages_access(self) -> None:
        assert user_of("billing", USER, "a@b.c", is_used=True) == USER
        with pytest.raises(PermanentServiceError, match="sso_user") as refused:
            user_of("billing", None, "a@b.c", is_used=True)
        assert refused.value.hint
        assert user_of("billing", None, "a@b.c", is_used=False)["email"] == "a@b.c"

    def test_tokens_are_the_same_for_the_same_request_and_no_other(self) -> None:
        one = token("provision", {"a": 1}, "")
        assert one == token("provision", {"a": 1}, "")
        assert (
            len({one, token("provision", {"a": 2}, ""), token("provision", {"a": 1}, "rec-1"), token("update", {})})
            == 4
        )
        assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,127}", one)


class TestFactory:
    def test_the_newest_active_version_is_taken_and_an_update_keeps_its_own(self) -> None:
        versions = tuple(
            Artifact(artifact_id=f"pa-{number}", is_active=is_active, created=str(number))
            for number, is_active in enumerate((False, True, True, False))
        )
        factory = Factory(product_id="prod-1", artifacts=versions)
        assert factory.active == "pa-2"
        assert factory.for_update("pa-1") == "pa-1"
        assert factory.for_update("pa-0") == "pa-2"
        assert Factory(product_id="prod-1", artifacts=versions[:1]).active is None

    @pytest.mark.parametrize(
        ("principal", "expected"),
        [
            (ROLE, True),
            ("arn:aws:iam:::role/vending/*", True),
            ("arn:aws:iam:::role/*/account-vending-?pply", True),
            ("arn:aws:iam:::role/aws-reserved/*", False),
            ("arn:aws:iam::111122223333:role/other", False),
            ("arn:aws:iam::444455556666:role/vending/account-vending-apply", False),
            ("", False),
        ],
    )
    def test_a_principal_of_the_portfolio_is_an_arn_or_a_pattern(self, principal: str, *, expected: bool) -> None:
        assert is_principal(principal, ROLE) is expected


@pytest.mark.parametrize(
    ("landing_zone", "baseline"),
    [("2.7", "1.0"), ("2.9", "2.0"), ("3.1", "3.0"), ("3.2", "4.0"), ("3.3", "4.0"), ("4.0", "5.0"), ("latest", None)],
)
def test_a_baseline_goes_with_a_version_of_the_landing_zone(landing_zone: str, baseline: str | None) -> None:
    assert fitting_version(landing_zone) == baseline


def test_looks_at_a_record_come_at_growing_intervals() -> None:
    delays = [poll_delay(polls) for polls in range(20)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (5.0, 15.0)


class UnreachableCatalog(Clients):
    """A network that lets nobody through to AWS Control Catalog."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @property
    def control_catalog(self) -> Any:
        return self

    def get_control(self, **wanted: str) -> None:
        self.asked.append(wanted["ControlArn"])
        raise ConnectTimeoutError(endpoint_url="https://controlcatalog.example.com")


def test_where_nobody_answers_for_the_catalog_it_is_asked_once_and_plans_are_made_without() -> None:
    clients = UnreachableCatalog()
    catalog = ControlCatalog(clients)
    assert [catalog.implementation(each) for each in ("one", "two", "one")] == ["", "", ""]
    assert clients.asked == ["one"]
