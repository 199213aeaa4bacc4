"""What every provisioner does: one suite for all backends."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import PermanentServiceError
from pipeline.model.account import ROOT, UNOBSERVED, AccountSpec, AccountState, Contact, ContactType, WantedState
from pipeline.model.account_settings import NOT_ENABLED, PASSWORD_POLICY_DEFAULTS, Setting, before_change
from pipeline.model.change import (
    CloseAccount,
    CreateAccount,
    CreateUnit,
    FieldChange,
    MoveAccount,
    OrganizationChange,
    UpdateAccount,
    contact_json,
)
from pipeline.model.landing_zone import Mode
from pipeline.model.observed import Details, ObservedAccount
from pipeline.model.operation import Done, Lane, Vanished, Waiting
from pipeline.sandbox.options import Options
from tests.contract.landing_zone_benches import landing_zone
from tests.contract.provisioner_benches import (
    REPOSITORY,
    Bench,
    Died,
    MemoryBench,
    SandboxBench,
    account,
    carry_out,
    creation,
    ownership,
    perform,
    sandbox,
)

SECURITY = Contact(name="Security desk", title="On call", email="security@example.com", phone="+49 30 1234567")
BILLING = Contact(name="Ledger", title="Clerk", email="billing@example.com", phone="+49 30 7654321")
TAGS = {"CostCenter": "4711", "Owner": "payments"}
REGION = "eu-south-2"
HOME = "eu-west-1"
POLICY = {"minimum_length": 24, "max_age_days": 90}
WHOLE_POLICY = {**PASSWORD_POLICY_DEFAULTS, **POLICY}
SEEN = {ContactType.SECURITY: SECURITY, ContactType.BILLING: None, ContactType.OPERATIONS: None}
MANAGEMENT = "111122223333"


OUTSIDE = pytest.mark.parametrize("started", ["memory", "organizations"], indirect=True)
"""For laws that a landing zone has of its own (`test_provisioner_landing_zone`), or that take long and go the same ways there."""


@pytest.fixture(scope="module", params=["memory", "organizations", "control_tower"])
def started(request: pytest.FixtureRequest) -> Iterator[Bench | None]:
    """One sandbox at a time: the SDK finds it by the environment. None for the backend that needs none."""
    times = {"creation_delay": 5.0, "closing_delay": 20.0, "throttle": True, "consistency_delay": 3.0}
    match request.param:
        case "organizations":
            with sandbox(Options(seed="empty", **times)) as served:
                yield SandboxBench(served)
        case "control_tower":
            with landing_zone(Mode.AUTO_ENROLL, **times) as served_zone:
                yield served_zone
        case _:
            yield None


@pytest.fixture
def bench(started: Bench | None) -> Bench:
    if started is None:
        return MemoryBench()
    started.begin_anew()
    return started


def make(bench: Bench, *changes: OrganizationChange) -> None:
    for change in changes:
        for result in carry_out(bench, bench.provisioner(), change):
            assert isinstance(result, Done), result


def seen(bench: Bench, key: str, *, tags: bool = False, settings: frozenset[Setting] = frozenset()) -> ObservedAccount:
    """The account of a request as a new process sees it at this moment, with its contacts."""
    provisioner = bench.provisioner()
    observed = provisioner.observe()
    account_id = account(observed, f"aws+{key}@example.com").account_id
    details = Details(contacts=frozenset(ContactType), regions=True, tags=tags, settings=settings)
    return account(provisioner.observe_details(observed, {account_id: details}), f"aws+{key}@example.com")


def update(target: ObservedAccount, key: str, *fields: FieldChange) -> UpdateAccount:
    return UpdateAccount(key=key, account_id=target.account_id, name=target.spec.name, fields=fields)


def changed(*path: str, before: object, after: object) -> FieldChange:
    return FieldChange(path=path, before=before, after=after)  # type: ignore[arg-type] # JSON, by the caller


def vended(key: str) -> tuple[OrganizationChange, ...]:
    """A unit and an account in it, with everything that a creation can bring."""
    return (
        CreateUnit(path="Workloads"),
        creation(
            key,
            "Workloads",
            tags=TAGS,
            contacts={ContactType.SECURITY: SECURITY},
            regions=(REGION,),
            settings={"alias": f"example-{key}"},
        ),
    )


def changes_on(target: ObservedAccount) -> dict[str, OrganizationChange]:
    """One change of every kind on the account that `vended` made; `Sandbox` and `Workloads` exist."""
    who = {"key": "billing", "account_id": target.account_id, "name": target.spec.name}
    security, billing = contact_json(SECURITY), contact_json(BILLING)
    return {
        "create-unit": CreateUnit(path="Workloads/Prod"),
        "create": creation("search", "Workloads", tags=TAGS, contacts={ContactType.BILLING: BILLING}),
        "move": MoveAccount(**who, before="Workloads", after="Sandbox"),
        "rename": update(target, "billing", changed("name", before="billing", after="billing-prod")),
        "tags": update(
            target,
            "billing",
            changed("tags", "CostCenter", before="4711", after="4712"),
            changed("tags", "Team", before=None, after="ledger"),
            changed("tags", "Owner", before="payments", after=None),
        ),
        "contact set": update(target, "billing", changed("contacts", "billing", before=None, after=billing)),
        "contact changed": update(target, "billing", changed("contacts", "security", before=security, after=billing)),
        "contact removed": update(target, "billing", changed("contacts", "security", before=security, after=None)),
        "re-key": update(
            target,
            "ledger",
            changed(
                "ownership",
                before={"request": "billing", "repository": REPOSITORY},
                after={"request": "ledger", "repository": REPOSITORY},
            ),
        ),
        "close": CloseAccount(**who),
        **changes_inside(target),
    }


def changes_inside(target: ObservedAccount) -> dict[str, OrganizationChange]:
    """One change of every kind inside the account that `vended` made."""
    vpc = before_change(Setting.DEFAULT_VPCS, in_region(target, "default_vpcs", HOME))
    return {
        "Region": update(
            target,
            "billing",
            changed("regions", "eu-south-1", before=None, after="enabled"),
            changed("settings", "ebs_encryption_by_default", before={"eu-south-1": NOT_ENABLED}, after=True),
        ),
        "alias": update(target, "billing", changed("settings", "alias", before="example-billing", after="example-b")),
        "password policy": update(
            target, "billing", changed("settings", "password_policy", before=None, after=WHOLE_POLICY)
        ),
        "public access": update(
            target, "billing", changed("settings", "s3_block_public_access", before=False, after=True)
        ),
        "encryption": update(
            target,
            "billing",
            changed("settings", "ebs_encryption_by_default", before={HOME: False, REGION: False}, after=True),
        ),
        "metadata": update(target, "billing", changed("settings", "imdsv2", before={HOME: None}, after="required")),
        "default VPC": update(
            target, "billing", changed("settings", "default_vpcs", before={HOME: vpc}, after="delete")
        ),
    }


def in_region(target: ObservedAccount, setting: str, region: str) -> Any:
    settings = target.spec.settings
    value = settings.get(setting) if isinstance(settings, Mapping) else None
    return value.get(region) if isinstance(value, Mapping) else None


KINDS = sorted(
    changes_on(
        ObservedAccount(
            account_id="000000000000",
            state=AccountState.ACTIVE,
            spec=AccountSpec(name="billing", email="", organizational_unit=ROOT),
        )
    )
)


EVERYWHERE = [
    *((backend, kind) for backend in ("memory", "organizations") for kind in KINDS),
    *(("control_tower", kind) for kind in ("create", "rename", "tags", "contact set", "close", "encryption")),
]


def prepared(bench: Bench) -> ObservedAccount:
    make(bench, *vended("billing"), CreateUnit(path="Sandbox"))
    return seen(bench, "billing", settings=frozenset(Setting))


def picture(bench: Bench) -> list[tuple[object, ...]]:
    """The organization without the ids that differ from one run to the next."""
    bench.clock.sleep(60)
    provisioner = bench.provisioner()
    observed = provisioner.observe()
    details = Details(contacts=frozenset(ContactType), regions=True, settings=frozenset(Setting))
    wanted = {each.account_id: details for each in observed.accounts if each.key == "billing"}
    complete = provisioner.observe_details(observed, wanted)
    accounts = [
        (replace(each.spec, settings=_without_ids(each)), each.key, each.repository, each.state is AccountState.ACTIVE)
        for each in complete.accounts
    ]
    return [*sorted(accounts, key=lambda each: each[0].email), *((unit.path,) for unit in observed.units)]


def _without_ids(account: ObservedAccount) -> dict[str, Any]:
    settings = dict(account.spec.settings) if isinstance(account.spec.settings, Mapping) else {}
    vpcs = settings.pop("default_vpcs", {})
    return {**settings, "default_vpcs": {region: vpc is not None for region, vpc in vpcs.items()}}


class TestObserving:
    @OUTSIDE
    def test_a_new_organization_is_its_root_and_its_management_account(self, bench: Bench) -> None:
        observed = bench.provisioner().observe()
        assert observed.unit_paths() == {ROOT}
        assert [each.account_id for each in observed.accounts] == [observed.management_account_id]
        assert observed.creations == ()

    def test_what_was_vended_is_observed(self, bench: Bench) -> None:
        make(bench, *vended("billing"))
        found = seen(bench, "billing")
        assert found.state is AccountState.ACTIVE
        assert (found.key, found.repository) == ("billing", REPOSITORY)
        assert found.spec == AccountSpec(
            name="billing",
            email="aws+billing@example.com",
            organizational_unit="Workloads",
            tags=TAGS,
            contacts=SEEN,
            regions=found.spec.regions,
        )
        assert {HOME, REGION} <= set(found.spec.regions)
        assert "eu-south-1" not in found.spec.regions

    def test_settings_are_read_as_they_are_named(self, bench: Bench) -> None:
        make(bench, *vended("billing"))
        settings = seen(bench, "billing", settings=frozenset(Setting)).spec.settings
        assert isinstance(settings, Mapping)
        assert set(settings) == set(Setting)
        whole = {name: value for name, value in settings.items() if not Setting(name).is_regional}
        assert whole == {
            "alias": "example-billing",
            "custom_fields": {},
            "password_policy": None,
            "s3_block_public_access": False,
        }
        for name, at_birth in (("ebs_encryption_by_default", False), ("imdsv2", None)):
            assert {HOME, REGION} <= set(settings[name])
            assert set(settings[name].values()) == {at_birth}
        assert all(vpc["id"] and vpc["used_by"] == [] for vpc in settings["default_vpcs"].values())
        some = seen(bench, "billing", settings=frozenset({Setting.ALIAS})).spec.settings
        assert some == {"alias": "example-billing"}

    def test_nobody_enters_the_management_account(self, bench: Bench) -> None:
        provisioner = bench.provisioner()
        observed = provisioner.observe()
        wanted = {MANAGEMENT: Details(settings=frozenset(Setting))}
        management = account(provisioner.observe_details(observed, wanted), "aws@example.com")
        assert management.spec.settings is UNOBSERVED

    def test_contacts_and_regions_are_read_only_where_they_are_wanted(self, bench: Bench) -> None:
        make(bench, creation("billing"), creation("search"))
        provisioner = bench.provisioner()
        observed = provisioner.observe()
        wanted = account(observed, "aws+search@example.com").account_id
        complete = provisioner.observe_details(observed, {wanted: Details(contacts=frozenset({ContactType.BILLING}))})
        assert account(complete, "aws+search@example.com").spec.contacts == {ContactType.BILLING: None}
        for state, email in ((observed, "search"), (complete, "billing")):
            untouched = account(state, f"aws+{email}@example.com").spec
            assert untouched.contacts is UNOBSERVED
            assert untouched.regions is UNOBSERVED

    def test_nothing_wanted_is_nothing_changed(self, bench: Bench) -> None:
        make(bench, creation("billing"))
        observed = bench.provisioner().observe()
        assert bench.provisioner().observe_details(observed, {}) == observed

    def test_a_creation_in_flight_is_observed_by_its_name(self, bench: Bench) -> None:
        provisioner = bench.provisioner()
        provisioner.perform(provisioner.expand(creation("billing"))[0], {})
        bench.clock.sleep(4)
        assert [each.name for each in bench.provisioner().observe().creations] == ["billing"]


class TestCarryingOut:
    @OUTSIDE
    def test_a_creation_is_requested_waited_for_placed_and_furnished(self, bench: Bench) -> None:
        make(bench, CreateUnit(path="Workloads"))
        provisioner = bench.provisioner()
        operations = provisioner.expand(vended("billing")[1])
        kinds = ["request-creation", "wait-for-creation", "move", "set-contact", "enable-regions", "set-setting"]
        assert [each.kind for each in operations] == kinds
        assert [each.lane for each in operations[:2]] == [Lane.CREATION, Lane.CREATION]
        facts: dict[str, str] = {}
        first = provisioner.perform(operations[0], facts)
        assert isinstance(first, Done)
        assert isinstance(provisioner.perform(operations[1], first.facts), Waiting)

    @pytest.mark.parametrize(("started", "kind"), EVERYWHERE, indirect=["started"])
    def test_a_change_carried_out_is_observed_at_once(self, bench: Bench, kind: str) -> None:
        """Done means visible: reads of AWS lag behind its writes, and whoever comes next may build on what was done."""
        before = prepared(bench)
        make(bench, changes_on(before)[kind])
        if kind == "create-unit":
            assert "Workloads/Prod" in bench.provisioner().observe().unit_paths()
            return
        after = seen(bench, "search" if kind == "create" else "billing", tags=True, settings=frozenset(Setting))
        inside = after.spec.settings if isinstance(after.spec.settings, Mapping) else {}
        expected = {
            "create": (after.spec.organizational_unit, "Workloads"),
            "move": (after.spec.organizational_unit, "Sandbox"),
            "rename": (after.spec.name, "billing-prod"),
            "tags": (after.spec.tags, {"CostCenter": "4712", "Team": "ledger"}),
            "contact set": (after.spec.contacts, SEEN | {ContactType.BILLING: BILLING}),
            "contact changed": (after.spec.contacts, SEEN | {ContactType.SECURITY: BILLING}),
            "contact removed": (after.spec.contacts, SEEN | {ContactType.SECURITY: None}),
            "re-key": (after.key, "ledger"),
            "close": (after.spec.state, WantedState.CLOSED),
            "Region": (in_region(after, "ebs_encryption_by_default", "eu-south-1"), True),
            "alias": (inside.get("alias"), "example-b"),
            "password policy": (inside.get("password_policy"), WHOLE_POLICY),
            "public access": (inside.get("s3_block_public_access"), True),
            "encryption": (in_region(after, "ebs_encryption_by_default", REGION), True),
            "metadata": (in_region(after, "imdsv2", HOME), "required"),
            "default VPC": (in_region(after, "default_vpcs", HOME), None),
        }[kind]
        assert expected[0] == expected[1]

    @OUTSIDE
    @pytest.mark.parametrize("kind", KINDS)
    def test_performing_an_operation_twice_is_performing_it_once(self, bench: Bench, kind: str) -> None:
        change = changes_on(prepared(bench))[kind]
        for result in carry_out(bench, bench.provisioner(), change, twice=True):
            assert isinstance(result, Done), result
        once = picture(bench)
        for result in carry_out(bench, bench.provisioner(), change):
            assert isinstance(result, Done), result
        assert picture(bench) == once

    @OUTSIDE
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_change_survives_a_death_at_every_step(self, bench: Bench, kind: str) -> None:
        """Another process takes over, knows nothing, and ends where an undisturbed one would have."""
        for result in carry_out(bench, bench.provisioner(), changes_on(prepared(bench))[kind]):
            assert isinstance(result, Done), result
        undisturbed = picture(bench)
        bench.begin_anew()
        change = changes_on(prepared(bench))[kind]
        deaths = 0
        while dies(bench, change, deaths):
            deaths += 1
            bench.clock.sleep(1)
        assert deaths > 0
        assert picture(bench) == undisturbed


def dies(bench: Bench, change: OrganizationChange, steps: int) -> bool:
    """Whether a new process that has so many steps to live dies over this change, which others have begun."""
    try:
        results = carry_out(bench, bench.provisioner(dies_after=steps), change)
    except Died:
        return True
    assert all(isinstance(result, Done) for result in results), results
    return False


def number_of(bench: Bench, name: str) -> int:
    return [each.spec.name for each in bench.provisioner().observe().accounts].count(name)


class TestAdopting:
    def test_an_account_that_another_process_has_created_is_taken(self, bench: Bench) -> None:
        make(bench, creation("billing"))
        bench.clock.sleep(30)
        make(bench, creation("billing"))
        assert number_of(bench, "billing") == 1

    def test_an_account_that_was_created_since_the_observation_is_taken(self, bench: Bench) -> None:
        """Two runs at the same time: both have observed before either has created."""
        first, second = bench.provisioner(), bench.provisioner()
        first.observe()
        second.observe()
        for result in [
            *carry_out(bench, first, creation("billing")),
            *carry_out(bench, second, creation("billing")),
        ]:
            assert isinstance(result, Done), result
        bench.clock.sleep(30)
        assert number_of(bench, "billing") == 1

    def test_a_creation_under_way_is_waited_for(self, bench: Bench) -> None:
        provisioner, change = bench.provisioner(), creation("billing")
        provisioner.perform(provisioner.expand(change)[0], {})
        make(bench, change)
        bench.clock.sleep(30)
        assert number_of(bench, "billing") == 1

    def test_a_creation_of_another_name_is_not_waited_for(self, bench: Bench) -> None:
        first, second = bench.provisioner(), bench.provisioner()
        first.perform(first.expand(creation("billing"))[0], {})
        bench.clock.sleep(4)
        assert isinstance(second.perform(second.expand(creation("search"))[0], {}), Done)
        bench.clock.sleep(4)
        assert sorted(each.name for each in bench.provisioner().observe().creations) in (
            ["billing", "search"],
            ["search"],
        )

    def test_two_accounts_of_one_name_are_two_accounts(self, bench: Bench) -> None:
        """AWS tells a creation's name only, and names need not be unique."""
        first = creation("billing")
        second = CreateAccount(
            key="ledger",
            repository=REPOSITORY,
            spec=AccountSpec(name="billing", email="aws+ledger@example.com", organizational_unit=ROOT),
        )
        provisioner = bench.provisioner()
        provisioner.perform(provisioner.expand(first)[0], {})
        make(bench, second, first)
        bench.clock.sleep(30)
        observed = bench.provisioner().observe()
        assert account(observed, "aws+ledger@example.com").key == "ledger"
        assert account(observed, "aws+billing@example.com").key == "billing"

    def test_an_unmanaged_account_is_adopted_by_its_ownership_tags(self, bench: Bench) -> None:
        account_id = bench.unmanaged("Legacy CRM", "aws+crm@example.com", {"Owner": "crm"})
        field = changed("ownership", before=None, after={"request": "crm", "repository": REPOSITORY})
        make(bench, UpdateAccount(key="crm", account_id=account_id, name="Legacy CRM", fields=(field,)))
        after = seen(bench, "crm", tags=True)
        assert (after.key, after.repository, after.spec.tags) == ("crm", REPOSITORY, {"Owner": "crm"})

    @pytest.mark.parametrize("tags", [{}, ownership("crm", "elsewhere"), ownership("other")])
    def test_an_address_that_is_somebody_elses_is_never_taken(self, bench: Bench, tags: dict[str, str]) -> None:
        bench.unmanaged("Legacy CRM", "aws+crm@example.com", tags)
        provisioner = bench.provisioner()
        with pytest.raises(PermanentServiceError, match="not marked as request") as refused:
            carry_out(bench, provisioner, creation("crm"))
        assert refused.value.hint


