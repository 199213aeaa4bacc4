"""What the backend for Control Tower does beyond the contract: calls, modes, prechecks, obstacles, refusals, failures."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import PermanentServiceError, ServiceError
from pipeline.model.change import (
    ChangeControl,
    ControlAction,
    CreateUnit,
    EnrollAccount,
    MoveAccount,
    OrganizationChange,
    RegisterUnit,
    UnitAction,
    UnmanageAccount,
)
from pipeline.model.drift import DriftKind
from pipeline.model.landing_zone import Mode, product_name
from pipeline.model.observed import Details, ObservedState
from pipeline.model.operation import Done, Vanished, Waiting
from pipeline.provisioners import control_tower
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.control_tower.gate import AT_ONCE
from pipeline.sandbox.control_tower.records import Standing
from pipeline.sandbox.faults import Fault, Kind
from pipeline.sandbox.server import Served
from tests.contract.landing_zone_benches import (
    CONTROL,
    HOME,
    VERSION,
    LandingZoneBench,
    account_named,
    control_tower_role,
    dies,
    found,
    make,
    options,
    registered,
    unit_of,
)
from tests.contract.provisioner_benches import REPOSITORY, RUN_ID, account, carry_out, sandbox

SC, AUTO = Mode.SERVICE_CATALOG, Mode.AUTO_ENROLL
POLICY = f"{CONTROL.rpartition('/')[0]}/AWS-GR_REGION_DENY"
Start = Callable[..., LandingZoneBench]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a sandbox with a landing zone and these options; the clock stands still."""
    with ExitStack() as stack:

        def started(mode: Mode = SC, **more: Any) -> LandingZoneBench:
            bench = LandingZoneBench(stack.enter_context(sandbox(options(mode, **more))), mode)
            bench.begin_anew()
            return bench

        yield started


def observed_by(served: Served, *, region: str = HOME, mode: Mode | None = None, **more: Any) -> ObservedState:
    """As a plan sees it: by a connection that cannot write."""
    connection = Connection(region=region, run_id=RUN_ID, clock=served.clock, read_only=True)
    return control_tower.connect(
        connection, execution_role=control_tower_role(), repository=REPOSITORY, mode=mode, **more
    ).observe()


def counted(bench: LandingZoneBench) -> Counter[str]:
    return Counter(call.operation for call in bench.served.calls)


def counted_trust(bench: LandingZoneBench) -> tuple[bool, int]:
    """Whether the landing zone is drifted, and how often somebody then asked whom the organization trusts."""
    zone = observed_by(bench.served).landing_zone
    assert zone is not None
    return zone.is_drifted, counted(bench)["ListAWSServiceAccessForOrganization"]


def refuse(bench: LandingZoneBench, operation: str, code: str, message: str = "", **more: Any) -> None:
    bench.served.inject(Fault(kind=Kind.ERROR, operation=operation, code=code, message=message, **more))


class TestCalls:
    @pytest.mark.parametrize("seed", ["empty", "sample", "accounts:120", "accounts:450"])
    @pytest.mark.parametrize("mode", list(Mode))
    def test_an_observation_takes_no_more_calls_than_the_bound(self, start: Start, seed: str, mode: Mode) -> None:
        bench = start(mode, seed=seed, throttle=True)
        observed = observed_by(bench.served)
        calls = counted(bench)
        n, u = len(observed.accounts), len(observed.units) - 1
        assert len(bench.served.calls) <= math.ceil(n / 20) + u + math.ceil(u / 20) + 3 * math.ceil((n + u) / 100) + 20
        enrolled = [each for each in observed.accounts if each.enrollment is not None]
        on_units = [each for each in observed.units if each.registration is not None]
        assert calls["ListEnabledBaselines"] == math.ceil((len(enrolled) + len(on_units) + 3) / 100)
        products = [each for each in observed.accounts if each.product is not None]
        assert calls["SearchProvisionedProducts"] == (max(1, math.ceil(len(products) / 100)) if mode is SC else 0)
        once = ("ListLandingZones", "GetLandingZone", "ListBaselines")
        assert [calls[each] for each in once] == [1, 1, 1]
        assert (calls["ListEnabledControls"], calls["GetControl"]) == (1, 0), "one for all that is drifted"
        assert {call.error for call in bench.served.calls} == {None}

    def test_controls_are_read_of_the_units_that_somebody_asks_about(self, start: Start) -> None:
        bench = start(seed="sample")
        provisioner = bench.provisioner()
        observed = provisioner.observe()
        unit = unit_of(observed, "Infrastructure")
        detailed = provisioner.observe_details(observed, {unit.unit_id: Details(controls=frozenset({CONTROL}))})
        registration = unit_of(detailed, "Infrastructure").registration
        assert registration is not None
        assert [each.control for each in registration.controls] == [CONTROL]
        assert (counted(bench)["ListEnabledControls"], counted(bench)["GetEnabledControl"]) == (2, 1)


