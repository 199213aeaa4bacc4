"""Which change waits for which."""

import pytest

from pipeline.errors import PermanentServiceError
from pipeline.model.account import ROOT, AccountSpec
from pipeline.model.change import (
    Change,
    ChangeControl,
    CloseAccount,
    ControlAction,
    CreateAccount,
    CreateUnit,
    CustomizeAccount,
    EnrollAccount,
    FieldChange,
    MoveAccount,
    RegisterUnit,
    UnitAction,
    UnmanageAccount,
    UpdateAccount,
)
from pipeline.model.effect import digest_of
from pipeline.model.operation import Lane, Operation
from pipeline.model.plan import RollOut
from pipeline.reconcile.engine import Task
from pipeline.reconcile.tasks import tasks_of


def _expand(change: Change) -> tuple[Operation, ...]:
    return (Operation(kind=type(change).__name__, lane=Lane.ORGANIZATIONS),)


def _create(key: str, unit: str) -> CreateAccount:
    spec = AccountSpec(name=key, email=f"{key}@example.com", organizational_unit=unit)
    return CreateAccount(key=key, repository="example/accounts", spec=spec)


def _move(key: str, after: str) -> MoveAccount:
    return MoveAccount(key=key, account_id="111122223333", name=key, before=ROOT, after=after)


def _update(key: str, tag: str = "Team") -> UpdateAccount:
    change = FieldChange(path=("tags", tag), before=None, after="search")
    return UpdateAccount(key=key, account_id="111122223333", name=key, fields=(change,))


def _tasks(*changes: Change) -> tuple[Task, ...]:
    return tasks_of(changes, _expand)


def _needed(task: Task, tasks: tuple[Task, ...]) -> list[str]:
    return sorted(other.subject for other in tasks if other.id in task.requires)


def test_there_is_one_task_per_change_in_the_same_order() -> None:
    changes = (CreateUnit(path="Workloads"), _create("new", "Sandbox"), CloseAccount(key="a", account_id="1", name="a"))

    tasks = _tasks(*changes)

    assert [task.change_digest for task in tasks] == [digest_of(change) for change in changes]
    assert [(task.kind, task.subject, task.account_id) for task in tasks] == [
        ("create-unit", "Workloads", None),
        ("create", "new", None),
        ("close", "a", "1"),
    ]
    assert [task.operations[0].kind for task in tasks] == ["CreateUnit", "CreateAccount", "CloseAccount"]


def test_changes_of_one_subject_come_one_after_the_other() -> None:
    tasks = _tasks(_move("a", "Sandbox"), _move("b", "Sandbox"), _update("a"), _update("a", "Other"))

    assert [sorted(task.after) for task in tasks] == [[], [], [tasks[0].id], [tasks[2].id]]
    assert not any(task.requires for task in tasks)


def test_a_unit_and_a_request_of_the_same_name_are_two_subjects() -> None:
    tasks = _tasks(CreateUnit(path="sandbox"), _update("sandbox"))

    assert not any(task.after for task in tasks)


def test_what_goes_to_a_unit_requires_every_new_unit_above_it() -> None:
    tasks = _tasks(
        CreateUnit(path="Workloads"),
        CreateUnit(path="Workloads/Prod"),
        CreateUnit(path="Workloads/Prod/EU"),
        _create("new", "Workloads/Prod"),
        _move("old", "Workloads/Prod/EU"),
        _move("out", "Workloads"),
    )

    assert [_needed(task, tasks) for task in tasks] == [
        [],
        ["Workloads"],
        ["Workloads", "Workloads/Prod"],
        ["Workloads", "Workloads/Prod"],
        ["Workloads", "Workloads/Prod", "Workloads/Prod/EU"],
        ["Workloads"],
    ]


def test_units_that_exist_already_and_the_root_are_no_requirement() -> None:
    tasks = _tasks(CreateUnit(path="Other"), _move("a", ROOT), _create("b", "Workloads/Prod"), _update("c"))

    assert not any(task.requires for task in tasks)