class TestVanishing:
    """What a change was planned on has changed since: nothing is done, and the reason is told."""

    @OUTSIDE
    @pytest.mark.parametrize(
        ("meanwhile", "planned"),
        [
            ("move", "move"),
            ("rename", "rename"),
            ("tags", "tags"),
            ("re-key", "re-key"),
            ("contact changed", "contact set"),
            ("alias", "alias"),
            ("encryption", "encryption"),
            ("default VPC", "default VPC"),
        ],
    )
    def test_a_value_that_is_neither_before_nor_after(self, bench: Bench, meanwhile: str, planned: str) -> None:
        target = prepared(bench)
        make(bench, CreateUnit(path="Elsewhere"), changes_on(target)[meanwhile])
        who = {"key": "billing", "account_id": target.account_id, "name": "billing"}
        third = contact_json(SECURITY)
        stale: dict[str, OrganizationChange] = {
            "move": MoveAccount(**who, before="Workloads", after="Elsewhere"),
            "rename": update(target, "billing", changed("name", before="billing", after="invoices")),
            "tags": update(target, "billing", changed("tags", "CostCenter", before="4711", after="9999")),
            "re-key": update(
                target,
                "ledger",
                changed("ownership", before=None, after={"request": "ledger", "repository": REPOSITORY}),
            ),
            "contact set": update(
                target, "billing", changed("contacts", "security", before=None, after={**third, "phone": "+1 1"})
            ),
            "alias": update(
                target, "billing", changed("settings", "alias", before="example-billing", after="example-c")
            ),
            "encryption": update(
                target,
                "billing",
                changed("settings", "ebs_encryption_by_default", before={HOME: "?", "us-east-1": "?"}, after=True),
            ),
            "default VPC": update(
                target, "billing", changed("settings", "default_vpcs", before={"us-east-1": "vpc-0"}, after="delete")
            ),
        }
        before = picture(bench)
        results = carry_out(bench, bench.provisioner(), stale[planned])
        if planned == "re-key":
            assert isinstance(results[-1], Done), "it is marked as wanted already"
        else:
            assert isinstance(results[-1], Vanished)
            assert target.account_id in results[-1].reason
        assert picture(bench) == before

    def test_a_unit_that_is_not_there(self, bench: Bench) -> None:
        target = prepared(bench)
        gone = MoveAccount(
            key="billing", account_id=target.account_id, name="billing", before="Workloads", after="No/Where"
        )
        assert isinstance(carry_out(bench, bench.provisioner(), gone)[-1], Vanished)
        assert isinstance(carry_out(bench, bench.provisioner(), CreateUnit(path="No/Where"))[-1], Vanished)

    def test_an_account_that_is_not_there(self, bench: Bench) -> None:
        target = prepared(bench)
        gone = ObservedAccount(account_id="999999999999", state=target.state, spec=target.spec)
        for kind, change in changes_on(gone).items():
            if kind not in {"create-unit", "create"}:
                assert isinstance(carry_out(bench, bench.provisioner(), change)[-1], Vanished), kind