class TestDriftedControls:
    """One read tells all that are drifted, and one call for each control what it is made of."""

    def prepared(self, bench: LandingZoneBench) -> LandingZoneBench:
        """A service control policy on two units, edited on both; and another control that is drifted."""
        make(bench, *registered("Workloads"), *registered("Data"))
        for path in ("Workloads", "Data"):
            make(bench, ChangeControl(path=path, control=POLICY, action=ControlAction.ENABLE))
            bench.drift("scp-updated", path)
        make(bench, ChangeControl(path="Workloads", control=CONTROL, action=ControlAction.ENABLE))
        bench.drift("control-drift", "AWS-GR_ENCRYPTED_VOLUMES")
        bench.served.sandbox.front.calls.clear()
        return bench

    def test_each_says_what_it_is_made_of_by_one_call_for_all_units(self, start: Start) -> None:
        bench = self.prepared(start())
        observed = bench.provisioner().observe()
        registrations = {path: unit_of(observed, path).registration for path in ("Workloads", "Data")}
        told = {
            path: {each.name: each.policy for each in found.controls}
            for path, found in registrations.items()
            if found is not None
        }
        scp = {"AWS-GR_REGION_DENY": "service control policy"}
        assert told == {"Workloads": {"AWS-GR_ENCRYPTED_VOLUMES": None, **scp}, "Data": scp}
        calls = counted(bench)
        assert (calls["ListEnabledControls"], calls["GetControl"]) == (1, 2)
        assert all(found is not None and found.operation for found in registrations.values())

    def test_a_role_that_may_not_ask_the_catalog_plans_without(self, start: Start) -> None:
        bench = self.prepared(start())
        refuse(bench, "GetControl", "AccessDeniedException", times=9)
        registration = unit_of(bench.provisioner().observe(), "Data").registration
        assert registration is not None
        assert [(each.is_drifted, each.policy) for each in registration.controls] == [(True, None)]

    def test_a_reset_of_the_unit_for_its_policies_is_carried_out_once_though_its_baseline_is_sound(
        self, start: Start
    ) -> None:
        bench = self.prepared(start())
        registration = unit_of(bench.provisioner().observe(), "Data").registration
        assert registration is not None
        assert not registration.is_drifted
        reset = RegisterUnit(
            path="Data",
            action=UnitAction.RESET,
            before=VERSION,
            after=VERSION,
            last_operation=registration.operation,
        )
        bench.writes.clear()
        deaths = 0
        while dies(bench, reset, deaths):
            deaths += 1
            bench.clock.sleep(1)
        resets = [each.operation for each in bench.writes].count("ResetEnabledBaseline")
        assert (deaths > 0, resets) == (True, 1)
        after = unit_of(bench.provisioner().observe(), "Data").registration
        assert after is not None
        assert after.controls == ()
        assert after.operation != registration.operation

    def test_a_reset_of_the_unit_that_has_failed_since_the_plan_is_not_tried_again_without_another_plan(
        self, start: Start
    ) -> None:
        """People have confirmed one reset of these accounts, and somebody else has made it."""
        bench = self.prepared(start())
        unit = unit_of(bench.provisioner().observe(), "Data")
        assert unit.registration is not None
        organization = bench.served.sandbox.organization
        with organization.lock:
            zone = organization.landing_zone
            assert zone is not None
            enabled = zone.on(unit.unit_id)
            assert enabled is not None
            zone.put(replace(enabled, standing=Standing.FAILED, operation="11111111-1111-1111-1111-111111111111"))
        reset = RegisterUnit(
            path="Data",
            action=UnitAction.RESET,
            before=VERSION,
            after=VERSION,
            last_operation=unit.registration.operation,
        )
        bench.writes.clear()
        results = carry_out(bench, bench.provisioner(), reset)
        assert isinstance(results[-1], Vanished)
        assert not bench.writes