def test_the_ids_are_the_same_in_every_run_and_different_within_one() -> None:
    changes = (_update("a"), _update("a", "Other"), _move("a", "Sandbox"), CreateUnit(path="a"))

    tasks = _tasks(*changes)

    assert len({task.id for task in tasks}) == 4
    assert [task.id for task in tasks] == [task.id for task in _tasks(*changes)]


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (PermanentServiceError("this backend closes no accounts"), "this backend closes no accounts"),
        (KeyError("lane"), "unexpected: KeyError: 'lane'"),
    ],
)
def test_a_change_that_cannot_be_taken_apart_is_refused_alone(error: Exception, refusal: str) -> None:
    def expand(change: Change) -> tuple[Operation, ...]:
        if isinstance(change, CloseAccount):
            raise error
        return _expand(change)

    tasks = tasks_of((CloseAccount(key="a", account_id="1", name="a"), _update("b")), expand)

    assert [task.refusal for task in tasks] == [refusal, ""]
    assert [len(task.operations) for task in tasks] == [0, 1]


def _customize(key: str, name: str, *, after: tuple[str, ...] = (), account_id: str | None = None) -> CustomizeAccount:
    return CustomizeAccount(
        key=key, account_id=account_id, name=key, customization=name, fingerprint="1f2e", after=after
    )


def test_a_customization_requires_the_creation_of_its_account_and_those_that_come_before_it() -> None:
    tasks = _tasks(
        _create("new", "Sandbox"),
        _create("other", "Sandbox"),
        _customize("new", "base"),
        _customize("new", "network", after=("base",)),
    )

    assert tasks[2].requires == {tasks[0].id}
    assert tasks[3].requires == {tasks[0].id, tasks[2].id}


def test_a_customization_of_an_account_that_exists_waits_for_its_other_changes_and_needs_none() -> None:
    tasks = _tasks(_update("pay"), _customize("pay", "base", account_id="111122223333"))

    assert tasks[1].after == {tasks[0].id}
    assert not tasks[1].requires


def test_customizations_stand_in_the_wave_of_their_account_and_nothing_else_in_any() -> None:
    changes = (
        _update("pay"),
        _customize("pay", "base", account_id="111122223333"),
        _customize("pay", "network", account_id="111122223333"),
        _customize("web", "base", account_id="111122223334"),
        _customize("not-named", "base", account_id="111122223335"),
    )

    tasks = tasks_of(changes, _expand, RollOut(waves=(("web",), ("pay",))))

    assert [task.wave for task in tasks] == [None, 2, 2, 1, 2]
    assert [task.wave for task in _tasks(*changes)] == [None] * 5


def _governed_tasks() -> dict[str, Task]:
    account = {"account_id": "222233334444", "name": "web"}
    changes = (
        CreateUnit(path="A"),
        RegisterUnit(path="A", action=UnitAction.REGISTER, before=None, after="4.0"),
        ChangeControl(path="A", control="arn:c", action=ControlAction.ENABLE),
        RegisterUnit(path="A/B", action=UnitAction.REGISTER, before=None, after="4.0"),
        CreateAccount(key="new", repository="r", spec=_create("new", "A/B").spec),
        EnrollAccount(key="in", **account, email="e", before="A", after="A"),
        UnmanageAccount(key="out", **account),
        MoveAccount(key="out", **account, before="/", after="Sandbox"),
        _update("tags"),
    )
    return {f"{task.kind} {task.subject}": task for task in tasks_of(changes, _expand)}


def test_control_tower_changes_one_unit_at_a_time_and_accounts_after_all_units() -> None:
    tasks = _governed_tasks()
    last = tasks["register-unit A/B"].id
    assert tasks["control A"].after == {tasks["register-unit A"].id}
    assert tasks["register-unit A/B"].after == {tasks["control A"].id}
    for name in ("create new", "enroll in", "unmanage out"):
        assert last in tasks[name].after
    assert tasks["update tags"].after == frozenset()


def test_what_goes_to_a_unit_requires_its_registration_and_those_above() -> None:
    tasks = _governed_tasks()
    unit, above, below = tasks["create-unit A"].id, tasks["register-unit A"].id, tasks["register-unit A/B"].id
    assert tasks["register-unit A"].requires == {unit}
    assert tasks["control A"].requires == {unit, above}
    assert tasks["register-unit A/B"].requires == {unit, above}
    assert tasks["create new"].requires == {unit, above, below}
    assert tasks["enroll in"].requires == {unit, above}


def test_an_account_that_left_moves_on_only_if_it_has_left() -> None:
    tasks = _governed_tasks()
    assert tasks["move out"].requires == {tasks["unmanage out"].id}
