"""Units are registered, brought up to date, put right and deregistered; controls on them; automatic enrolment."""

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.sandbox.control_tower.account_factory import CONCURRENT
from pipeline.sandbox.organization import ROOT_ID
from tests.contract.control_tower_client import ENDED, Tower, towering
from tests.contract.sandbox_client import refusal

NETWORK, SHARED_SERVICES, PAYMENTS_DEV, BILLING = "210000000003", "210000000004", "210000000005", "210000000006"
OLD_EXPERIMENT = "210000000010"
CONTROL = "arn:aws:controltower:us-east-1::control/AWS-GR_EBS_OPTIMIZED_INSTANCE"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Tower]:
    with towering() as tower:
        yield tower


@pytest.fixture
def tower(sandbox: Tower) -> Tower:
    sandbox.aws.served.reset("sample")
    return sandbox


@pytest.fixture(scope="module")
def automatic_sandbox() -> Iterator[Tower]:
    with towering(auto_enroll=True) as tower:
        yield tower


@pytest.fixture
def automatic(automatic_sandbox: Tower) -> Tower:
    automatic_sandbox.aws.served.reset("sample")
    return automatic_sandbox


def move(tower: Tower, account_id: str, to: str) -> None:
    source = tower.aws.organizations.list_parents(ChildId=account_id)["Parents"][0]["Id"]
    destination = ROOT_ID if to == ROOT_ID else tower.unit(to)
    tower.aws.organizations.move_account(AccountId=account_id, SourceParentId=source, DestinationParentId=destination)


def control_ended(tower: Tower, answer: dict[str, Any]) -> dict[str, Any]:
    tower.aws.wait(ENDED)
    details: dict[str, Any] = tower.api.get_control_operation(operationIdentifier=answer["operationIdentifier"])
    operation: dict[str, Any] = details["controlOperation"]
    return operation


def test_registering_a_unit_enrols_its_accounts_and_makes_the_role_in_them(tower: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/importing-existing.html"""
    accounts = [tower.aws.id_of(each) for each in ("Legacy ERP", "Legacy Wiki")]
    operation = tower.register("Legacy")

    assert (operation["operationType"], operation["status"]) == ("ENABLE_BASELINE", "SUCCEEDED")
    assert "endTime" in operation
    assert [tower.standing(each) for each in (tower.unit("Legacy"), *accounts)] == ["SUCCEEDED IN_SYNC"] * 3
    assert all(tower.has_role(each) for each in accounts)
    told = [each["enableBaselineStatus"]["enabledBaselineDetails"] for each in tower.events("EnableBaseline")]
    assert {each["targetIdentifier"][-12:] for each in told} == set(accounts)


def test_all_is_under_change_while_the_operation_is_in_progress(tower: Tower) -> None:
    answer = tower.api.enable_baseline(
        baselineIdentifier=tower.baseline(),
        baselineVersion="4.0",
        targetIdentifier=tower.unit_arn("Legacy"),
        parameters=tower.center(),
    )
    operation = tower.api.get_baseline_operation(operationIdentifier=answer["operationIdentifier"])

    assert operation["baselineOperation"]["status"] == "IN_PROGRESS"
    assert len(tower.enabled(statuses=["UNDER_CHANGE"])) == 3
    found = tower.on(tower.unit("Sandbox"))
    assert found is not None
    refused = refusal(tower.api.reset_enabled_baseline, enabledBaselineIdentifier=found["arn"])
    assert refused[0] == "ConflictException"


def test_a_recorder_fails_one_account_and_is_told_and_the_others_are_enrolled(tower: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/common-eg-failures.html"""
    erp, wiki = tower.aws.id_of("Legacy ERP"), tower.aws.id_of("Legacy Wiki")
    config = tower.aws.client("config", tower.aws.inside(erp))
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": f"arn:aws:iam::{erp}:role/config"}
    )
    operation = tower.register("Legacy")
    config.delete_configuration_recorder(ConfigurationRecorderName="default")

    assert operation["status"] == "FAILED"
    assert erp in operation["statusMessage"]
    assert (tower.standing(erp)[:6], tower.standing(wiki)) == ("FAILED", "SUCCEEDED IN_SYNC")
    assert tower.reset("Legacy")["status"] == "SUCCEEDED"
    assert tower.standing(erp) == "SUCCEEDED IN_SYNC"


