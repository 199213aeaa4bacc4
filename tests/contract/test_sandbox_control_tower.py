"""The sandbox's Control Tower does what AWS documents; every answer fits botocore's model of it."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from pipeline.sandbox.control_tower import CONTROL_TOWER
from pipeline.sandbox.control_tower.control_catalog import CONTROL_CATALOG
from pipeline.sandbox.faults import Fault, Kind
from pipeline.sandbox.identifiers import access_key_of
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID
from pipeline.sandbox.organizations.shapes import arn
from pipeline.sandbox.service import service_model
from tests.contract.answers import held_against_the_model
from tests.contract.control_tower_client import Tower, towering
from tests.contract.sandbox_client import Aws, opened, refusal

BILLING, NETWORK, OLD_EXPERIMENT = "210000000006", "210000000003", "210000000010"
NOBODY = "arn:aws:controltower:us-east-1:111122223333:enabledbaseline/0000000000000000"
NO_OPERATION = "00000000-0000-0000-0000-000000000000"
CONTROL = "arn:aws:controltower:us-east-1::control/AWS-GR_EBS_OPTIMIZED_INSTANCE"
ENCRYPTED = "arn:aws:controltower:us-east-1::control/AWS-GR_ENCRYPTED_VOLUMES"
POLICY = "arn:aws:controltower:us-east-1::control/AWS-GR_RESTRICT_ROOT_USER"
GLOBAL_CONTROL = "arn:aws:controlcatalog:::control/497wrm2xnk1wxlf4obrdo7mej"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Tower]:
    with towering() as tower:
        yield tower


@pytest.fixture
def tower(sandbox: Tower) -> Tower:
    sandbox.aws.served.reset("sample")
    return sandbox


class Rule(NamedTuple):
    """A call that is refused: `{…}` in a parameter names a unit of which the ARN is meant, or an enabled baseline."""

    operation: str
    parameters: dict[str, Any]
    code: str


ENABLE = {
    "baselineIdentifier": "{baseline}",
    "baselineVersion": "4.0",
    "targetIdentifier": "{Legacy}",
    "parameters": "{center}",
}
NEEDLESS = [{"key": "Other", "value": "x"}]
RULES = [
    Rule("list_enabled_baselines", {"maxResults": 4}, "ValidationException"),
    Rule("list_enabled_baselines", {"maxResults": 101}, "ValidationException"),
    Rule("list_enabled_baselines", {"nextToken": "x"}, "ValidationException"),
    Rule("list_enabled_baselines", {"filter": {"statuses": ["SUCCEEDED", "FAILED"]}}, "ValidationException"),
    Rule("list_enabled_baselines", {"filter": {"targetIdentifiers": [NOBODY] * 6}}, "ValidationException"),
    Rule("list_baselines", {"maxResults": 3}, "ValidationException"),
    Rule("list_landing_zones", {"maxResults": 2}, "ValidationException"),
    Rule("get_landing_zone", {"landingZoneIdentifier": "nobody"}, "ResourceNotFoundException"),
    Rule("reset_landing_zone", {"landingZoneIdentifier": "nobody"}, "ResourceNotFoundException"),
    Rule("get_landing_zone_operation", {"operationIdentifier": NO_OPERATION}, "ResourceNotFoundException"),
    Rule("get_baseline_operation", {"operationIdentifier": NO_OPERATION}, "ResourceNotFoundException"),
    Rule("get_control_operation", {"operationIdentifier": "1"}, "ValidationException"),
    Rule("get_enabled_baseline", {"enabledBaselineIdentifier": NOBODY}, "ResourceNotFoundException"),
    Rule(
        "get_baseline",
        {"baselineIdentifier": "arn:aws:controltower:us-east-1::baseline/0000000000000000"},
        "ResourceNotFoundException",
    ),
    Rule("enable_baseline", {**ENABLE, "baselineVersion": "3.0"}, "ValidationException"),
    Rule("enable_baseline", {**ENABLE, "baselineVersion": "5.0"}, "ValidationException"),
    Rule("enable_baseline", {**ENABLE, "parameters": []}, "ValidationException"),
    Rule("enable_baseline", {**ENABLE, "parameters": NEEDLESS}, "ValidationException"),
    Rule("enable_baseline", {**ENABLE, "targetIdentifier": arn("account", BILLING)}, "ValidationException"),
    Rule("enable_baseline", {**ENABLE, "targetIdentifier": arn("root", ROOT_ID)}, "ValidationException"),
    Rule("enable_baseline", {**ENABLE, "targetIdentifier": arn("ou", "ou-ex01-00000000")}, "ResourceNotFoundException"),
    Rule("enable_baseline", {**ENABLE, "targetIdentifier": "{Security}"}, "ValidationException"),
    Rule("enable_baseline", {**ENABLE, "targetIdentifier": "{Sandbox}"}, "ConflictException"),
    Rule("enable_baseline", {**ENABLE, "baselineIdentifier": "{AuditBaseline}"}, "ValidationException"),
    Rule("enable_baseline", {**ENABLE, "baselineIdentifier": NOBODY}, "ResourceNotFoundException"),
    Rule(
        "update_enabled_baseline",
        {"enabledBaselineIdentifier": NOBODY, "baselineVersion": "4.0"},
        "ResourceNotFoundException",
    ),
    Rule(
        "update_enabled_baseline",
        {"enabledBaselineIdentifier": "{on Sandbox}", "baselineVersion": "4.0", "parameters": "{center}"},
        "ValidationException",
    ),
    Rule(
        "update_enabled_baseline",
        {"enabledBaselineIdentifier": "{on Prod}", "baselineVersion": "4.0"},
        "ValidationException",
    ),
    Rule("reset_enabled_baseline", {"enabledBaselineIdentifier": "{on account}"}, "ValidationException"),
    Rule("disable_baseline", {"enabledBaselineIdentifier": "{on account}"}, "ValidationException"),
    Rule("disable_baseline", {"enabledBaselineIdentifier": "{on Workloads}"}, "ValidationException"),
    Rule("enable_control", {"controlIdentifier": CONTROL, "targetIdentifier": "{Legacy}"}, "ResourceNotFoundException"),
    Rule(
        "enable_control",
        {"controlIdentifier": CONTROL, "targetIdentifier": arn("account", BILLING)},
        "ValidationException",
    ),
    Rule("enable_control", {"controlIdentifier": NOBODY, "targetIdentifier": "{Sandbox}"}, "ResourceNotFoundException"),
    Rule(
        "enable_control", {"controlIdentifier": ENCRYPTED, "targetIdentifier": "{Infrastructure}"}, "ConflictException"
    ),
    Rule(
        "disable_control", {"controlIdentifier": CONTROL, "targetIdentifier": "{Sandbox}"}, "ResourceNotFoundException"
    ),
    Rule("disable_control", {"controlIdentifier": CONTROL}, "ValidationException"),
    Rule("reset_enabled_control", {"enabledControlIdentifier": NOBODY}, "ResourceNotFoundException"),
    Rule("reset_enabled_control", {"enabledControlIdentifier": "{policy}"}, "ValidationException"),
    Rule("update_enabled_control", {"enabledControlIdentifier": NOBODY, "parameters": []}, "ResourceNotFoundException"),
    Rule("update_enabled_control", {"enabledControlIdentifier": "{policy}", "parameters": []}, "ValidationException"),
    Rule("update_landing_zone", {"landingZoneIdentifier": "nobody", "version": "4.0"}, "ResourceNotFoundException"),
    Rule("update_landing_zone", {"landingZoneIdentifier": "{zone}", "version": "3.0"}, "ValidationException"),
    Rule("update_landing_zone", {"landingZoneIdentifier": "{zone}", "version": "9.9"}, "ValidationException"),
    Rule("get_enabled_control", {"enabledControlIdentifier": NOBODY}, "ResourceNotFoundException"),
    Rule("list_enabled_controls", {"targetIdentifier": "{Legacy}"}, "ResourceNotFoundException"),
]


def filled(tower: Tower, value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    word = value.strip("{}")
    if word == "center":
        return tower.center()
    if word in {"zone", "policy"}:
        policies = (each.arn for each in tower.zone.controls.values() if each.control == POLICY)
        return tower.zone.arn if word == "zone" else next(policies)
    if word.startswith("on "):
        target = NETWORK if word == "on account" else tower.unit(word.removeprefix("on "))
        found = tower.on(target)
        return found["arn"] if found else ""
    if word == "baseline" or word.endswith("Baseline"):
        return tower.baseline("AWSControlTowerBaseline" if word == "baseline" else word)
    return tower.unit_arn(word)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.operation}-{rule.code}")
def test_what_aws_refuses_is_refused_with_its_code(sandbox: Tower, rule: Rule) -> None:
    given = {name: filled(sandbox, value) for name, value in rule.parameters.items()}

    assert refusal(getattr(sandbox.api, rule.operation), **given)[0] == rule.code


def test_every_refusal_is_one_that_the_operation_is_documented_to_give() -> None:
    model = service_model("controltower")
    for rule in RULES:
        name = "".join(each.title() for each in rule.operation.split("_"))
        assert rule.code in {each.name for each in model.operation_model(name).error_shapes}, name


def test_all_operations_of_the_definition_are_the_services() -> None:
    model = service_model("controltower")

    assert set(CONTROL_TOWER.operations) <= set(model.operation_names)
    paths = [model.operation_model(each).http for each in CONTROL_TOWER.operations]
    assert all(each["method"] == "POST" and "{" not in each["requestUri"] for each in paths)


def test_the_landing_zone_is_seen_from_its_home_region_alone(sandbox: Tower) -> None:
    elsewhere = sandbox.aws.client("controltower", region="eu-central-1")

    assert elsewhere.list_landing_zones()["landingZones"] == []
    assert refusal(elsewhere.list_enabled_baselines)[0] == "AccessDeniedException"
    assert sandbox.landing_zone()["status"] == "ACTIVE"


def test_members_may_not_ask(sandbox: Tower) -> None:
    inside = sandbox.aws.client("controltower", sandbox.aws.inside(BILLING))

    assert refusal(inside.list_landing_zones)[0] == "AccessDeniedException"


def test_there_is_none_unless_it_is_asked_for() -> None:
    with opened(Options()) as aws:
        assert aws.client("controltower").list_landing_zones()["landingZones"] == []
        assert refusal(aws.client("controltower").list_enabled_controls)[0] == "AccessDeniedException"


def test_throttling_is_said_as_control_tower_says_it(tower: Tower) -> None:
    tower.aws.served.inject(Fault(kind=Kind.THROTTLE, service="controltower"))
    with pytest.raises(ClientError) as caught:
        tower.api.list_landing_zones()

    answer: Any = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("ThrottlingException", 429)


def test_the_landing_zone_tells_its_version_its_regions_and_who_manages_access(sandbox: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/APIReference/API_LandingZoneDetail.html"""
    found = sandbox.landing_zone()

    assert (found["version"], found["latestAvailableVersion"]) == ("3.3", "4.0")
    assert found["driftStatus"] == {"status": "IN_SYNC"}
    assert "remediationTypes" not in found
    assert found["manifest"]["governedRegions"] == ["eu-central-1", "us-east-1"]
    assert found["manifest"]["accessManagement"] == {"enabled": True}
    assert found["manifest"]["securityRoles"]["accountId"] == sandbox.aws.id_of("audit")