class TestLandingZone:
    def test_trusted_access_that_is_off_is_told_by_one_more_call(self, start: Start) -> None:
        bench = start(seed="sample")
        assert counted_trust(bench) == (False, 0)
        bench.drift("trusted-access-disabled")
        zone = observed_by(bench.served).landing_zone
        assert zone is not None
        assert [each.kind for each in zone.drifts] == [DriftKind.TRUSTED_ACCESS_OFF]
        refuse(bench, "ListAWSServiceAccessForOrganization", "AccessDeniedException")
        untold = observed_by(bench.served).landing_zone
        assert untold is not None
        assert (untold.is_drifted, untold.drifts) == (True, ())
        refuse(bench, "ListAWSServiceAccessForOrganization", "ServiceException", times=9)
        with pytest.raises(ServiceError):
            observed_by(bench.served)

    def test_what_there_is_of_it_is_told(self, start: Start) -> None:
        zone = observed_by(start(seed="sample").served).landing_zone
        assert zone is not None
        assert (zone.home_region, zone.status, zone.version, zone.baseline_version) == (HOME, "ACTIVE", "3.3", "4.0")
        assert zone.governed_regions == ("eu-central-1", HOME)
        assert zone.security_unit == "Security"
        assert len(zone.security_accounts) == 2
        assert zone.manages_access
        assert not zone.is_drifted

    def test_drift_is_told(self, start: Start) -> None:
        bench = start(seed="sample")
        bench.drift("scp-updated")
        zone = observed_by(bench.served).landing_zone
        assert zone is not None
        assert zone.is_drifted

    def test_without_one_there_is_an_organization(self, start: Start) -> None:
        bench = start(landing_zone=False)
        observed = observed_by(bench.served)
        assert observed.landing_zone is None
        assert observed.accounts

    def test_in_another_region_there_is_none(self, start: Start) -> None:
        assert observed_by(start().served, region="eu-central-1").landing_zone is None

    @pytest.mark.parametrize(("mode", "reason"), [(SC, "Account Factory is there"), (AUTO, "enrolls by itself")])
    def test_the_mode_follows_from_the_landing_zone(self, start: Start, mode: Mode, reason: str) -> None:
        zone = observed_by(start(mode).served).landing_zone
        assert zone is not None
        assert zone.mode is mode
        assert reason in f"{zone.mode_reason} enrolls by itself" if mode is AUTO else zone.mode_reason

    def test_without_account_factory_units_enroll(self, start: Start) -> None:
        bench = start()
        refuse(bench, "DescribeProductAsAdmin", "ResourceNotFoundException")
        zone = observed_by(bench.served).landing_zone
        assert zone is not None
        assert zone.mode is AUTO
        assert "Service Catalog" in zone.mode_reason

    def test_nothing_is_expanded_before_somebody_has_looked(self, start: Start) -> None:
        bench = start()
        provisioner = control_tower.connect(bench.connection, execution_role="x", repository=REPOSITORY)
        with pytest.raises(PermanentServiceError, match="not observed"):
            provisioner.expand(account_named("billing", SC))
        provisioner.observe()
        assert provisioner.expand(account_named("billing", SC))


