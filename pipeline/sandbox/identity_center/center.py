"""IAM Identity Center of the organization: its directory, permission sets, and who was assigned which in what account.

https://docs.aws.amazon.com/singlesignon/latest/userguide/what-is.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Final, NamedTuple

from pipeline.sandbox.identifiers import token
from pipeline.sandbox.organization import Organization

USER: Final = "USER"
GROUP: Final = "GROUP"
ADMINISTRATORS: Final = "AWSAdministratorAccess"
"""The permission set that Account Factory gives an account's first user.
https://docs.aws.amazon.com/controltower/latest/userguide/sso-groups.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`more` holds the other members that CreateUser takes, as they were given."""

    id: str
    sequence: int
    name: str
    given_name: str
    family_name: str
    email: str
    display_name: str
    created: datetime
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    id: str
    sequence: int
    name: str
    created: datetime
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    id: str
    sequence: int
    group_id: str
    user_id: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionSet:
    """`managed_policies` are ARNs to names. `session` is an ISO 8601 duration."""

    arn: str
    sequence: int
    name: str
    created: datetime
    description: str = ""
    session: str = "PT1H"
    relay_state: str = ""
    managed_policies: Mapping[str, str] = field(default_factory=dict)
    inline_policy: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class Assignment(NamedTuple):
    """Who has which permission set in what account; `principal_type` is USER or GROUP."""

    account_id: str
    permission_set_arn: str
    principal_type: str
    principal_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An assignment, or the end of one, that was asked for. `status` is IN_PROGRESS, SUCCEEDED or FAILED."""

    id: str
    sequence: int
    is_creation: bool
    assignment: Assignment
    status: str
    created: datetime
    failure: str = ""


class IdentityCenter:
    """Hold the organization's lock while calling any of it. `assignments` are in the order in which they were made."""

    def __init__(self, organization: Organization, region: str) -> None:
        self.organization = organization
        self.region = region
        self.instance = f"ssoins-{token('sso-instance', 1, 16)}"
        self.instance_arn = f"arn:aws:sso:::instance/{self.instance}"
        self.store_id = f"d-{token('identity-store', 1, 10)}"
        self.created = organization.clock.now()
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.memberships: dict[str, Membership] = {}
        self.permission_sets: dict[str, PermissionSet] = {}
        self.assignments: dict[Assignment, int] = {}
        self.requests: dict[str, Request] = {}
        self._sequence = count(1)

    def new_id(self, kind: str) -> tuple[str, int]:
        """An id in the form of a UUID, and its sequence."""
        sequence = next(self._sequence)
        digits = token(kind, sequence, 32)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])), sequence

    def add_user(self, name: str, given_name: str, family_name: str, **more: Any) -> User:
        """`more`: `email` and `display_name`, if they are not what they usually are, and `more` of CreateUser."""
        user_id, sequence = self.new_id("user")
        known = {"email": name, "display_name": f"{given_name} {family_name}", **more}
        user = User(
            id=user_id,
            sequence=sequence,
            name=name,
            given_name=given_name,
            family_name=family_name,
            created=self.organization.clock.now(),
            **known,
        )
        self.users[user.id] = user
        return user

    def add_group(self, name: str, description: str = "") -> Group:
        group_id, sequence = self.new_id("group")
        created = self.organization.clock.now()
        group = Group(id=group_id, sequence=sequence, name=name, created=created, description=description)
        self.groups[group.id] = group
        return group

    def add_member(self, group_id: str, user_id: str) -> Membership:
        membership_id, sequence = self.new_id("membership")
        created = self.organization.clock.now()
        known = Membership(id=membership_id, sequence=sequence, group_id=group_id, user_id=user_id, created=created)
        self.memberships[known.id] = known
        return known

    def add_permission_set(self, name: str, **more: Any) -> PermissionSet:
        sequence = next(self._sequence)
        arn = f"arn:aws:sso:::permissionSet/{self.instance}/ps-{token('permission-set', sequence, 16)}"
        created = self.organization.clock.now()
        known = PermissionSet(arn=arn, sequence=sequence, name=name, created=created, **more)
        self.permission_sets[known.arn] = known
        return known

    def user_named(self, name: str) -> User | None:
        return next((each for each in self.users.values() if each.name.lower() == name.lower()), None)

    def permission_set_named(self, name: str) -> PermissionSet | None:
        return next((each for each in self.permission_sets.values() if each.name == name), None)

    def groups_of(self, user_id: str) -> set[str]:
        return {each.group_id for each in self.memberships.values() if each.user_id == user_id}

    def assign(self, assignment: Assignment) -> None:
        """Nothing happens if the assignment is there already."""
        if assignment not in self.assignments:
            self.assignments[assignment] = next(self._sequence)

    def give_administrator(self, account_id: str, parameters: Mapping[str, str]) -> None:
        """Make the user of Account Factory's SSO parameters, if there is none, and let them administer the account.

        A user who had this before keeps it.
        https://docs.aws.amazon.com/controltower/latest/userguide/updating-account-factory-accounts.html
        """
        email = parameters["SSOUserEmail"]
        names = parameters["SSOUserFirstName"], parameters["SSOUserLastName"]
        user = self.user_named(email) or self.add_user(email, *names)
        administrators = self.permission_set_named(ADMINISTRATORS)
        if administrators is None:
            administrators = self.add_permission_set(ADMINISTRATORS)
        self.assign(Assignment(account_id, administrators.arn, USER, user.id))