def test_a_suspended_account_blocks_re_registering_until_it_is_elsewhere(tower: Tower) -> None:
    before = tower.reset("Sandbox")
    told = tower.events("ResetEnabledBaseline")
    move(tower, OLD_EXPERIMENT, ROOT_ID)

    assert (before["status"], told, tower.standing(PAYMENTS_DEV)) == ("FAILED", [], "SUCCEEDED IN_SYNC")
    assert OLD_EXPERIMENT in before["statusMessage"]
    assert tower.reset("Sandbox")["status"] == "SUCCEEDED"


def test_a_nested_unit_is_registered_after_its_parent(tower: Tower) -> None:
    nested = tower.aws.unit("Nested", tower.unit("Legacy"))
    given = {"baselineIdentifier": tower.baseline(), "baselineVersion": "4.0", "parameters": tower.center()}
    before = refusal(tower.api.enable_baseline, **given, targetIdentifier=tower.unit_arn("Nested"))
    tower.register("Legacy")

    assert before[0] == "ValidationException"
    assert tower.register("Nested")["status"] == "SUCCEEDED"
    assert tower.standing(nested) == "SUCCEEDED IN_SYNC"


def test_a_drifted_control_blocks_registering_beneath_its_unit(tower: Tower) -> None:
    tower.aws.unit("Nested", tower.unit("Infrastructure"))
    tower.drift("control-drift", "Infrastructure")
    given = {"baselineIdentifier": tower.baseline(), "baselineVersion": "4.0", "parameters": tower.center()}

    assert (
        refusal(tower.api.enable_baseline, **given, targetIdentifier=tower.unit_arn("Nested"))[0]
        == "ValidationException"
    )


def test_a_unit_that_failed_is_known_and_is_not_enabled_twice(tower: Tower) -> None:
    """The unit has its enabled baseline from the first try on; it is reset, not enabled again."""
    tower.fail("unit-baseline")
    failed = tower.register("Legacy")
    given = {"baselineIdentifier": tower.baseline(), "baselineVersion": "4.0", "parameters": tower.center()}
    again = refusal(tower.api.enable_baseline, **given, targetIdentifier=tower.unit_arn("Legacy"))

    assert (failed["status"], failed["statusMessage"]) == ("FAILED", "A stack set failed.")
    assert again[0] == "ConflictException"
    assert tower.reset("Legacy")["status"] == "SUCCEEDED"


def test_an_outdated_unit_is_brought_up_to_date_with_its_accounts(tower: Tower) -> None:
    found = tower.on(tower.unit("Prod"))
    assert found is not None
    operation = tower.ended(
        tower.api.update_enabled_baseline(
            enabledBaselineIdentifier=found["arn"], baselineVersion="4.0", parameters=tower.center()
        )
    )
    versions = {each["baselineVersion"] for each in tower.enabled(parentIdentifiers=[found["arn"]])}

    assert (operation["operationType"], operation["status"]) == ("UPDATE_ENABLED_BASELINE", "SUCCEEDED")
    assert (found["baselineVersion"], versions) == ("2.0", {"4.0"})
    assert (
        tower.run("provision", email="n@example.com", name="n", unit=f"Prod ({tower.unit('Prod')})")[0] == "SUCCEEDED"
    )


def test_a_failed_update_leaves_the_unit_outdated(tower: Tower) -> None:
    found = tower.on(tower.unit("Prod"))
    assert found is not None
    tower.fail("unit-baseline")
    tower.ended(
        tower.api.update_enabled_baseline(
            enabledBaselineIdentifier=found["arn"], baselineVersion="4.0", parameters=tower.center()
        )
    )

    assert {each["baselineVersion"] for each in tower.enabled(parentIdentifiers=[found["arn"]])} == {"2.0"}
    assert tower.standing(tower.unit("Prod"))[:6] == "FAILED"


def test_a_deregistered_unit_leaves_its_accounts_where_they_are_and_un_managed(tower: Tower) -> None:
    found = tower.on(tower.unit("Infrastructure"))
    assert found is not None
    operation = tower.ended(tower.api.disable_baseline(enabledBaselineIdentifier=found["arn"]))

    assert operation["operationType"] == "DISABLE_BASELINE"
    assert [tower.standing(each) for each in (tower.unit("Infrastructure"), NETWORK, SHARED_SERVICES)] == ["-"] * 3
    assert not tower.has_role(NETWORK)
    assert tower.aws.organizations.list_parents(ChildId=NETWORK)["Parents"][0]["Id"] == tower.unit("Infrastructure")