class TestObstacles:
    ROLE = "arn:aws:iam::111122223333:role/account-vending-apply"

    def obstacles(self, bench: LandingZoneBench, **more: Any) -> list[str]:
        zone = observed_by(bench.served, mode=SC, **more).landing_zone
        assert zone is not None
        assert all(each.remedy for each in zone.factory_obstacles)
        return [f"{each.problem} {each.remedy}" for each in zone.factory_obstacles]

    def test_a_role_outside_of_the_portfolio_is_told_with_the_command(self, start: Start) -> None:
        bench = start()
        (told,) = self.obstacles(bench, launch_role=self.ROLE)
        assert self.ROLE in told
        catalog = bench.connection.client("servicecatalog", region=HOME)
        (portfolio,) = catalog.list_portfolios()["PortfolioDetails"]
        assert f"--portfolio-id {portfolio['Id']}" in told
        catalog.associate_principal_with_portfolio(
            PortfolioId=portfolio["Id"], PrincipalARN=self.ROLE, PrincipalType="IAM"
        )
        assert self.obstacles(bench, launch_role=self.ROLE) == []

    def test_without_a_launch_path_nobody_provisions(self, start: Start) -> None:
        bench = start()
        assert self.obstacles(bench) == []
        refuse(bench, "ListLaunchPaths", "ResourceNotFoundException", "No launch paths found for resource: prod-1")
        (told,) = self.obstacles(bench)
        assert "portfolio" in told

    def test_without_an_active_version_nobody_provisions(self, start: Start) -> None:
        bench = start()
        catalog = bench.served.sandbox.organization.catalog
        assert catalog is not None
        catalog.artifacts = {key: replace(each, is_active=False) for key, each in catalog.artifacts.items()}
        (told,) = self.obstacles(bench)
        assert "no active version" in told

    def test_without_account_factory_nobody_provisions(self, start: Start) -> None:
        bench = start()
        refuse(bench, "DescribeProductAsAdmin", "ResourceNotFoundException")
        (told,) = self.obstacles(bench)
        assert HOME in told


class TestPrechecks:
    def checks(self, bench: LandingZoneBench, name: str) -> dict[str, Any]:
        connection = Connection(region=HOME, run_id=RUN_ID, clock=bench.clock, read_only=True)
        provisioner = control_tower.connect(
            connection, execution_role=control_tower_role(), repository=REPOSITORY, mode=bench.mode
        )
        observed = provisioner.observe()
        (target,) = [each for each in observed.accounts if each.spec.name == name]
        detailed = provisioner.observe_details(observed, {target.account_id: Details(enrollment=True)})
        return {each.name: each for each in found(detailed, target.account_id).checks}

    def test_an_account_that_can_be_enrolled_passes_all(self, start: Start) -> None:
        checks = self.checks(start(seed="sample"), "Legacy ERP")
        assert list(checks) == ["state", "unit", "execution_role", "regions", "config", "sts"]
        assert all(each.passed for each in checks.values())

    def test_a_missing_role_can_be_repaired_where_another_one_lets_us_in(self, start: Start) -> None:
        check = self.checks(start(seed="sample"), "Legacy Wiki")["execution_role"]
        assert (check.passed, check.repair) == (False, "execution_role")
        assert "aws iam create-role" in check.remedy

    def test_where_units_enroll_nobody_needs_the_role(self, start: Start) -> None:
        assert "execution_role" not in self.checks(start(AUTO, seed="sample"), "Legacy Wiki")

    def test_a_recorder_of_aws_config_stands_in_the_way(self, start: Start) -> None:
        bench = start(seed="sample")
        members = bench.provisioner()._inside
        observed = bench.provisioner().observe()
        (target,) = [each for each in observed.accounts if each.spec.name == "Legacy ERP"]
        with members.entered(target.account_id) as member:
            assert member is not None
            config = member.connection.client_inside("config", "eu-central-1")
            config.put_configuration_recorder(
                ConfigurationRecorder={"name": "default", "roleARN": "arn:aws:iam::310000000001:role/config"}
            )
        check = self.checks(bench, "Legacy ERP")["config"]
        assert check.passed is False
        assert "eu-central-1" in check.message
        assert "delete-configuration-recorder" in check.remedy

    def test_a_governed_opt_in_region_that_is_not_enabled_is_told_once_with_what_enables_it(self, start: Start) -> None:
        bench = start(seed="sample")
        zone = bench.served.sandbox.organization.landing_zone
        assert zone is not None
        zone.settings = replace(zone.settings, governed_regions=("eu-south-2", *zone.settings.governed_regions))
        checks = self.checks(bench, "Legacy ERP")
        assert (checks["regions"].passed, checks["regions"].message) == (False, "Regions are not enabled: eu-south-2")
        assert "`regions: [eu-south-2]`" in checks["regions"].remedy
        assert checks["sts"].passed, "STS comes with the Region"

    def test_sts_that_is_off_in_a_region_is_read_by_whichever_role_lets_us_in(self, start: Start) -> None:
        """Asking who one is, as `GetCallerIdentity` does, goes through there, too."""
        bench = start(seed="sample")
        for name, region in (("Legacy ERP", HOME), ("Legacy Wiki", "eu-central-1")):
            bench.drift("sts-deactivated", f"{name}/{region}")
            check = self.checks(bench, name)["sts"]
            assert (check.passed, check.message) == (False, f"STS is not active in {region}")
            assert "Account settings" in check.remedy
        bench.drift("sts-activated", "Legacy Wiki/eu-central-1")
        assert self.checks(bench, "Legacy Wiki")["sts"].passed

    def test_what_cannot_be_read_is_neither_passed_nor_failed(self, start: Start) -> None:
        bench = start(seed="sample")
        refuse(bench, "AssumeRole", "InternalFailure", status=500, times=1_000)
        refuse(bench, "ListRegions", "AccessDeniedException", times=1_000)
        checks = self.checks(bench, "Legacy ERP")
        unread = {name for name, each in checks.items() if each.passed is None}
        assert unread == {"execution_role", "regions", "config", "sts"}


