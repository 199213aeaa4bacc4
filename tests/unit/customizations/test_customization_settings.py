"""The part `customizations:` of `vending.yaml`."""

from pathlib import Path

import pytest

from pipeline.customizations.layers import Layer, Selector
from pipeline.customizations.settings import Canary, Customizations, PlanMode, StateBucket, StateFolder, Terraform
from pipeline.errors import SettingsError
from pipeline.model.customization import When
from pipeline.model.finding import Location
from pipeline.settings import load_settings

MINIMAL = 'organization: {management_account: "111122223333", home_region: eu-west-1}\n'
WHOLE = """\
customizations:
  state: {bucket: example-vending-state, region: eu-west-1, prefix: vend/accounts}
  layers:
    - name: global-customizations
    - name: network
      source: git::https://example.com/customizations.git//network?ref=v1.4.0
      units: [Workloads/**]
      tags: {Environment: prod*}
      keys: ["payments-*"]
      exclude: {keys: [payments-old]}
      inputs:
        zones: 2
      depends_on: [global-customizations]
      when: provisioning
  terraform: {binary: tofu, minimum_version: "1.11.0", mirror: /opt/providers}
  plan: sample
  waves: [1, 10%, 100%]
  canary:
    tags: {Environment: dev}
  failure_budget: 2
  max_destroys: 1
"""


def read(root: Path, text: str) -> Customizations:
    (root / "vending.yaml").write_text(MINIMAL + text)
    return load_settings(root).customizations


def wrong(root: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(root, text)
    return [f"{each.location}: {each.message}; {each.hint}" for each in caught.value.findings]


def test_everything_that_is_written_is_carried(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == Customizations(
        state=StateBucket(bucket="example-vending-state", region="eu-west-1", prefix="vend/accounts"),
        layers=(
            Layer(name="global-customizations"),
            Layer(
                name="network",
                source="git::https://example.com/customizations.git//network?ref=v1.4.0",
                selector=Selector(units=("Workloads/**",), tags={"Environment": "prod*"}, keys=("payments-*",)),
                exclude=Selector(keys=("payments-old",)),
                inputs={"zones": 2},
                depends_on=("global-customizations",),
                when=When.PROVISIONING,
            ),
        ),
        terraform=Terraform(binary="tofu", minimum_version="1.11.0", mirror="/opt/providers"),
        plan=PlanMode.SAMPLE,
        waves=(1, "10%", "100%"),
        failure_budget=2,
        max_destroys=1,
        canary=Canary(selector=Selector(tags={"Environment": "dev"}), location=Location("vending.yaml")),
    )


def test_layers_and_their_inputs_know_where_they_are_written(tmp_path: Path) -> None:
    _, network = read(tmp_path, WHOLE).layers
    assert str(network.location) == "vending.yaml:6:13"
    assert {name: str(place) for name, place in network.origins.items()} == {"zones": "vending.yaml:13:16"}


def test_without_it_nothing_is_customized_and_nothing_may_be_destroyed(tmp_path: Path) -> None:
    found = read(tmp_path, "")
    assert found == Customizations()
    assert (found.max_destroys, found.failure_budget, found.waves, found.canary) == (0, None, (), None)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("waves: [1]", 0),
        ("canary: {keys: [dev]}", 0),
        ("waves: []", None),
        ("waves: [1], failure_budget: 3", 3),
        ("failure_budget: 3", 3),
    ],
)
def test_whoever_writes_waves_or_a_canary_is_asked_after_the_first_failure(
    tmp_path: Path, text: str, budget: int | None
) -> None:
    assert read(tmp_path, f"customizations: {{{text}}}").failure_budget == budget


def test_the_state_may_be_a_folder(tmp_path: Path) -> None:
    assert read(tmp_path, "customizations: {state: {local: .vend/state}}").state == StateFolder(local=".vend/state")


@pytest.mark.parametrize("state", ["{}", "{bucket: abc}", "{region: eu-west-1}", "{local: x, bucket: abc}"])
def test_half_a_state_is_told(tmp_path: Path, state: str) -> None:
    (message,) = wrong(tmp_path, f"customizations: {{state: {state}}}")
    assert message.startswith(
        "vending.yaml:2:25: customizations.state names neither a bucket with its Region nor a local folder alone"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "layers: [{name: x, source: 'git::https://example.com/x.git?ref=main'}]",
            (
                'vending.yaml:2:45: the source "git::https://example.com/x.git?ref=main" of the layer "x" names the ref '
                '"main", which may move; pin it: ?ref= and a release tag like v1.2.3, or a commit with all of its 40 digits'
            ),
        ),
        (
            "terraform: {minimum_version: 1.9.8}",
            (
                'vending.yaml:2:47: customizations.terraform.minimum_version "1.9.8" is not valid; '
                'write a version from 1.10.0 on, like "1.11.0"'
            ),
        ),
        (
            "layers: [{name: x, when: never}]",
            (
                'vending.yaml:2:43: customizations.layers.0.when "never" is not one of "always", "provisioning"; '
                "write one of them"
            ),
        ),
        (
            "canary: {keys: []}",
            (
                "vending.yaml:2:26: customizations.canary names no account; "
                "write units, tags or keys, like {keys: [sandbox-1]}, or remove it"
            ),
        ),
        (
            "waves: [0%]",
            'vending.yaml:2:26: customizations.waves.0 "0%" is not valid; write a number of accounts, or a share like 10%',
        ),
        (
            "parallelism: 2",
            (
                'vending.yaml:2:18: "parallelism" is not an attribute of customizations; '
                "write it as engine: {customizations: …}, where it is now"
            ),
        ),
        (
            "layers: [{name: x, unit: [Workloads]}]",
            'vending.yaml:2:37: "unit" is not an attribute of customizations.layers.0; did you mean "units"?',
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, text: str, expected: str) -> None:
    assert wrong(tmp_path, f"customizations: {{{text}}}") == [expected]
