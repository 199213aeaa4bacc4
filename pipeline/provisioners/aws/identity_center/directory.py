"""Names to ids and back, each asked for once in a run."""

import re
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError
from pipeline.model.access import IdentityCenter, Principal, PrincipalKind, UnknownPrincipal
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.organizations.listing import listed
from pipeline.provisioners.aws.translation import code_of

THREADS: Final = 8
"""Reads at the same time; the rate of all calls together is 20 a second."""

NAMES_READ: Final = 1_000
"""So many names of groups or users are looked through for one that was probably meant."""

_PAGE: Final = 100
_ADDRESS: Final = "emails.value"
_ID: Final = re.compile(r"(?:[0-9a-f]{10}-)?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
"""https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_GetGroupId.html"""


@dataclass(frozen=True, slots=True)
class Instance:
    arn: str
    store: str


@dataclass(frozen=True, slots=True)
class _Calls:
    """How the store calls what is asked of one kind of principal."""

    find: str
    attribute: str
    found: str
    describe: str
    argument: str
    name: str
    list: str
    items: str


_CALLS: Final[Mapping[PrincipalKind, _Calls]] = {
    PrincipalKind.GROUP: _Calls(
        "get_group_id", "displayName", "GroupId", "describe_group", "GroupId", "DisplayName", "list_groups", "Groups"
    ),
    PrincipalKind.USER: _Calls(
        "get_user_id", "userName", "UserId", "describe_user", "UserId", "UserName", "list_users", "Users"
    ),
}


class Directory:
    """The instance of IAM Identity Center in the home Region. Safe to use from many threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._instance: Instance | None = None
        self._has_looked = False
        self._permission_sets: dict[str, str] | None = None
        self._ids: dict[Principal, str | None] = {}
        self._names: dict[tuple[PrincipalKind, str], str] = {}

    @property
    def region(self) -> str:
        return self._connection.home_region

    @property
    def admin(self) -> Any:
        return self._connection.client("sso-admin", region=self.region)

    @property
    def _store(self) -> Any:
        return self._connection.client("identitystore", region=self.region)

    @property
    def instance(self) -> Instance | None:
        """That of the organization; None where there is none in this Region."""
        with self._lock:
            if not self._has_looked:
                found = listed(self.admin.list_instances, "Instances")
                usable = [each for each in found if each.get("Status", "ACTIVE") == "ACTIVE"]
                self._instance = next((Instance(each["InstanceArn"], each["IdentityStoreId"]) for each in usable), None)
                self._has_looked = True
            return self._instance

    def required(self) -> Instance:
        """Raises `PermanentServiceError` where there is none."""
        if (instance := self.instance) is None:
            raise PermanentServiceError(
                f"IAM Identity Center: there is no instance of it in {self.region}",
                hint="enable it, or set organization.home_region in vending.yaml to its Region",
                stops_lane=True,
            )
        return instance

    def permission_sets(self) -> Mapping[str, str]:
        """The ARN of each permission set, by its name."""
        with self._lock:
            known = self._permission_sets
        if known is None:
            known = self._read_permission_sets(self.required().arn)
            with self._lock:
                self._permission_sets = known
        return known

    def permission_set(self, name: str) -> str:
        """Its ARN. Raises `PermanentServiceError` for a name that is not there."""
        if (found := self.permission_sets().get(name)) is None:
            raise PermanentServiceError(
                f'IAM Identity Center: there is no permission set "{name}"', hint="create it, or correct `access`"
            )
        return found

    def id_of(self, principal: Principal) -> str | None:
        """The id of a group or a user by its name; None if there is no such."""
        if principal not in self._ids:
            self._ids[principal] = self._find(principal)
        return self._ids[principal]

    def required_id(self, principal: Principal) -> str:
        """Raises `PermanentServiceError` for a name that is not there."""
        if (found := self.id_of(principal)) is None:
            raise PermanentServiceError(
                f"IAM Identity Center: there is no {principal}", hint="create it, or correct `access`"
            )
        return found

    def id_of_address(self, email: str) -> str | None:
        """The id of a user by the e-mail address; None if there is no such.

        It is mostly the name, too, but an identity provider may name its users otherwise:
        https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_GetUserId.html
        """
        user = Principal(PrincipalKind.USER, email)
        return self.id_of(user) or self._id_by(_ADDRESS, user)

    def id_for_removal(self, principal: Principal) -> str | None:
        """As `id_of`; what is gone from the store is known by its id alone."""
        found = self.id_of(principal)
        return principal.name if found is None and _ID.fullmatch(principal.name) else found

    def name_of(self, kind: PrincipalKind, principal_id: str) -> str:
        """The name of a group or a user; of one that is gone from the store, its id."""
        if (kind, principal_id) not in self._names:
            self._names[kind, principal_id] = self._describe(kind, principal_id)
        return self._names[kind, principal_id]

    def answer(self, principals: Iterable[Principal]) -> IdentityCenter:
        """What it says to the names of requests."""
        if self.instance is None:
            return IdentityCenter(region=self.region, is_there=False)
        with ThreadPoolExecutor(THREADS, "principals") as pool:
            wanted = sorted(set(principals))
            found = list(pool.map(self.id_of, wanted))
        missing = [each for each, principal_id in zip(wanted, found, strict=True) if principal_id is None]
        names = {kind: self._some_names(kind) for kind in {each.kind for each in missing}}
        return IdentityCenter(
            region=self.region,
            permission_sets=tuple(sorted(self.permission_sets())),
            unknown=tuple(
                UnknownPrincipal(
                    kind=each.kind, name=each.name, near=tuple(get_close_matches(each.name, names[each.kind], n=1))
                )
                for each in missing
            ),
        )

    def _read_permission_sets(self, instance: str) -> dict[str, str]:
        arns = listed(self.admin.list_permission_sets, "PermissionSets", InstanceArn=instance, MaxResults=_PAGE)

        def name(arn: str) -> str:
            described = self.admin.describe_permission_set(InstanceArn=instance, PermissionSetArn=arn)
            return str(described["PermissionSet"]["Name"])

        with ThreadPoolExecutor(THREADS, "permission-sets") as pool:
            return dict(zip(pool.map(name, arns), arns, strict=True))

    def _find(self, principal: Principal) -> str | None:
        found = self._id_by(_CALLS[principal.kind].attribute, principal)
        if found is not None:
            self._names.setdefault((principal.kind, found), principal.name)
        return found

    def _id_by(self, attribute: str, principal: Principal) -> str | None:
        calls = _CALLS[principal.kind]
        unique = {"AttributePath": attribute, "AttributeValue": principal.name}
        try:
            answer = getattr(self._store, calls.find)(
                IdentityStoreId=self.required().store, AlternateIdentifier={"UniqueAttribute": unique}
            )
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return None
            raise
        return str(answer[calls.found])

    def _describe(self, kind: PrincipalKind, principal_id: str) -> str:
        calls = _CALLS[kind]
        try:
            answer = getattr(self._store, calls.describe)(
                IdentityStoreId=self.required().store, **{calls.argument: principal_id}
            )
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return principal_id
            raise
        return str(answer.get(calls.name) or principal_id)

    def _some_names(self, kind: PrincipalKind) -> list[str]:
        calls, found = _CALLS[kind], list[str]()
        wanted: dict[str, Any] = {"IdentityStoreId": self.required().store, "MaxResults": _PAGE}
        while len(found) < NAMES_READ:
            page = getattr(self._store, calls.list)(**wanted)
            found += [str(each[calls.name]) for each in page.get(calls.items, []) if each.get(calls.name)]
            if not page.get("NextToken"):
                break
            wanted["NextToken"] = page["NextToken"]
        return found
