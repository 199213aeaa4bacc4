"""`vending.yaml` becomes frozen values, or one error with everything that is wrong."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.account_requests.rules import Rules
from pipeline.customizations.layers import Layer, Selector
from pipeline.customizations.settings import Customizations, StateBucket
from pipeline.errors import SettingsError
from pipeline.planning.policy import Policy, TagsMode
from pipeline.settings import Settings, load_settings

MINIMAL = 'organization: {management_account: "111122223333", home_region: eu-west-1}\n'
WHOLE = """\
organization: {management_account: "111122223333", home_region: eu-west-1}
repository: example-requests
roles: {plan: "arn:aws:iam::111122223333:role/vend-plan", apply: "arn:aws:iam::111122223333:role/path/vend-apply"}
provisioner: control_tower
control_tower: {mode: auto-enroll}
execution_role: AWSControlTowerExecution
email_domains: [example.com]
required_tags: {CostCenter: "^[0-9]{4}$"}
tags: {mode: additive, ignore: ["map-*"]}
guards:
  {protected_units: [Security, Workloads/Prod], max_closures: 1, max_changed_share: 0.5,
   max_touched_accounts: 4, always_confirm: [close]}
drift: {repair: never}
customizations:
  state: {bucket: example-vending-state, region: eu-west-1}
  layers:
    - {name: global-customizations}
    - {name: network, units: [Workloads/**], inputs: {zones: 2}}
  waves: [1, 10%, 100%]
  failure_budget: 2
engine: {kind: inline, accounts: 3, customizations: 4}
"""


def settings(root: Path, text: str) -> Settings:
    (root / "vending.yaml").write_text(text)
    return load_settings(root)


def wrong(root: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        settings(root, text)
    assert caught.value.hint
    return [f"{each.location}: {each.message}; {each.hint}" for each in caught.value.findings]


def test_the_shortest_file_has_defaults_for_everything_else(tmp_path: Path) -> None:
    found = settings(tmp_path, MINIMAL)
    assert (found.organization.management_account, found.organization.home_region) == ("111122223333", "eu-west-1")
    assert (found.repository, found.provisioner) == ("account-vending", "organizations")
    assert (found.roles.plan, found.roles.apply) == (None, None)
    assert (found.engine.kind, found.engine.accounts) == ("inline", 5)
    assert found.execution_role == "OrganizationAccountAccessRole"
    assert found.policy() == Policy(repository="account-vending")
    assert found.rules(date(2026, 1, 1)) == Rules(today=date(2026, 1, 1))


def test_everything_that_is_written_is_carried(tmp_path: Path) -> None:
    found = settings(tmp_path, WHOLE)
    assert found.policy() == Policy(
        repository="example-requests",
        tags_mode=TagsMode.ADDITIVE,
        tags_ignore=("map-*",),
        protected_units=("Security", "Workloads/Prod"),
        max_closures=1,
        max_changed_share=0.5,
        always_confirm=frozenset({"close"}),
        max_touched_accounts=4,
        control_tower=True,
    )
    assert found.control_tower.mode == "auto-enroll"
    assert found.rules(date(2026, 1, 1)) == Rules(
        email_domains=("example.com",), required_tags={"CostCenter": "^[0-9]{4}$"}, today=date(2026, 1, 1)
    )
    assert found.roles.apply == "arn:aws:iam::111122223333:role/path/vend-apply"
    assert (found.provisioner, found.execution_role) == ("control_tower", "AWSControlTowerExecution")
    assert (found.drift.repair, found.engine.accounts, found.engine.customizations) == ("never", 3, 4)
    assert found.customizations == Customizations(
        state=StateBucket(bucket="example-vending-state", region="eu-west-1"),
        layers=(
            Layer(name="global-customizations"),
            Layer(name="network", selector=Selector(units=("Workloads/**",)), inputs={"zones": 2}),
        ),
        waves=(1, "10%", "100%"),
        failure_budget=2,
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://example.awsapps.com/start",
        "https://d-1234567890.awsapps.com/start/",
        "https://ssoins-1.portal.eu-west-1.app.aws",
    ],
)
def test_the_access_portal_is_an_address_to_begin_at(tmp_path: Path, address: str) -> None:
    assert settings(tmp_path, f"{MINIMAL}access_portal_url: {address}\n").access_portal_url == address
    assert settings(tmp_path, MINIMAL).access_portal_url == ""


@pytest.mark.parametrize(
    "address", ["http://example.com/start", "https://example.com/>)[x](https://evil.example", "start"]
)
def test_what_is_no_address_of_a_portal_becomes_no_link(tmp_path: Path, address: str) -> None:
    (found,) = wrong(tmp_path, f'{MINIMAL}access_portal_url: "{address}"\n')
    assert "write an address like https://example.awsapps.com/start" in found


def test_whole_numbers_may_be_written_with_a_point(tmp_path: Path) -> None:
    found = settings(tmp_path, MINIMAL + "engine: {accounts: 4.0}\nguards: {max_closures: 2.0}\n")
    assert (type(found.engine.accounts), type(found.guards.max_closures)) == (int, int)


def test_without_a_file_the_remedy_is_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r'vending\.yaml": there is no such file|there is no such file') as caught:
        load_settings(tmp_path)
    assert MINIMAL.strip() in caught.value.hint
    assert settings(tmp_path, caught.value.hint.partition("least: ")[2].partition(";")[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("engine: {accounts: 6}", "vending.yaml:2:20: engine.accounts 6 is more than 5; write at most 5"),
        ("engine: {accounts: 0}", "vending.yaml:2:20: engine.accounts 0 is less than 1; write at least 1"),
        (
            "guards: {always_confirm: [update]}",
            (
                'vending.yaml:2:27: guards.always_confirm.0 "update" is not one of "create", "move", "rename", "email", '
                '"close", "enroll", "unmanage"; write one of them'
            ),
        ),
        (
            "guards: {max_changed_share: 1.5}",
            "vending.yaml:2:29: guards.max_changed_share 1.5 is more than 1; write at most 1",
        ),
        (
            "guards: {protected_units: [/Security]}",
            (
                'vending.yaml:2:28: guards.protected_units.0 "/Security" is not valid; '
                'write one to five unit names with "/" between them, like Workloads/Prod; no "/" at either end'
            ),
        ),
        ("gaurds: {}", 'vending.yaml:2:1: "gaurds" is not an attribute of vending.yaml; did you mean "guards"?'),
        (
            'required_tags: {A: "[0-9"}',
            (
                'vending.yaml:2:20: required_tags.A "[0-9" is not a regular expression: '
                'unterminated character set at position 0; write one, like "^[0-9]{4}$"'
            ),
        ),
        (
            "roles: {plan: vend-plan}",
            (
                'vending.yaml:2:15: roles.plan "vend-plan" is not valid; '
                "write the ARN of a role, like arn:aws:iam::111122223333:role/account-vending-plan"
            ),
        ),
        ("tags:", "vending.yaml:2:6: tags is empty, not a mapping; write a mapping"),
    ],
)
def test_what_is_wrong_is_explained_at_its_place(tmp_path: Path, text: str, expected: str) -> None:
    assert wrong(tmp_path, MINIMAL + text + "\n") == [expected]


TWO_MACHINES = "customizations: {state: {local: states}}\nengine: {kind: temporal, address: ADDRESS}\n"


@pytest.mark.parametrize("address", ["temporal.example.com:7233", "127.0.0.1.example.com:7233", "10.0.0.1:7233"])
def test_states_in_a_folder_are_refused_where_machines_would_have_one_each(tmp_path: Path, address: str) -> None:
    (told,) = wrong(tmp_path, MINIMAL + TWO_MACHINES.replace("ADDRESS", address))

    assert told.startswith("vending.yaml:2:25: customizations.state is a folder, which is another one on each machine")
    assert told.endswith(f'"{address}"; write a bucket, like {{bucket: example-vending-state, region: eu-west-1}}')


@pytest.mark.parametrize("address", ["127.0.0.1:7233", "127.1.2.3:7233", "LocalHost:7233"])
def test_one_machine_may_try_many_workers_with_states_in_a_folder(tmp_path: Path, address: str) -> None:
    assert settings(tmp_path, MINIMAL + TWO_MACHINES.replace("ADDRESS", address)).engine.address == address


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    found = wrong(tmp_path, "organization: {home_region: x}\nprovisioner: terraform\nengine: {kind: durable}\n")
    assert [each.partition(": ")[0] for each in found] == [
        "vending.yaml:1:15",
        "vending.yaml:1:29",
        "vending.yaml:2:14",
        "vending.yaml:3:16",
    ]


@pytest.mark.parametrize("text", ["", "a: [", "- a", "\t", "a: 1\na: 2\n"])
def test_what_is_no_yaml_of_ours_is_an_error_with_its_place(tmp_path: Path, text: str) -> None:
    assert len(wrong(tmp_path, text)) == 1


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "vending.yaml").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path)