def test_a_child_that_is_orphaned_can_be_disabled(tower: Tower) -> None:
    move(tower, NETWORK, ROOT_ID)
    found = tower.on(NETWORK)
    assert found is not None

    assert tower.ended(tower.api.disable_baseline(enabledBaselineIdentifier=found["arn"]))["status"] == "SUCCEEDED"
    assert tower.standing(NETWORK) == "-"


def test_without_automatic_enrolment_a_moved_account_drifts_until_its_new_unit_is_reset(tower: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/governance-drift.html"""
    move(tower, PAYMENTS_DEV, "Infrastructure")
    tower.aws.wait(ENDED)
    before = [tower.standing(each) for each in (PAYMENTS_DEV, tower.unit("Infrastructure"), tower.unit("Sandbox"))]

    assert before == ["SUCCEEDED DRIFTED", "SUCCEEDED DRIFTED", "SUCCEEDED IN_SYNC"]
    assert tower.landing_zone()["driftStatus"]["status"] == "IN_SYNC"
    assert tower.reset("Infrastructure")["status"] == "SUCCEEDED"
    assert tower.standing(PAYMENTS_DEV) == tower.standing(tower.unit("Infrastructure")) == "SUCCEEDED IN_SYNC"


def test_an_update_of_the_product_repairs_a_moved_account(tower: Tower) -> None:
    move(tower, PAYMENTS_DEV, "Infrastructure")

    assert tower.run("update", account_id=PAYMENTS_DEV, unit="Infrastructure")[0] == "SUCCEEDED"
    assert tower.standing(PAYMENTS_DEV) == "SUCCEEDED IN_SYNC"


def test_without_automatic_enrolment_nobody_is_enrolled_by_a_move(tower: Tower) -> None:
    move(tower, tower.aws.id_of("Legacy ERP"), "Sandbox")
    tower.aws.wait(ENDED)

    assert tower.standing(tower.aws.id_of("Legacy ERP")) == "-"
    assert tower.standing(tower.unit("Sandbox")) == "SUCCEEDED DRIFTED"


def test_with_automatic_enrolment_a_move_enrols_after_a_while_and_needs_no_role(automatic: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/account-auto-enrollment.html"""
    wiki = automatic.aws.id_of("Legacy Wiki")
    move(automatic, wiki, "Sandbox")
    seen = []
    for _ in range(3):
        seen.append(automatic.standing(wiki))
        automatic.aws.wait(2.1)

    assert seen == ["-", "UNDER_CHANGE IN_SYNC", "SUCCEEDED IN_SYNC"]
    assert automatic.has_role(wiki)
    assert automatic.events("UpdateManagedAccount") == []
    assert len(automatic.events("EnableBaseline")) == 1


@pytest.mark.parametrize("to", [ROOT_ID, "Legacy"])
def test_with_automatic_enrolment_an_account_that_leaves_is_un_enrolled(automatic: Tower, to: str) -> None:
    move(automatic, PAYMENTS_DEV, to)
    automatic.aws.wait(ENDED)

    assert automatic.standing(PAYMENTS_DEV) == "-"
    assert len(automatic.events("DisableBaseline")) == 1


def test_with_automatic_enrolment_a_move_between_registered_units_heals_itself(automatic: Tower) -> None:
    automatic.drift("moved-account", "payments-dev")
    before = automatic.standing(PAYMENTS_DEV)
    automatic.aws.wait(ENDED)

    assert (before, automatic.standing(PAYMENTS_DEV)) == ("SUCCEEDED DRIFTED", "SUCCEEDED IN_SYNC")


def test_no_more_accounts_are_enrolled_at_once_than_control_tower_does(automatic: Tower) -> None:
    most = 0
    created = [automatic.aws.create(f"n{number}")["AccountId"] for number in range(CONCURRENT + 2)]
    for each in created:
        move(automatic, each, "Sandbox")
    for _ in range(30):
        automatic.aws.wait(0.5)
        most = max(most, len(automatic.enabled(statuses=["UNDER_CHANGE"])))

    assert most == CONCURRENT
    assert {automatic.standing(each) for each in created} == {"SUCCEEDED IN_SYNC"}


def test_a_recorder_fails_an_automatic_enrolment(automatic: Tower) -> None:
    erp = automatic.aws.id_of("Legacy ERP")
    automatic.aws.client("config", automatic.aws.inside(erp)).put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": f"arn:aws:iam::{erp}:role/config"}
    )
    move(automatic, erp, "Sandbox")
    automatic.aws.wait(ENDED)

    assert automatic.standing(erp)[:6] == "FAILED"


