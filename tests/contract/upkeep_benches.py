"""Benches for what AWS keeps about accounts outside of them: what people do by hand, and what comes with the mail."""

import json
from typing import Any, Protocol
from urllib.request import urlopen

from pipeline.model.access import Assignment, PrincipalKind
from pipeline.model.change import CreateAccount
from pipeline.model.landing_zone import Mode
from pipeline.provisioners import control_tower
from pipeline.provisioners.control_tower.provisioner import ControlTowerProvisioner
from pipeline.provisioners.memory.upkeep import code_for
from pipeline.sandbox.server import Served
from tests.contract.landing_zone_benches import account_named, control_tower_role
from tests.contract.provisioner_benches import REPOSITORY, Bench, Life, MemoryBench, SandboxBench, creation

HOME = "eu-west-1"


class UpkeepBench(Bench, Protocol):
    def assign_by_hand(self, account_id: str, assignment: Assignment) -> None: ...

    def unassign_by_hand(self, account_id: str, assignment: Assignment) -> None: ...

    def code_for(self, account_id: str, email: str) -> str:
        """The last code that came to the mailbox."""
        ...

    def creation(self, key: str, **spec: Any) -> CreateAccount:
        """The creation of an account, as a plan for this backend has it."""
        ...


class MemoryUpkeepBench(MemoryBench):
    def assign_by_hand(self, account_id: str, assignment: Assignment) -> None:
        self._organization.accounts[account_id].access.setdefault(assignment, False)

    def unassign_by_hand(self, account_id: str, assignment: Assignment) -> None:
        del self._organization.accounts[account_id].access[assignment]

    def code_for(self, account_id: str, email: str) -> str:
        assert self._organization.accounts[account_id].email_update is not None
        return code_for(email)

    def creation(self, key: str, **spec: Any) -> CreateAccount:
        return creation(key, **spec)


class SandboxUpkeepBench(SandboxBench):
    def __init__(self, served: Served) -> None:
        super().__init__(served)
        self._admin = self.connection.client("sso-admin", region=HOME)
        self._store = self.connection.client("identitystore", region=HOME)

    def assign_by_hand(self, account_id: str, assignment: Assignment) -> None:
        self._admin.create_account_assignment(**self._target(account_id, assignment))
        self.clock.sleep(30)

    def unassign_by_hand(self, account_id: str, assignment: Assignment) -> None:
        self._admin.delete_account_assignment(**self._target(account_id, assignment))
        self.clock.sleep(30)

    def code_for(self, account_id: str, email: str) -> str:
        with urlopen(f"{self.served.url}/_vend/otp") as answer:
            mail = json.loads(answer.read())[account_id]
        assert mail["email"] == email
        return str(mail["otp"])

    def creation(self, key: str, **spec: Any) -> CreateAccount:
        return creation(key, **spec)

    def _target(self, account_id: str, assignment: Assignment) -> dict[str, Any]:
        (instance,) = self._admin.list_instances()["Instances"]
        sets = self._admin.list_permission_sets(InstanceArn=instance["InstanceArn"])["PermissionSets"]
        names = {
            self._admin.describe_permission_set(InstanceArn=instance["InstanceArn"], PermissionSetArn=arn)[
                "PermissionSet"
            ]["Name"]: arn
            for arn in sets
        }
        return {
            "InstanceArn": instance["InstanceArn"],
            "TargetId": account_id,
            "TargetType": "AWS_ACCOUNT",
            "PermissionSetArn": names[assignment.permission_set],
            "PrincipalType": assignment.principal.kind.name,
            "PrincipalId": self._id(instance["IdentityStoreId"], assignment),
        }

    def _id(self, store: str, assignment: Assignment) -> str:
        principal = assignment.principal
        if principal.kind is PrincipalKind.GROUP:
            unique = {"AttributePath": "displayName", "AttributeValue": principal.name}
            answer = self._store.get_group_id(IdentityStoreId=store, AlternateIdentifier={"UniqueAttribute": unique})
            return str(answer["GroupId"])
        unique = {"AttributePath": "userName", "AttributeValue": principal.name}
        answer = self._store.get_user_id(IdentityStoreId=store, AlternateIdentifier={"UniqueAttribute": unique})
        return str(answer["UserId"])


class LandingZoneUpkeepBench(SandboxUpkeepBench):
    """A landing zone, into which accounts come in this way."""

    def __init__(self, served: Served, mode: Mode) -> None:
        super().__init__(served)
        self._mode = mode

    def provisioner(self, *, repository: str = REPOSITORY, dies_after: int | None = None) -> ControlTowerProvisioner:
        self._limits.life = Life(dies_after)
        role = control_tower_role()
        return control_tower.connect(self.connection, execution_role=role, repository=repository, mode=self._mode)

    def creation(self, key: str, **spec: Any) -> CreateAccount:
        return account_named(key, self._mode, "Sandbox", **spec)