class TestFailures:
    """A workflow of Control Tower's fails in the middle."""

    def fail(self, bench: LandingZoneBench, step: str, message: str) -> None:
        bench.served.inject(Fault(kind=Kind.WORKFLOW_FAILURE, operation=step, message=message))

    def test_a_product_without_an_account_is_replaced_by_the_next_run(self, start: Start) -> None:
        bench = start()
        make(bench, *registered("Workloads"))
        self.fail(bench, "create-account", "AWS Control Tower could not create the account: INTERNAL_FAILURE.")
        with pytest.raises(PermanentServiceError, match="INTERNAL_FAILURE") as failed:
            carry_out(bench, bench.provisioner(), account_named("billing", SC))
        assert failed.value.hint
        make(bench, account_named("billing", SC))
        observed = bench.provisioner().observe()
        assert observed.products == ()
        assert account(observed, "aws+billing@example.com").product is not None

    def test_that_replacement_survives_a_death_after_every_write(self, start: Start) -> None:
        """The token of the first try is known to AWS, with an answer of the past."""
        bench = start()
        make(bench, *registered("Workloads"))
        self.fail(bench, "create-account", "AWS Control Tower could not create the account: INTERNAL_FAILURE.")
        with pytest.raises(PermanentServiceError):
            carry_out(bench, bench.provisioner(), account_named("billing", SC))
        deaths = 0
        while dies(bench, account_named("billing", SC), deaths):
            deaths += 1
        assert deaths > 1
        observed = bench.provisioner().observe()
        assert [each.spec.name for each in observed.accounts].count("billing") == 1

    def test_a_product_whose_account_exists_is_for_a_person(self, start: Start) -> None:
        bench = start()
        make(bench, *registered("Workloads"))
        self.fail(bench, "baseline", "The baseline could not be applied.")
        with pytest.raises(PermanentServiceError, match="could not be applied"):
            carry_out(bench, bench.provisioner(), account_named("billing", SC))
        bench.writes.clear()
        with pytest.raises(PermanentServiceError, match="never succeeded") as asked:
            carry_out(bench, bench.provisioner(), account_named("billing", SC))
        assert "Service Catalog" in asked.value.hint
        assert not bench.writes

    def test_a_unit_that_fails_is_put_right_by_the_next_run(self, start: Start) -> None:
        bench = start()
        make(bench, *registered("Workloads")[:1])
        self.fail(bench, "unit-baseline", "The stack set could not be made.")
        with pytest.raises(PermanentServiceError, match="stack set") as failed:
            carry_out(bench, bench.provisioner(), registered("Workloads")[1])
        assert failed.value.hint
        make(bench, registered("Workloads")[1])

    def test_a_control_that_fails_is_told(self, start: Start) -> None:
        bench = start()
        make(bench, *registered("Workloads"))
        self.fail(bench, "unit-control", "The control could not be deployed.")
        enable = ChangeControl(path="Workloads", control=CONTROL, action=ControlAction.ENABLE)
        with pytest.raises(PermanentServiceError, match="could not be deployed"):
            carry_out(bench, bench.provisioner(), enable)
        make(bench, enable)

    def test_a_termination_that_fails_is_told(self, start: Start) -> None:
        bench = start()
        make(bench, *registered("Workloads"), account_named("billing", SC))
        made = account(bench.provisioner().observe(), "aws+billing@example.com")
        self.fail(bench, "un-manage", "Control Tower could not remove the role.")
        gone = UnmanageAccount(key="billing", account_id=made.account_id, name="billing")
        with pytest.raises(PermanentServiceError, match="could not remove the role"):
            carry_out(bench, bench.provisioner(), gone)
        make(bench, gone)

    def test_after_an_hour_a_person_has_to_look(self, start: Start) -> None:
        bench = start(baseline_delay=5_000.0)
        operations = bench.provisioner().expand(account_named("billing", SC, unit="Sandbox"))
        begun = bench.provisioner().perform(operations[0], {})
        assert isinstance(begun, Done)
        assert isinstance(bench.provisioner().perform(operations[1], begun.facts), Waiting)
        bench.clock.sleep(3_700)
        with pytest.raises(PermanentServiceError, match="minutes") as late:
            bench.provisioner().perform(operations[1], begun.facts)
        assert "terminate" in late.value.hint


