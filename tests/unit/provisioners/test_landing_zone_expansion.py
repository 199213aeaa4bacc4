"""Changes in a landing zone become operations: plain data, complete, in order, for each mode."""

import itertools
import json
from typing import Any

import pytest

from pipeline.errors import PermanentServiceError
from pipeline.model.account import AccountSpec
from pipeline.model.change import (
    ChangeControl,
    CloseAccount,
    ControlAction,
    CreateAccount,
    EnrollAccount,
    FieldChange,
    MoveAccount,
    OrganizationChange,
    RegisterUnit,
    UnitAction,
    UnmanageAccount,
    UpdateAccount,
)
from pipeline.model.json import canonical
from pipeline.model.landing_zone import Mode
from pipeline.model.operation import Lane, Operation
from pipeline.provisioners.expansion import expand
from pipeline.provisioners.steps import operation_of, step_of

SC, AUTO = Mode.SERVICE_CATALOG, Mode.AUTO_ENROLL
USER = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"}
WHO: dict[str, Any] = {"key": "billing", "account_id": "210000000006", "name": "billing"}
SPEC = AccountSpec(name="billing", email="aws+billing@example.com", organizational_unit="Prod", sso_user=USER)
ENTERED = ["enter-unit", "enroll-through-unit", "await-enrollment"]
ENROLL = EnrollAccount(
    **WHO, email="aws+billing@example.com", before="/", after="Prod", product="p-1", repairs=("execution_role",)
)
USER_CHANGE = UpdateAccount(
    **WHO, fields=(FieldChange(path=("sso_user",), before={"email": "old@example.com"}, after=USER),)
)
CREATE = CreateAccount(key="billing", repository="example", spec=SPEC, product="p-1")

ROWS: list[tuple[Mode, OrganizationChange, list[str]]] = [
    *(
        (mode, RegisterUnit(path="Prod", action=action, before=None, after="4.0"), kinds)
        for mode in Mode
        for action, kinds in (
            (UnitAction.REGISTER, ["register-baseline", "await-baseline"]),
            (UnitAction.UPDATE, ["register-baseline", "await-baseline"]),
            (UnitAction.RESET, ["register-baseline", "await-baseline", "reset-controls"]),
        )
    ),
    *(
        (mode, ChangeControl(path="Prod", control="arn", action=action), ["change-control", "await-control"])
        for mode in Mode
        for action in ControlAction
    ),
    (SC, CREATE, ["provision-account", "await-product", "claim"]),
    (AUTO, CREATE, ["request-creation", "wait-for-creation", *ENTERED]),
    (SC, ENROLL, ["repair", "provision-account", "await-product"]),
    (AUTO, ENROLL, ["repair", *ENTERED]),
    (SC, MoveAccount(**WHO, before="Dev", after="Prod"), ["update-product", "await-product"]),
    (AUTO, MoveAccount(**WHO, before="Dev", after="Prod"), ENTERED),
    (AUTO, MoveAccount(**WHO, before="Dev", after="/"), ["enter-unit"]),
    (SC, UnmanageAccount(**WHO), ["end-product", "await-product-gone"]),
    (AUTO, UnmanageAccount(**WHO), ["leave-unit", "await-unenrollment"]),
    (SC, CloseAccount(**WHO), ["end-product", "await-product-gone", "close"]),
    (AUTO, CloseAccount(**WHO), ["leave-unit", "await-unenrollment", "close"]),
    (SC, USER_CHANGE, ["remove-former-user", "update-product", "await-product"]),
]


@pytest.mark.parametrize(("mode", "change", "kinds"), ROWS)
def test_each_change_has_its_operations_and_they_come_back_from_json(
    mode: Mode, change: OrganizationChange, kinds: list[str]
) -> None:
    operations = expand(change, mode)
    assert [each.kind for each in operations] == kinds
    for operation in operations:
        stored = Operation(
            kind=operation.kind, lane=Lane(operation.lane.value), arguments=json.loads(canonical(operation.arguments))
        )
        assert operation_of(step_of(stored)) == operation


@pytest.mark.parametrize(("mode", "change", "kinds"), ROWS)
def test_to_begin_and_to_wait_are_on_one_lane(mode: Mode, change: OrganizationChange, kinds: list[str]) -> None:
    """One place of the lane is held through both, so that no more is begun than Control Tower takes."""
    lanes = {operation.kind: operation.lane for operation in expand(change, mode)}
    for begin, wait in itertools.pairwise(kinds):
        if wait.startswith("await"):
            assert lanes[begin] is lanes[wait]


@pytest.mark.parametrize("change", [ENROLL, UnmanageAccount(**WHO), USER_CHANGE])
def test_without_a_landing_zone_they_are_refused(change: OrganizationChange) -> None:
    with pytest.raises(PermanentServiceError) as refused:
        expand(change)
    assert refused.value.hint


def test_account_factory_needs_the_name_of_the_product() -> None:
    with pytest.raises(PermanentServiceError, match="product"):
        expand(CreateAccount(key="billing", repository="example", spec=SPEC), SC)


def test_the_access_of_the_same_administrator_is_not_removed() -> None:
    same = FieldChange(path=("sso_user",), before={"email": "ADA@example.com"}, after=USER)
    kinds = [each.kind for each in expand(UpdateAccount(**WHO, fields=(same,)), SC)]
    assert kinds == ["update-product", "await-product"]