def test_an_outdated_unit_enrols_nobody(automatic: Tower) -> None:
    move(automatic, automatic.aws.id_of("Legacy ERP"), "Prod")
    automatic.aws.wait(ENDED)

    assert automatic.standing(automatic.aws.id_of("Legacy ERP")) == "-"


def test_a_control_is_enabled_listed_and_disabled(tower: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/APIReference/API_EnableControl.html"""
    target = tower.unit_arn("Sandbox")
    given = {"controlIdentifier": CONTROL, "targetIdentifier": target}
    parameters = [{"key": "AllowedRegions", "value": ["us-east-1"]}]
    answer = tower.api.enable_control(**given, parameters=parameters)
    enabling = tower.api.get_enabled_control(enabledControlIdentifier=answer["arn"])["enabledControlDetails"]
    operation = control_ended(tower, answer)
    listed = tower.api.list_enabled_controls(targetIdentifier=target, filter={"controlIdentifiers": [CONTROL]})
    disabled = control_ended(tower, tower.api.disable_control(**given))

    assert (enabling["statusSummary"]["status"], enabling["parameters"]) == ("UNDER_CHANGE", parameters)
    assert (operation["operationType"], operation["status"]) == ("ENABLE_CONTROL", "SUCCEEDED")
    assert operation["enabledControlIdentifier"] == answer["arn"]
    assert [each["statusSummary"]["status"] for each in listed["enabledControls"]] == ["SUCCEEDED"]
    assert disabled["operationType"] == "DISABLE_CONTROL"
    assert (
        refusal(tower.api.get_enabled_control, enabledControlIdentifier=answer["arn"])[0] == "ResourceNotFoundException"
    )


def test_a_drifted_control_is_reset(tower: Tower) -> None:
    tower.drift("control-drift", "Infrastructure")
    before = tower.api.list_enabled_controls(filter={"driftStatuses": ["DRIFTED"]})["enabledControls"]
    operation = control_ended(tower, tower.api.reset_enabled_control(enabledControlIdentifier=before[0]["arn"]))

    assert [each["targetIdentifier"] for each in before] == [tower.unit_arn("Infrastructure")]
    assert (operation["operationType"], operation["status"]) == ("RESET_ENABLED_CONTROL", "SUCCEEDED")
    assert tower.api.list_enabled_controls(filter={"driftStatuses": ["DRIFTED"]})["enabledControls"] == []


def test_a_control_that_fails_says_why(tower: Tower) -> None:
    tower.fail("unit-control", "No such rule.")
    given = {"controlIdentifier": CONTROL, "targetIdentifier": tower.unit_arn("Sandbox")}
    operation = control_ended(tower, tower.api.enable_control(**given))

    assert (operation["status"], operation["statusMessage"]) == ("FAILED", "No such rule.")


def test_several_controls_are_changed_at_once_up_to_the_quota_but_not_beside_a_unit(tower: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/limits.html"""
    given = {"targetIdentifier": tower.unit_arn("Sandbox")}
    names = [f"arn:aws:controltower:us-east-1::control/AWS-GR_NUMBER_{number}" for number in range(101)]
    for name in names[:100]:
        tower.api.enable_control(controlIdentifier=name, **given)

    refused = refusal(tower.api.enable_control, controlIdentifier=names[100], **given)
    found = tower.on(tower.unit("Infrastructure"))
    assert found is not None
    beside = refusal(tower.api.reset_enabled_baseline, enabledBaselineIdentifier=found["arn"])
    assert (refused[0], beside[0]) == ("ServiceQuotaExceededException", "ConflictException")


@pytest.mark.parametrize(
    ("kind", "drift_type"),
    [
        ("scp-updated", "SCP_UPDATED"),
        ("scp-detached", "SCP_DETACHED_FROM_OU"),
        ("unit-deleted", "ORGANIZATIONAL_UNIT_DELETED"),
        ("role-drift", "ROLE_CHANGED"),
        ("trusted-access-disabled", "TRUSTED_ACCESS_DISABLED"),
    ],
)
def test_a_reset_of_the_landing_zone_repairs_its_drift(tower: Tower, kind: str, drift_type: str) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/drift.html"""
    tower.drift(kind)
    drifted = tower.landing_zone()["driftStatus"]["status"]
    told = [each["driftType"] for each in tower.aws_drift()]
    answer = tower.api.reset_landing_zone(landingZoneIdentifier=tower.landing_zone()["arn"])
    during = tower.landing_zone()["status"]
    tower.aws.wait(ENDED)
    operation = tower.api.get_landing_zone_operation(operationIdentifier=answer["operationIdentifier"])

    assert (drifted, drift_type in told, during) == ("DRIFTED", True, "PROCESSING")
    assert operation["operationDetails"]["operationType"] == "RESET"
    assert tower.landing_zone()["driftStatus"]["status"] == "IN_SYNC"
    assert tower.aws_drift() == []
    assert tower.aws.organizations.list_accounts_for_parent(ParentId=tower.unit("Security"))["Accounts"]


def test_re_registering_a_unit_repairs_its_policies(tower: Tower) -> None:
    tower.drift("scp-detached", "Infrastructure")
    tower.reset("Infrastructure")

    assert tower.landing_zone()["driftStatus"]["status"] == "IN_SYNC"


def test_a_changed_account_differs_from_its_unit_until_the_unit_is_reset(tower: Tower) -> None:
    tower.drift("inheritance-drift", "network")
    before = [tower.standing(each) for each in (NETWORK, SHARED_SERVICES, tower.unit("Infrastructure"))]
    tower.reset("Infrastructure")

    assert before == ["SUCCEEDED DRIFTED", "SUCCEEDED IN_SYNC", "SUCCEEDED DRIFTED"]
    assert tower.standing(NETWORK) == "SUCCEEDED IN_SYNC"


def test_turning_trusted_access_off_through_organizations_is_drift_too(tower: Tower) -> None:
    tower.aws.organizations.disable_aws_service_access(ServicePrincipal="controltower.amazonaws.com")

    assert tower.landing_zone()["driftStatus"]["status"] == "DRIFTED"


def test_a_removed_account_is_gone_from_the_organization_and_keeps_its_address(tower: Tower) -> None:
    """It still is an account of AWS: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html"""
    tower.drift("removed-account", "network")

    assert refusal(tower.aws.organizations.describe_account, AccountId=NETWORK)[0] == "AccountNotFoundException"
    assert tower.standing(NETWORK) == "SUCCEEDED DRIFTED"
    again = tower.aws.create("network", Email="aws+network@example.com")
    assert (again["State"], again["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")


def test_nothing_else_is_done_while_the_security_unit_is_missing(tower: Tower) -> None:
    tower.drift("unit-deleted")
    found = tower.on(tower.unit("Infrastructure"))
    assert found is not None

    assert refusal(tower.api.reset_enabled_baseline, enabledBaselineIdentifier=found["arn"])[0] == "ValidationException"


def test_a_failed_reset_leaves_the_landing_zone_failed_and_another_one_repairs_it(tower: Tower) -> None:
    tower.drift("role-drift")
    tower.fail("landing-zone")
    given = {"landingZoneIdentifier": tower.landing_zone()["arn"]}
    tower.api.reset_landing_zone(**given)
    tower.aws.wait(ENDED)
    failed = tower.landing_zone()
    tower.api.reset_landing_zone(**given)
    tower.aws.wait(ENDED)

    assert (failed["status"], failed["driftStatus"]["status"]) == ("FAILED", "DRIFTED")
    assert tower.landing_zone()["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("nonsense", ""),
        ("moved-account", "nobody"),
        ("scp-updated", "Legacy"),
        ("control-drift", "Workloads"),
        ("unit-deleted", "Sandbox"),
        ("trusted-access-disabled", "x"),
    ],
)
def test_drift_that_cannot_be_had_is_refused_in_words(tower: Tower, kind: str, target: str) -> None:
    with pytest.raises(ValueError, match=target or kind):
        tower.drift(kind, target)