class TestGate:
    def test_a_sixth_operation_waits_whoever_asked_for_the_others(self, start: Start) -> None:
        bench = start()
        others = bench.provisioner()
        for number in range(AT_ONCE):
            asked = others.perform(others.expand(account_named(f"other-{number}", SC, unit="Sandbox"))[0], {})
            assert isinstance(asked, Done)
        provisioner = bench.provisioner()
        operations = provisioner.expand(account_named("billing", SC, unit="Sandbox"))
        held = provisioner.perform(operations[0], {})
        assert isinstance(held, Waiting)
        assert str(AT_ONCE) in held.reason
        bench.clock.sleep(200)
        assert isinstance(provisioner.perform(operations[0], {}), Done)

    def test_accounts_wait_for_a_unit(self, start: Start) -> None:
        bench = start()
        make(bench, *registered("Workloads")[:1])
        provisioner = bench.provisioner()
        provisioner.perform(provisioner.expand(registered("Workloads")[1])[0], {})
        held = provisioner.perform(provisioner.expand(account_named("billing", SC, unit="Sandbox"))[0], {})
        assert isinstance(held, Waiting)

    def test_accounts_are_let_go_one_at_a_time(self, start: Start) -> None:
        bench = start(seed="sample")
        provisioner = bench.provisioner()
        some = [each for each in provisioner.observe().accounts if each.product is not None][:2]
        first, second = (
            provisioner.expand(UnmanageAccount(key="x", account_id=each.account_id, name="x"))[0] for each in some
        )
        for each in some:
            untag(bench, each.account_id)
        assert isinstance(provisioner.perform(first, {}), Done)
        held = bench.provisioner().perform(second, {})
        assert isinstance(held, Waiting)
        assert "one at a time" in held.reason


def untag(bench: LandingZoneBench, account_id: str) -> None:
    client = bench.connection.organizations
    tags = [each["Key"] for each in client.list_tags_for_resource(ResourceId=account_id)["Tags"]]
    client.untag_resource(ResourceId=account_id, TagKeys=tags)


class TestAutomaticEnrolmentOff:
    """Units enroll because the settings say so, and the landing zone does not do it by itself."""

    def test_the_unit_is_reset_so_that_it_enrolls_what_came_into_it(self, start: Start) -> None:
        bench = start(AUTO, auto_enroll=False)
        make(bench, account_named("billing", AUTO, unit="Sandbox"))
        made = account(bench.provisioner().observe(), "aws+billing@example.com")
        assert made.enrollment is not None
        assert made.enrollment.unit == "Sandbox"
        assert [each.operation for each in bench.writes].count("ResetEnabledBaseline") == 1
        make(bench, UnmanageAccount(key="billing", account_id=made.account_id, name="billing"))
        assert found(bench.provisioner().observe(), made.account_id).enrollment is None


