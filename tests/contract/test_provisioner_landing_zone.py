"""What every provisioner does in a landing zone: one suite for both ways of bringing accounts into it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import PermanentServiceError
from pipeline.model.account import ROOT, AccountState
from pipeline.model.change import (
    ChangeControl,
    CloseAccount,
    ControlAction,
    CreateAccount,
    CreateUnit,
    EnrollAccount,
    FieldChange,
    MoveAccount,
    OrganizationChange,
    RegisterUnit,
    UnitAction,
    UnmanageAccount,
    UpdateAccount,
)
from pipeline.model.effect import product_owner
from pipeline.model.json import Json
from pipeline.model.landing_zone import Mode, Standing, product_name
from pipeline.model.observed import Details, ObservedAccount
from pipeline.model.operation import Done, Lane, Vanished, Waiting
from tests.contract.landing_zone_benches import (
    CONTROL,
    OTHER_USER,
    USER,
    VERSION,
    LandingZoneBench,
    account_named,
    dies,
    found,
    landing_zone,
    make,
    registered,
    unit_of,
)
from tests.contract.provisioner_benches import REPOSITORY, account, carry_out, ownership, perform

SC, AUTO = Mode.SERVICE_CATALOG, Mode.AUTO_ENROLL
PARAMETERS: Mapping[str, Json] = {"AllowedRegions": ["eu-west-1", "eu-central-1"], "ExemptedPrincipalArns": []}
KINDS = [
    *((mode, kind) for mode in Mode for kind in ("register", "reset", "enable", "update", "disable", "create", "move")),
    *((mode, kind) for mode in Mode for kind in ("enroll", "unmanage", "close", "close unmanaged")),
    (SC, "administrator"),
    (SC, "put right"),
]


@pytest.fixture(scope="module", params=list(Mode))
def shared(request: pytest.FixtureRequest) -> Iterator[LandingZoneBench]:
    with landing_zone(request.param) as bench:
        yield bench


@pytest.fixture
def bench(shared: LandingZoneBench) -> LandingZoneBench:
    shared.begin_anew()
    return shared


def prepared(bench: LandingZoneBench) -> tuple[ObservedAccount, ObservedAccount]:
    """A vended account in a registered unit, and one that somebody made by hand, in the root."""
    make(bench, *registered("Workloads"), CreateUnit(path="Legacy"), account_named("billing", bench.mode))
    legacy = bench.unmanaged("Legacy CRM", "aws+crm@example.com", {})
    observed = bench.provisioner().observe()
    return account(observed, "aws+billing@example.com"), found(observed, legacy)


def change_of(bench: LandingZoneBench, kind: str) -> OrganizationChange:
    """One change of the kind, on an organization that is prepared for it."""
    vended, legacy = prepared(bench)
    who: dict[str, Any] = {"key": "billing", "account_id": vended.account_id, "name": "billing"}
    if kind == "put right":
        bench.drift("moved-account", vended.account_id)
        unit = found(bench.provisioner().observe(), vended.account_id).spec.organizational_unit
        return MoveAccount(**who, before=unit, after="Workloads")
    if kind == "reset":
        bench.drift("inheritance-drift", vended.account_id)
    if kind in {"update", "disable"}:
        make(bench, ChangeControl(path="Workloads", control=CONTROL, action=ControlAction.ENABLE))
    user = FieldChange(path=("sso_user",), before=USER, after=OTHER_USER)
    changes: dict[str, OrganizationChange] = {
        "register": RegisterUnit(path="Legacy", action=UnitAction.REGISTER, before=None, after=VERSION),
        "reset": RegisterUnit(path="Workloads", action=UnitAction.RESET, before=VERSION, after=VERSION),
        "enable": ChangeControl(path="Workloads", control=CONTROL, action=ControlAction.ENABLE),
        "update": ChangeControl(path="Workloads", control=CONTROL, action=ControlAction.UPDATE, parameters=PARAMETERS),
        "disable": ChangeControl(path="Workloads", control=CONTROL, action=ControlAction.DISABLE),
        "create": account_named("search", bench.mode, tags={"CostCenter": "4711"}),
        "move": MoveAccount(**who, before="Workloads", after="Sandbox"),
        "enroll": enrollment(bench, legacy),
        "unmanage": UnmanageAccount(**who),
        "close": CloseAccount(**who),
        "close unmanaged": CloseAccount(key="crm", account_id=legacy.account_id, name="Legacy CRM"),
        "administrator": UpdateAccount(**who, fields=(user,)),
    }
    return changes[kind]


def enrollment(bench: LandingZoneBench, legacy: ObservedAccount) -> EnrollAccount:
    return EnrollAccount(
        key="crm",
        account_id=legacy.account_id,
        name=legacy.spec.name,
        email=legacy.spec.email,
        before=ROOT,
        after="Workloads",
        product=product_name("crm", REPOSITORY) if bench.mode is SC else None,
        repairs=("execution_role",) if bench.mode is SC else (),
        sso_user=USER,
    )


def picture(bench: LandingZoneBench) -> list[object]:
    """The organization without the ids that differ from one run to the next."""
    bench.clock.sleep(120)
    provisioner = bench.provisioner()
    observed = provisioner.observe()
    wanted = {unit.unit_id: Details(controls=frozenset({CONTROL})) for unit in observed.units}
    wanted |= {each.account_id: Details(sso_user=True) for each in observed.accounts}
    observed = provisioner.observe_details(observed, wanted)
    accounts = [
        (each.spec, each.key, each.state, each.enrollment, each.product and replace(each.product, product_id=""))
        for each in observed.accounts
        if not each.spec.email.startswith("aws+a")
    ]
    nameless = [
        (spec, key, state, enrolled, product and replace(product, account_id=""))
        for spec, key, state, enrolled, product in accounts
    ]
    return [
        *sorted(nameless, key=lambda each: str(each[0].email)),
        *((unit.path, unit.registration and replace(unit.registration, operation="")) for unit in observed.units),
        observed.creations,
        [each.status for each in observed.products],
    ]


class TestCarryingOut:
    @pytest.mark.parametrize(("shared", "kind"), KINDS, indirect=["shared"])
    def test_a_change_carried_out_is_observed_and_each_operation_may_be_performed_twice(
        self, bench: LandingZoneBench, kind: str
    ) -> None:
        change = change_of(bench, kind)
        for result in carry_out(bench, bench.provisioner(), change, twice=True):
            assert isinstance(result, Done), result
        once = len(bench.writes)
        make(bench, change)
        assert len(bench.writes) == once, "what is done is not written again"
        if isinstance(change, RegisterUnit | ChangeControl):
            assert_unit(bench, kind)
        elif isinstance(change, CreateAccount):
            assert_vended(bench, account(bench.provisioner().observe(), "aws+search@example.com"))
        else:
            assert not isinstance(change, CreateUnit)
            assert_account(bench, kind, found(bench.provisioner().observe(), change.account_id))

    @pytest.mark.parametrize(("shared", "kind"), KINDS, indirect=["shared"])
    def test_a_change_survives_a_death_after_every_write(self, bench: LandingZoneBench, kind: str) -> None:
        """Another process takes over, knows nothing, and ends where an undisturbed one would have."""
        make(bench, change_of(bench, kind))
        undisturbed = picture(bench)
        bench.begin_anew()
        change = change_of(bench, kind)
        deaths = 0
        while dies(bench, change, deaths):
            deaths += 1
            bench.clock.sleep(1)
        assert deaths > 0
        assert picture(bench) == undisturbed


def assert_unit(bench: LandingZoneBench, kind: str) -> None:
    if kind in {"enable", "update", "disable"}:
        assert controls_on(bench, "Workloads") == {"enable": [{}], "update": [PARAMETERS], "disable": []}[kind]
        return
    unit = unit_of(bench.provisioner().observe(), "Legacy" if kind == "register" else "Workloads")
    assert unit.registration is not None
    assert (unit.registration.standing, unit.registration.version) == (Standing.SUCCEEDED, VERSION)
    assert not unit.registration.is_drifted


def assert_account(bench: LandingZoneBench, kind: str, target: ObservedAccount) -> None:
    if kind in {"unmanage", "close", "close unmanaged"}:
        assert (target.enrollment, target.product, target.spec.organizational_unit) == (None, None, ROOT)
        assert target.is_closed is (kind != "unmanage")
        return
    unit = "Sandbox" if kind == "move" else "Workloads"
    assert target.enrollment is not None
    assert (target.enrollment.unit, target.spec.organizational_unit) == (unit, unit)
    assert target.enrollment.standing is Standing.SUCCEEDED
    assert not target.enrollment.is_drifted
    if kind == "administrator":
        assert administrators(bench, target.account_id) == {OTHER_USER["email"]}


def assert_vended(bench: LandingZoneBench, made: ObservedAccount) -> None:
    assert made.state is AccountState.ACTIVE
    assert (made.key, made.repository) == ("search", REPOSITORY)
    assert made.spec.tags == {"CostCenter": "4711"}
    assert made.enrollment is not None
    assert (made.enrollment.unit, made.enrollment.standing) == ("Workloads", Standing.SUCCEEDED)
    if bench.mode is SC:
        assert made.product is not None
        assert (made.product.name, made.product.status) == (product_name("search", REPOSITORY), "AVAILABLE")


def controls_on(bench: LandingZoneBench, path: str) -> list[Mapping[str, Json]]:
    """The parameters of the control, if it is on the unit."""
    provisioner = bench.provisioner()
    observed = provisioner.observe()
    wanted = {unit_of(observed, path).unit_id: Details(controls=frozenset({CONTROL}))}
    registration = unit_of(provisioner.observe_details(observed, wanted), path).registration
    assert registration is not None
    return [each.parameters for each in registration.controls if each.control == CONTROL]


def administrators(bench: LandingZoneBench, account_id: str) -> set[str]:
    """The users whom Account Factory gave access to the account."""
    admin = bench.connection.client("sso-admin", region="eu-west-1")
    store = bench.connection.client("identitystore", region="eu-west-1")
    (instance,) = admin.list_instances()["Instances"]
    arn = instance["InstanceArn"]
    names: set[str] = set()
    for permission_set in admin.list_permission_sets_provisioned_to_account(InstanceArn=arn, AccountId=account_id)[
        "PermissionSets"
    ]:
        some = admin.list_account_assignments(InstanceArn=arn, AccountId=account_id, PermissionSetArn=permission_set)
        for each in some["AccountAssignments"]:
            if each["PrincipalType"] == "USER":
                user = store.describe_user(IdentityStoreId=instance["IdentityStoreId"], UserId=each["PrincipalId"])
                names.add(user["UserName"])
    return names


class TestTwoRunsAtOnce:
    def test_an_account_is_made_once(self, bench: LandingZoneBench) -> None:
        """Both have observed before either has asked; the second asks while the first one waits."""
        make(bench, *registered("Workloads"))
        first, second = bench.provisioner(), bench.provisioner()
        first.observe()
        second.observe()
        change = account_named("billing", bench.mode)
        asked = first.perform(first.expand(change)[0], {})
        assert isinstance(asked, Done)
        bench.clock.sleep(3)
        for result in [*carry_out(bench, second, change), *carry_out(bench, first, change)]:
            assert isinstance(result, Done), result
        bench.clock.sleep(60)
        observed = bench.provisioner().observe()
        assert [each.spec.name for each in observed.accounts].count("billing") == 1
        asked_for = [each.operation for each in bench.writes if each.operation in {"ProvisionProduct", "CreateAccount"}]
        assert len(asked_for) == 1

    def test_two_requests_of_one_name_are_two_accounts(self, bench: LandingZoneBench) -> None:
        make(bench, *registered("Workloads"))
        one = account_named("billing", bench.mode)
        other: CreateAccount = replace(
            account_named("ledger", bench.mode), spec=replace(one.spec, email="aws+ledger@example.com")
        )
        make(bench, one, other)
        observed = bench.provisioner().observe()
        assert account(observed, "aws+ledger@example.com").key == "ledger"
        assert account(observed, "aws+billing@example.com").key == "billing"


class TestRefusing:
    def test_an_address_of_another_account_is_never_provisioned(self, bench: LandingZoneBench) -> None:
        """Account Factory would enroll that account."""
        _, legacy = prepared(bench)
        wanted = account_named("crm", bench.mode)
        assert wanted.spec.email == legacy.spec.email
        bench.writes.clear()
        with pytest.raises(PermanentServiceError, match=r"aws\+crm@example\.com"):
            carry_out(bench, bench.provisioner(), wanted)
        assert not bench.writes

    def test_an_enrollment_sends_the_address_that_the_account_has(self, bench: LandingZoneBench) -> None:
        """A plan may be old, and a file mistyped: another address would become another account."""
        _, legacy = prepared(bench)
        change = replace(enrollment(bench, legacy), email="aws+mistyped@example.com", name="Mistyped")
        make(bench, change)
        observed = bench.provisioner().observe()
        assert found(observed, legacy.account_id).enrollment is not None
        assert "aws+mistyped@example.com" not in {each.spec.email for each in observed.accounts}

    def test_an_account_that_is_not_there_is_not_enrolled(self, bench: LandingZoneBench) -> None:
        _, legacy = prepared(bench)
        gone = replace(enrollment(bench, legacy), account_id="999999999999", repairs=())
        bench.writes.clear()
        assert isinstance(carry_out(bench, bench.provisioner(), gone)[-1], Vanished)
        assert not bench.writes

    @pytest.mark.parametrize("tags", [ownership("crm", "elsewhere"), ownership("other")])
    def test_an_account_of_somebody_else_is_never_changed(self, bench: LandingZoneBench, tags: dict[str, str]) -> None:
        prepared(bench)
        account_id = bench.unmanaged("foreign", "aws+foreign@example.com", tags)
        foreign = found(bench.provisioner().observe(), account_id)
        who: dict[str, Any] = {"key": "crm", "account_id": foreign.account_id, "name": "foreign"}
        bench.writes.clear()
        for change in (
            enrollment(bench, foreign),
            MoveAccount(**who, before=ROOT, after="Workloads"),
            UnmanageAccount(**who),
            CloseAccount(**who),
        ):
            with pytest.raises(PermanentServiceError, match="belongs to"):
                carry_out(bench, bench.provisioner(), change)
        assert not bench.writes

    def test_the_management_account_is_never_changed(self, bench: LandingZoneBench) -> None:
        who: dict[str, Any] = {"key": "crm", "account_id": "111122223333", "name": "management"}
        for change in (MoveAccount(**who, before=ROOT, after="Sandbox"), UnmanageAccount(**who), CloseAccount(**who)):
            with pytest.raises(PermanentServiceError, match="management account"):
                carry_out(bench, bench.provisioner(), change)


class TestVanishing:
    def test_an_account_that_was_moved_elsewhere_is_left_there(self, bench: LandingZoneBench) -> None:
        change = change_of(bench, "move")
        make(bench, *registered("Elsewhere"), change)
        assert isinstance(change, MoveAccount)
        stale = replace(change, after="Elsewhere")
        bench.writes.clear()
        assert isinstance(carry_out(bench, bench.provisioner(), stale)[0], Vanished)
        assert not bench.writes

    def test_a_unit_of_another_version_is_left_alone(self, bench: LandingZoneBench) -> None:
        make(bench, *registered("Workloads"))
        stale = RegisterUnit(path="Workloads", action=UnitAction.UPDATE, before="2.0", after="3.0")
        assert isinstance(carry_out(bench, bench.provisioner(), stale)[0], Vanished)

    @pytest.mark.parametrize("shared", [SC], indirect=True)
    @pytest.mark.parametrize("kind", ["create", "move", "enroll"])
    def test_a_unit_that_is_not_registered_takes_no_account(self, bench: LandingZoneBench, kind: str) -> None:
        """Account Factory would leave a product in error, or take the account out by the way."""
        vended, legacy = prepared(bench)
        bench.writes.clear()
        change = {
            "create": account_named("search", SC, unit="Legacy"),
            "move": MoveAccount(
                key="billing", account_id=vended.account_id, name="billing", before="Workloads", after="Legacy"
            ),
            "enroll": replace(enrollment(bench, legacy), after="Legacy", repairs=()),
        }[kind]
        result = carry_out(bench, bench.provisioner(), change)[-1]
        assert isinstance(result, Vanished)
        assert 'govern the unit "Legacy"' in result.reason
        assert not bench.writes

    def test_a_unit_that_is_not_there(self, bench: LandingZoneBench) -> None:
        gone = RegisterUnit(path="No/Where", action=UnitAction.REGISTER, before=None, after=VERSION)
        assert isinstance(carry_out(bench, bench.provisioner(), gone)[0], Vanished)
        control = ChangeControl(path="No/Where", control=CONTROL, action=ControlAction.ENABLE)
        assert isinstance(carry_out(bench, bench.provisioner(), control)[0], Vanished)

    def test_an_account_of_another_product_is_not_claimed(self, bench: LandingZoneBench) -> None:
        _, legacy = prepared(bench)
        after = {"request": "crm", "repository": REPOSITORY}
        before = product_owner(product_name("billing", REPOSITORY))
        field = FieldChange(path=("ownership",), before=before, after=after)
        stale = UpdateAccount(key="crm", account_id=legacy.account_id, name="Legacy CRM", fields=(field,))
        bench.writes.clear()
        assert isinstance(carry_out(bench, bench.provisioner(), stale)[0], Vanished)
        assert not bench.writes


class TestOperations:
    def test_the_operations_of_a_creation(self, bench: LandingZoneBench) -> None:
        operations = bench.provisioner().expand(account_named("billing", bench.mode, tags={"a": "b"}))
        if bench.mode is SC:
            assert [each.kind for each in operations] == ["provision-account", "await-product", "claim", "set-tags"]
            assert operations[2].arguments["before"] == product_owner(product_name("billing", REPOSITORY))
            assert {each.lane for each in operations[:2]} == {Lane.CONTROL_TOWER}
        else:
            kinds = ["request-creation", "wait-for-creation", "enter-unit", "enroll-through-unit", "await-enrollment"]
            assert [each.kind for each in operations] == kinds
            assert {each.lane for each in operations[2:]} == {Lane.CONTROL_TOWER}

    def test_to_begin_and_to_wait_are_two_operations(self, bench: LandingZoneBench) -> None:
        make(bench, CreateUnit(path="Legacy"))
        provisioner = bench.provisioner()
        register = RegisterUnit(path="Legacy", action=UnitAction.REGISTER, before=None, after=VERSION)
        begin, wait = provisioner.expand(register)
        begun = provisioner.perform(begin, {})
        assert isinstance(begun, Done)
        assert isinstance(provisioner.perform(wait, begun.facts), Waiting)
        assert isinstance(provisioner.perform(wait, {}), Waiting), "also for a process that knows nothing"
        result, _ = perform(bench, provisioner, wait, {})
        assert isinstance(result, Done)