class TestRefusing:
    """The last guard: whatever was planned."""

    def test_the_management_account_is_never_changed(self, bench: Bench) -> None:
        target = prepared(bench)
        management = ObservedAccount(account_id=MANAGEMENT, state=target.state, spec=target.spec)
        before = picture(bench)
        for kind, change in changes_on(management).items():
            if kind not in {"create-unit", "create"}:
                with pytest.raises(PermanentServiceError, match="management account"):
                    carry_out(bench, bench.provisioner(), change)
        assert picture(bench) == before

    @OUTSIDE
    @pytest.mark.parametrize("tags", [ownership("billing", "elsewhere"), ownership("other")])
    def test_an_account_of_another_request_or_repository_is_never_changed(
        self, bench: Bench, tags: dict[str, str]
    ) -> None:
        target = prepared(bench)
        account_id = bench.unmanaged("foreign", "aws+foreign@example.com", tags)
        foreign = ObservedAccount(account_id=account_id, state=target.state, spec=target.spec)
        before = picture(bench)
        for kind, change in changes_on(foreign).items():
            if kind in {"create-unit", "create"} or (kind, tags) == ("re-key", ownership("other")):
                continue
            with pytest.raises(PermanentServiceError, match="belongs to"):
                carry_out(bench, bench.provisioner(), change)
        assert picture(bench) == before

    def test_an_operation_of_another_version_is_refused(self, bench: Bench) -> None:
        provisioner = bench.provisioner()
        (operation,) = provisioner.expand(CreateUnit(path="Workloads"))
        strange = type(operation)(kind="teleport", lane=operation.lane, arguments=operation.arguments)
        with pytest.raises(PermanentServiceError, match="teleport"):
            perform(bench, provisioner, strange, {})
