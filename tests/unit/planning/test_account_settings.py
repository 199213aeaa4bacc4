"""The inside of accounts in plans: opt-in Regions and settings."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.model.account import UNOBSERVED
from pipeline.model.account_settings import NOT_ENABLED, NOT_READABLE, PASSWORD_POLICY_DEFAULTS, Setting
from pipeline.model.change import CreateAccount, FieldChange, UpdateAccount
from pipeline.model.effect import effects_of
from pipeline.model.finding import Severity
from pipeline.model.plan import Plan
from pipeline.planning.details import details_wanted
from pipeline.planning.planning import make_plan
from pipeline.planning.review import NOT_REVIEWED, review
from tests.builders import REPOSITORY, a_desired, a_policy, a_request, a_state, account_id_of, an_account
from tests.inside import NEW_REGION, REGIONS, USED_VPC, everywhere, fresh_settings

HOME, OTHER = REGIONS
SCHEMA = Path(__file__).parents[3] / "schemas" / "account-request.schema.json"


def plan_of(wanted: dict[str, Any], observed: Any, *, regions: tuple[str, ...] = (), enabled: Any = REGIONS) -> Plan:
    request = a_request("web", settings=wanted, regions=regions)
    return make_plan(a_desired(request), a_state(an_account("web", settings=observed, regions=enabled)), a_policy())


def fields_of(plan: Plan) -> list[FieldChange]:
    return [field for change in plan.changes if isinstance(change, UpdateAccount) for field in change.fields]


def setting(name: str, before: Any, after: Any) -> FieldChange:
    return FieldChange(path=("settings", name), before=before, after=after)


def test_every_setting_that_a_request_may_name_is_one_that_is_applied() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]["settings"]["properties"]
    assert set(schema) == set(Setting) - {Setting.CUSTOM_FIELDS}, "custom fields have a place of their own"
    assert set(schema["password_policy"]["properties"]) == set(PASSWORD_POLICY_DEFAULTS)


def test_a_setting_of_the_account_changes_from_what_it_is_to_what_is_asked_for() -> None:
    wanted = {"alias": "example-b", "s3_block_public_access": True}
    plan = plan_of(wanted, {"alias": "example-a", "s3_block_public_access": False})
    assert fields_of(plan) == [
        setting("s3_block_public_access", before=False, after=True),
        setting("alias", "example-a", "example-b"),
    ]
    assert plan_of(wanted, wanted).is_empty


def test_a_regional_setting_changes_in_the_regions_where_it_differs() -> None:
    plan = plan_of({"imdsv2": "required"}, {"imdsv2": {HOME: "required", OTHER: None}})
    assert fields_of(plan) == [setting("imdsv2", {OTHER: None}, "required")]
    (change,) = plan.changes
    assert [effect.path for effect in effects_of(change)] == [("settings", "imdsv2", OTHER)]
    assert plan_of({"imdsv2": "required"}, {"imdsv2": everywhere("required")}).is_empty


KEY = "arn:aws:kms:eu-west-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef"
OWN = {"key": "alias/aws/ebs", "aliases": ["alias/aws/ebs"]}
OURS = {"key": KEY, "aliases": ["alias/other", "alias/volumes"]}


@pytest.mark.parametrize("wanted", ["alias/volumes", KEY, KEY.rpartition("/")[2], {HOME: "alias/volumes"}, {HOME: KEY}])
def test_a_key_may_be_named_by_alias_id_or_arn(wanted: Any) -> None:
    assert plan_of({"ebs_encryption_key": wanted}, {"ebs_encryption_key": {HOME: OURS, OTHER: OURS}}).is_empty
    (field,) = fields_of(plan_of({"ebs_encryption_key": wanted}, {"ebs_encryption_key": {HOME: OWN, OTHER: OURS}}))
    assert field == setting("ebs_encryption_key", {HOME: "alias/aws/ebs"}, wanted)


def test_a_key_that_is_named_for_one_region_says_nothing_of_others_even_new_ones() -> None:
    wanted = {"ebs_encryption_key": {HOME: "alias/volumes", OTHER: None}}
    plan = plan_of(wanted, {"ebs_encryption_key": {HOME: OURS, OTHER: OWN}}, regions=(NEW_REGION,))
    assert [field.path[0] for field in fields_of(plan)] == ["regions"]


def test_a_key_for_a_new_region_is_set_there_and_for_one_that_is_not_enabled_is_told() -> None:
    observed = {"ebs_encryption_key": {HOME: OWN, OTHER: OWN}}
    plan = plan_of({"ebs_encryption_key": {NEW_REGION: KEY}}, observed, regions=(NEW_REGION,))
    assert setting("ebs_encryption_key", {NEW_REGION: NOT_ENABLED}, {NEW_REGION: KEY}) in fields_of(plan)

    plan = plan_of({"ebs_encryption_key": {NEW_REGION: KEY}}, observed)
    assert fields_of(plan) == []
    assert f'setting "ebs_encryption_key" in {NEW_REGION}' in plan.findings[0].message


def test_a_password_policy_is_complete_whatever_the_request_names() -> None:
    whole = {**PASSWORD_POLICY_DEFAULTS, "minimum_length": 24}
    (field,) = fields_of(plan_of({"password_policy": {"minimum_length": 24}}, {"password_policy": None}))
    assert field == setting("password_policy", None, whole)
    assert plan_of({"password_policy": {"minimum_length": 24.0}}, {"password_policy": whole}).is_empty


def test_default_vpcs_are_deleted_by_their_ids_and_kept_where_nobody_asks() -> None:
    vpcs = {HOME: {"id": "vpc-1", "used_by": []}, OTHER: None}
    assert fields_of(plan_of({"default_vpcs": "delete"}, {"default_vpcs": vpcs})) == [
        setting("default_vpcs", {HOME: "vpc-1"}, "delete")
    ]
    assert plan_of({"default_vpcs": "keep"}, UNOBSERVED).is_empty


def test_a_default_vpc_in_use_waits_in_its_region_and_names_what_uses_it() -> None:
    vpcs = {HOME: {"id": "vpc-1", "used_by": []}, OTHER: USED_VPC}
    plan = plan_of({"default_vpcs": "delete"}, {"default_vpcs": vpcs})
    assert fields_of(plan) == [setting("default_vpcs", {HOME: "vpc-1"}, "delete")]
    (hold,) = plan.holds
    assert hold.guard == "default-vpc-in-use"
    assert hold.reason == f'default VPC "vpc-0b" in {OTHER} is in use by eni-01 of i-02'
    assert "default_vpcs: keep" in hold.release


def test_a_region_is_enabled_and_never_disabled() -> None:
    plan = plan_of({}, UNOBSERVED, regions=(NEW_REGION, HOME), enabled=(*REGIONS, "af-south-1"))
    assert fields_of(plan) == [FieldChange(path=("regions", NEW_REGION), before=None, after="enabled")]


def test_a_region_that_is_enabled_takes_part_in_regional_settings_in_the_same_plan() -> None:
    plan = plan_of({"imdsv2": "required"}, {"imdsv2": everywhere("required")}, regions=(NEW_REGION,))
    assert fields_of(plan)[1] == setting("imdsv2", {NEW_REGION: NOT_ENABLED}, "required")


def test_what_is_not_observed_is_told_and_not_changed() -> None:
    plan = plan_of({"alias": "example-a", "imdsv2": "required"}, UNOBSERVED, regions=(NEW_REGION,), enabled=UNOBSERVED)
    assert plan.changes == ()
    assert {(each.rule, each.severity) for each in plan.findings} == {
        ("settings-not-observed", Severity.WARNING),
        ("regions-not-observed", Severity.WARNING),
    }
    assert any(each.message.startswith("settings of account") for each in plan.findings)


def test_a_region_that_nobody_may_read_is_told_and_the_others_are_changed() -> None:
    plan = plan_of({"imdsv2": "required"}, {"imdsv2": {HOME: NOT_READABLE, OTHER: None}})
    assert fields_of(plan) == [setting("imdsv2", {OTHER: None}, "required")]
    (finding,) = plan.findings
    assert f'setting "imdsv2" in {HOME}' in finding.message
    assert finding.attribute == "settings.imdsv2"


def test_settings_are_read_of_accounts_whose_requests_name_some() -> None:
    requests = a_desired(a_request("web", settings={"alias": "example-a", "default_vpcs": "keep"}), a_request("api"))
    wanted = details_wanted(requests, a_state(an_account("web"), an_account("api")), REPOSITORY)
    assert {account_id: details.settings for account_id, details in wanted.items()} == {
        account_id_of("web"): frozenset({Setting.ALIAS})
    }


class TestReview:
    """What is left of a reviewed change is covered by the review; what has moved is not."""

    WANTED: dict[str, Any] = {"alias": "example-a", "default_vpcs": "delete", "ebs_encryption_by_default": True}  # noqa: RUF012 - read only

    def test_what_is_left_of_a_creation_inside_the_account_is_reviewed(self) -> None:
        request = a_request("web", settings=self.WANTED, regions=(NEW_REGION,))
        reviewed = make_plan(a_desired(request), a_state(), a_policy())
        (creation,) = reviewed.changes
        assert isinstance(creation, CreateAccount)
        account = an_account("web", settings={**fresh_settings(), "alias": "example-a"}, regions=REGIONS)
        left = review(make_plan(a_desired(request), a_state(account), a_policy()), reviewed).plan
        assert left.holds == ()
        assert {field.path for field in fields_of(left)} == {
            ("regions", NEW_REGION),
            ("settings", "default_vpcs"),
            ("settings", "ebs_encryption_by_default"),
        }

    def test_some_regions_of_a_change_may_be_done_already(self) -> None:
        reviewed = plan_of({"imdsv2": "required"}, {"imdsv2": everywhere(None)})
        left = review(plan_of({"imdsv2": "required"}, {"imdsv2": {HOME: "required", OTHER: None}}), reviewed)
        assert left.plan.holds == ()
        assert fields_of(left.plan) == [setting("imdsv2", {OTHER: None}, "required")]

    def test_a_region_that_was_new_at_the_review_is_covered_with_what_it_began_with(self) -> None:
        wanted = {"default_vpcs": "delete"}
        reviewed = plan_of(wanted, {"default_vpcs": everywhere(None)}, regions=(NEW_REGION,))
        enabled = {"default_vpcs": {**everywhere(None), NEW_REGION: {"id": "vpc-9", "used_by": []}}}
        now = plan_of(wanted, enabled, regions=(NEW_REGION,), enabled=(*REGIONS, NEW_REGION))
        assert fields_of(review(now, reviewed).plan) == [setting("default_vpcs", {NEW_REGION: "vpc-9"}, "delete")]

    def test_another_value_than_at_the_review_waits(self) -> None:
        reviewed = plan_of({"alias": "example-b"}, {"alias": "example-a"})
        moved = review(plan_of({"alias": "example-b"}, {"alias": "example-x"}), reviewed).plan
        assert (moved.changes, [hold.guard for hold in moved.holds]) == ((), [NOT_REVIEWED])
        other = review(plan_of({"imdsv2": "required"}, {"imdsv2": {HOME: "optional"}}), Plan()).plan
        assert [hold.guard for hold in other.holds] == [NOT_REVIEWED]

    def test_another_default_vpc_than_at_the_review_waits(self) -> None:
        def plan(vpc: str) -> Plan:
            return plan_of({"default_vpcs": "delete"}, {"default_vpcs": {HOME: {"id": vpc, "used_by": []}}})

        assert [hold.guard for hold in review(plan("vpc-2"), plan("vpc-1")).plan.holds] == [NOT_REVIEWED]

    def test_a_vpc_that_was_in_use_at_the_review_waits_for_another_one(self) -> None:
        reviewed = plan_of({"default_vpcs": "delete"}, {"default_vpcs": {HOME: USED_VPC}})
        free = plan_of({"default_vpcs": "delete"}, {"default_vpcs": {HOME: {**USED_VPC, "used_by": []}}})
        assert [hold.guard for hold in review(free, reviewed).plan.holds] == [NOT_REVIEWED]


def test_a_request_without_settings_of_an_account_with_some_changes_nothing() -> None:
    account = an_account("web", settings=fresh_settings(), regions=(*REGIONS, NEW_REGION))
    assert make_plan(a_desired(a_request("web")), a_state(account), a_policy()).is_empty