class TestALandingZoneThatIsUpdated:
    def test_the_next_run_works_with_what_the_update_has_published(self, start: Start) -> None:
        """Another version of Account Factory, whose predecessor cannot be launched any more, and another baseline."""
        bench = start()
        make(bench, *registered("Workloads"), account_named("billing", SC))
        tower = bench.connection.client("controltower", region=HOME)
        (zone,) = tower.list_landing_zones()["landingZones"]
        tower.update_landing_zone(landingZoneIdentifier=zone["arn"], version="4.0")
        processing = bench.provisioner().observe().landing_zone
        assert processing is not None
        assert not processing.is_active
        bench.clock.sleep(100)
        updated = bench.provisioner().observe().landing_zone
        assert updated is not None
        assert (updated.is_active, updated.version, updated.baseline_version) == (True, "4.0", "5.0")
        make(bench, RegisterUnit(path="Workloads", action=UnitAction.UPDATE, before=VERSION, after="5.0"))
        make(bench, account_named("search", SC))
        billing = account(bench.provisioner().observe(), "aws+billing@example.com")
        make(bench, CreateUnit(path="Dev"))
        make(bench, RegisterUnit(path="Dev", action=UnitAction.REGISTER, before=None, after="5.0"))
        make(
            bench,
            MoveAccount(key="billing", account_id=billing.account_id, name="billing", before="Workloads", after="Dev"),
        )
        products = bench.connection.client("servicecatalog", region=HOME).search_provisioned_products()
        artifacts = {each["Name"]: each["ProvisioningArtifactId"] for each in products["ProvisionedProducts"]}
        names = {product_name(key, REPOSITORY) for key in ("billing", "search")}
        assert names <= set(artifacts)
        assert len({artifacts[name] for name in names}) == 1, "both have the version that is active now"


class TestAnotherRunWasFaster:
    @pytest.mark.parametrize("operation", ["UpdateEnabledBaseline", "UpdateEnabledControl"])
    def test_what_is_so_already_is_done(self, start: Start, operation: str) -> None:
        """Between our look and our call it was done, so AWS refuses the call."""
        bench = start(seed="sample")
        name = "Workloads/Prod"
        change: OrganizationChange = RegisterUnit(path=name, action=UnitAction.UPDATE, before="2.0", after=VERSION)
        if operation == "UpdateEnabledControl":
            make(bench, change, ChangeControl(path=name, control=CONTROL, action=ControlAction.ENABLE))
            change = ChangeControl(
                path=name, control=CONTROL, action=ControlAction.UPDATE, parameters={"AllowedRegions": [HOME]}
            )
        bench.served.inject(Fault(kind=Kind.CARRIED_OUT_THEN_ERROR, operation=operation))
        refuse(bench, operation, "ValidationException", "It is so already.")
        make(bench, change)
        assert counted(bench)[operation] == 2, "once carried out, once refused"


class TestWithoutAProduct:
    def test_an_account_that_a_registration_enrolled_is_for_the_console(self, start: Start) -> None:
        bench = start(seed="sample")
        make(bench, RegisterUnit(path="Legacy", action=UnitAction.REGISTER, before=None, after=VERSION))
        observed = bench.provisioner().observe()
        (target,) = [each for each in observed.accounts if each.spec.name == "Legacy ERP"]
        assert target.enrollment is not None
        bench.writes.clear()
        with pytest.raises(ServiceError, match="not by this way") as refused:
            carry_out(
                bench, bench.provisioner(), UnmanageAccount(key="erp", account_id=target.account_id, name="Legacy ERP")
            )
        assert refused.value.hint
        assert not bench.writes

    def test_nobody_is_made_first_administrator_who_was_not_named(self, start: Start) -> None:
        bench = start(seed="sample")
        (target,) = [each for each in bench.provisioner().observe().accounts if each.spec.name == "Legacy ERP"]
        change = EnrollAccount(
            key="erp",
            account_id=target.account_id,
            name=target.spec.name,
            email=target.spec.email,
            before="Legacy",
            after="Sandbox",
            product=product_name("erp", REPOSITORY),
        )
        bench.writes.clear()
        with pytest.raises(PermanentServiceError, match="sso_user"):
            carry_out(bench, bench.provisioner(), change)
        assert not bench.writes