def test_children_are_listed_when_asked_for_and_every_page_has_what_it_may_have(sandbox: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListEnabledBaselines.html"""
    everything = sandbox.enabled()
    units = sandbox.api.list_enabled_baselines()["enabledBaselines"]

    assert [each for each in everything if "parentIdentifier" not in each] == units
    assert len({each["arn"] for each in everything}) == len(everything)
    children = [each for each in everything if "parentIdentifier" in each]
    assert {each["parentIdentifier"] for each in children} <= {each["arn"] for each in units}
    assert all(":account/" in each["targetIdentifier"] for each in children)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"statuses": ["UNDER_CHANGE"]}, 0),
        ({"inheritanceDriftStatuses": ["DRIFTED"]}, 0),
        ({"inheritanceDriftStatuses": ["IN_SYNC"]}, 14),
        ({"targetIdentifiers": [arn("account", BILLING), arn("account", NETWORK)]}, 2),
        ({"targetIdentifiers": [arn("account", MANAGEMENT_ID)]}, 1),
    ],
    ids=["status", "drifted", "in-sync", "targets", "management"],
)
def test_filters_narrow_the_listing(sandbox: Tower, filters: dict[str, Any], expected: int) -> None:
    sandbox.aws.served.reset("sample")

    assert len(sandbox.enabled(**filters)) == expected


def test_the_filter_by_parent_gives_the_accounts_of_a_unit(sandbox: Tower) -> None:
    unit = sandbox.on(sandbox.unit("Infrastructure"))
    assert unit is not None

    found = sandbox.enabled(parentIdentifiers=[unit["arn"]])

    assert [each["targetIdentifier"][-12:] for each in found] == ["210000000003", "210000000004"]


def test_an_enabled_baseline_and_a_baseline_can_be_looked_at_one_by_one(sandbox: Tower) -> None:
    found = sandbox.on(NETWORK)
    assert found is not None
    details = sandbox.api.get_enabled_baseline(enabledBaselineIdentifier=found["arn"])["enabledBaselineDetails"]

    assert {**found, "parameters": sandbox.center()} == details
    known = sandbox.api.get_baseline(baselineIdentifier=found["baselineIdentifier"])
    assert known["name"] == "AWSControlTowerBaseline"


def test_a_page_of_controls_continues_where_the_last_one_ended(sandbox: Tower) -> None:
    pages = sandbox.api.get_paginator("list_enabled_controls").paginate(
        includeChildren=True, PaginationConfig={"PageSize": 2}
    )
    found = [each["arn"] for page in pages for each in page["enabledControls"]]

    assert len(found) == len(set(found)) == 3 + 2 + 0 + 5
    assert all(re.fullmatch(r".+:enabledcontrol/[A-Z0-9]{16}", each) for each in found)


def test_another_sandbox_gives_the_same_names_to_the_same_things(tower: Tower) -> None:
    before = [each["arn"] for each in tower.enabled()]
    tower.aws.served.reset()

    assert [each["arn"] for each in tower.enabled()] == before


def test_credentials_of_nobody_are_refused(sandbox: Tower) -> None:
    client = sandbox.aws.client("controltower", key=access_key_of("999999999999"))

    assert refusal(client.list_landing_zones)[0] == "UnrecognizedClientException"


def test_a_landing_zone_of_version_4_has_the_baseline_5_and_another_manifest() -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/table-of-baselines.html"""
    with towering(landing_zone_version="4.0", auto_enroll=True) as tower:
        found, infrastructure = tower.landing_zone(), tower.on(tower.unit("Infrastructure"))
        tower.drift("scp-updated", "Infrastructure")

        assert (found["version"], found["remediationTypes"]) == ("4.0", ["INHERITANCE_DRIFT"])
        assert "organizationStructure" not in found["manifest"]
        assert infrastructure is not None
        assert infrastructure["baselineVersion"] == "5.0"
        assert [each["detail"]["driftType"] for each in tower.zone.events] == ["SCP_UPDATED"]


def test_moves_that_control_tower_makes_are_nobodys_drift() -> None:
    """Landing zone 4.0 tells drift to EventBridge: https://docs.aws.amazon.com/controltower/latest/userguide/drift.html"""
    with towering(landing_zone_version="4.0") as tower:

        def told() -> list[str]:
            return [
                each["detail"]["driftType"] for each in tower.zone.events if each["detail-type"] == "Drift Detected"
            ]

        tower.run("update", account_id=NETWORK, unit="Sandbox")
        by_itself = told()
        tower.drift("moved-account", "network")

        assert (by_itself, told()) == ([], ["ACCOUNT_MOVED_BETWEEN_OUS"])


def test_where_control_tower_does_not_manage_access_the_parameter_is_needless() -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/baseline-api-examples.html"""
    with towering(own_identity_center=True) as tower:
        parameter = [{"key": "IdentityCenterEnabledBaselineArn", "value": NOBODY}]
        given = {"baselineIdentifier": tower.baseline(), "baselineVersion": "4.0"}
        refused = refusal(
            tower.api.enable_baseline, **given, targetIdentifier=tower.unit_arn("Legacy"), parameters=parameter
        )

        assert tower.center() == []
        assert refused[0] == "ValidationException"
        assert tower.register("Legacy")["status"] == "SUCCEEDED"


def test_an_empty_organization_gets_what_control_tower_sets_up() -> None:
    with towering(seed="empty") as tower:
        aws: Aws = tower.aws
        names = {each["Name"] for each in aws.organizations.list_accounts()["Accounts"]}

        assert names == {"example-management", "log-archive", "audit"}
        assert tower.standing(tower.unit("Sandbox")) == "SUCCEEDED IN_SYNC"
        assert tower.standing(tower.unit("Security")) == "-"


def test_every_answer_of_the_control_catalog_is_as_its_model_says(tower: Tower) -> None:
    seen: set[str] = set()
    catalog = held_against_the_model(tower.aws.client("controlcatalog"), seen)
    made_of = {
        arn: catalog.get_control(ControlArn=arn)["Implementation"]["Type"] for arn in (CONTROL, POLICY, GLOBAL_CONTROL)
    }
    assert made_of == {
        CONTROL: "AWS::Config::ConfigRule",
        POLICY: "AWS::Organizations::Policy::SERVICE_CONTROL_POLICY",
        GLOBAL_CONTROL: "AWS::Config::ConfigRule",
    }
    elsewhere = CONTROL.replace("us-east-1", "eu-west-1")
    assert refusal(catalog.get_control, ControlArn=elsewhere)[0] == "ResourceNotFoundException"
    assert refusal(catalog.get_control, ControlArn="arn:aws:iam::aws:policy/ReadOnlyAccess")[0] == "ValidationException"
    assert seen == set(CONTROL_CATALOG.operations)
