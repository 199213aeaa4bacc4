"""Custom fields as SSM parameters of the account: all that are asked for, no others, and no secret is read on the way."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pipeline.model.account import UNOBSERVED
from pipeline.model.account_settings import CUSTOM_FIELDS_PATH, Setting
from pipeline.model.change import FieldChange, UpdateAccount
from pipeline.model.json import Json
from pipeline.model.observed import Details
from pipeline.model.operation import Done, Result, Vanished
from pipeline.sandbox.options import Options
from pipeline.sandbox.server import Served
from tests.contract.provisioner_benches import SandboxBench, carry_out, creation, sandbox
from tests.contract.sandbox_client import Aws

BILLING = "210000000006"
MANY = {f"field-{number:02}": str(number) for number in range(23)}
WANTED = frozenset({Setting.CUSTOM_FIELDS})


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with sandbox(Options(seed="sample")) as served:
        yield served


@pytest.fixture(scope="module")
def shared(served: Served) -> SandboxBench:
    return SandboxBench(served)


@pytest.fixture
def bench(shared: SandboxBench) -> SandboxBench:
    shared.begin_anew()
    return shared


@pytest.fixture
def ssm(bench: SandboxBench) -> Any:
    """SSM of the account in the home Region, as somebody else has it."""
    aws = Aws(bench.served)
    return aws.client("ssm", aws.inside(BILLING), region="eu-west-1")


def observed(bench: SandboxBench) -> Any:
    provisioner = bench.provisioner()
    state = provisioner.observe_details(provisioner.observe(), {BILLING: Details(settings=WANTED)})
    (account,) = (each for each in state.accounts if each.account_id == BILLING)
    assert account.spec.settings is not UNOBSERVED
    return account.spec.settings["custom_fields"]


def keep(bench: SandboxBench, before: Json, after: Mapping[str, Json]) -> Result:
    field = FieldChange(path=("settings", "custom_fields"), before=before, after=after)
    change = UpdateAccount(key="billing", account_id=BILLING, name="billing", fields=(field,))
    return carry_out(bench, bench.provisioner(), change)[-1]


def written(bench: SandboxBench) -> Counter[str]:
    return Counter(
        call.operation for call in bench.served.calls if call.operation.endswith(("Parameter", "Parameters"))
    )


def test_all_of_them_are_written_and_read_page_by_page(bench: SandboxBench) -> None:
    result = keep(bench, {}, MANY)
    assert isinstance(result, Done)
    assert result.message == "custom fields written as SSM parameters"
    assert observed(bench) == MANY


def test_only_what_differs_is_written_and_what_is_not_asked_for_goes(bench: SandboxBench) -> None:
    keep(bench, {}, MANY)
    after = {name: value for name, value in MANY.items() if int(value) > 10} | {"field-22": "x", "new": "y"}
    bench.served.sandbox.front.calls.clear()
    keep(bench, MANY, after)
    assert written(bench) == {"PutParameter": 2, "DeleteParameters": 2}
    assert observed(bench) == after

    bench.served.sandbox.front.calls.clear()
    assert isinstance(keep(bench, MANY, after), Done)
    assert not written(bench)


def test_other_parameters_of_the_account_are_left_alone(bench: SandboxBench, ssm: Any) -> None:
    for name in ("/aft/account-request/custom-fields-of-others", "/aft/account-request/other/a"):
        ssm.put_parameter(Name=name, Value="theirs", Type="String")
    keep(bench, {}, {"a": "1"})
    keep(bench, {"a": "1"}, {})
    assert observed(bench) == {}
    names = [each["Name"] for each in ssm.get_parameters_by_path(Path="/aft", Recursive=True)["Parameters"]]
    assert sorted(names) == ["/aft/account-request/custom-fields-of-others", "/aft/account-request/other/a"]


def test_a_secret_is_not_read_and_is_replaced_by_text(bench: SandboxBench, ssm: Any) -> None:
    ssm.put_parameter(Name=f"{CUSTOM_FIELDS_PATH}team", Value="secret", Type="SecureString")
    before = observed(bench)
    assert before == {"team": {"type": "SecureString"}}
    keep(bench, before, {"team": "payments"})
    parameter = ssm.get_parameter(Name=f"{CUSTOM_FIELDS_PATH}team")["Parameter"]
    assert (parameter["Type"], parameter["Value"]) == ("String", "payments")


def test_what_has_moved_since_the_plan_is_not_overwritten(bench: SandboxBench, ssm: Any) -> None:
    ssm.put_parameter(Name=f"{CUSTOM_FIELDS_PATH}team", Value="by hand", Type="String")
    assert isinstance(keep(bench, {}, {"team": "payments"}), Vanished)
    assert observed(bench) == {"team": "by hand"}


def test_a_new_account_without_custom_fields_is_not_entered(bench: SandboxBench) -> None:
    results = carry_out(bench, bench.provisioner(), creation("search", settings={"custom_fields": {}}))
    assert isinstance(results[-1], Done)
    assert "AssumeRole" not in {call.operation for call in bench.served.calls}
