"""The directory of Identity Center: users, groups, and who is in which.

https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_GetUserId.html and its neighbours
Names of users and addresses are compared without regard to case, names of groups as they are. Identities from other
providers, and changes to users and groups, are not imitated.
"""

from collections.abc import Mapping
from typing import Any, Final, NoReturn

from pipeline.sandbox.identity_center.center import Group, IdentityCenter, Membership, User
from pipeline.sandbox.identity_center.shapes import not_there, page, store, wrong
from pipeline.sandbox.organization import Call
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service import Refusal

_REVISION: Final = "1"
_MORE: Final = frozenset(
    (
        "NickName",
        "ProfileUrl",
        "Addresses",
        "PhoneNumbers",
        "UserType",
        "Title",
        "PreferredLanguage",
        "Locale",
        "Timezone",
    )
)
"""Members of a user that are kept as they were given."""


def get_user_id(call: Call, parameters: Fields) -> Fields:
    center = store(call, parameters)
    path, value = _alternate(parameters)
    for each in center.users.values():
        known = {"username": each.name, "emails.value": each.email}.get(path)
        if known is not None and known.lower() == value.lower():
            return _identity(center) | _user_ids(each)
    raise not_there("USER", value)


def get_group_id(call: Call, parameters: Fields) -> Fields:
    center = store(call, parameters)
    path, value = _alternate(parameters)
    for each in center.groups.values():
        if path == "displayname" and each.name == value:
            return _identity(center) | _group_ids(each)
    raise not_there("GROUP", value)


def _alternate(parameters: Fields) -> tuple[str, str]:
    """Attribute path, in lower case, and value of the alternate identifier."""
    given = parameters["AlternateIdentifier"]
    if len(given) != 1:
        raise wrong("AlternateIdentifier is either ExternalId or UniqueAttribute.")
    unique = given.get("UniqueAttribute")
    if unique is None:
        return "externalid", str(given["ExternalId"]["Id"])
    return str(unique["AttributePath"]).lower(), str(unique["AttributeValue"])


def list_users(call: Call, parameters: Fields) -> Fields:
    center = store(call, parameters)
    name = _filtered(parameters, "username")
    found = [each for each in center.users.values() if name is None or each.name.lower() == name.lower()]
    some, rest = page(found, parameters, "users")
    return {"Users": [_user_fields(center, each) for each in some], **rest}


def list_groups(call: Call, parameters: Fields) -> Fields:
    center = store(call, parameters)
    name = _filtered(parameters, "displayname")
    found = [each for each in center.groups.values() if name in {None, each.name}]
    some, rest = page(found, parameters, "groups")
    return {"Groups": [_group_fields(center, each) for each in some], **rest}


def _filtered(parameters: Fields, path: str) -> str | None:
    filters = parameters.get("Filters") or ()
    for each in filters:
        if each["AttributePath"].lower() != path:
            raise wrong(f"The attribute {each['AttributePath']} cannot be filtered by.")
    return str(filters[0]["AttributeValue"]) if filters else None


def describe_user(call: Call, parameters: Fields) -> Fields:
    center = store(call, parameters)
    return _user_fields(center, _user(center, parameters["UserId"]))


def describe_group(call: Call, parameters: Fields) -> Fields:
    center = store(call, parameters)
    return _group_fields(center, _group(center, parameters["GroupId"]))


def create_user(call: Call, parameters: Fields) -> Fields:
    center, name = store(call, parameters), parameters.get("UserName")
    names = parameters.get("Name") or {}
    if not (name and parameters.get("DisplayName") and names.get("GivenName") and names.get("FamilyName")):
        raise wrong("UserName, DisplayName, Name.GivenName and Name.FamilyName are required.")
    emails = [str(each.get("Value")) for each in parameters.get("Emails") or ()]
    others = center.users.values()
    if center.user_named(name) is not None:
        _taken("UserName")
    if emails and any(each.email.lower() == emails[0].lower() for each in others):
        _taken("Email")
    more = {key: value for key, value in parameters.items() if key in _MORE}
    user = center.add_user(
        name,
        names["GivenName"],
        names["FamilyName"],
        email=emails[0] if emails else "",
        display_name=parameters["DisplayName"],
        more=more,
    )
    return _identity(center) | _user_ids(user) | {"Revision": _REVISION}


def create_group(call: Call, parameters: Fields) -> Fields:
    center, name = store(call, parameters), parameters.get("DisplayName")
    if not name:
        raise wrong("DisplayName is required.")
    if any(each.name == name for each in center.groups.values()):
        _taken("GroupDisplayName")
    group = center.add_group(name, parameters.get("Description") or "")
    return _identity(center) | _group_ids(group) | {"Revision": _REVISION}


def _taken(attribute: str) -> NoReturn:
    raise Refusal("ConflictException", f"Duplicate {attribute}", Reason="UNIQUENESS_CONSTRAINT_VIOLATION")


def delete_user(call: Call, parameters: Fields) -> Fields:
    """Assignments of the user stay."""
    center = store(call, parameters)
    user = _user(center, parameters["UserId"])
    del center.users[user.id]
    _forget(center, user_id=user.id)
    return {}


def delete_group(call: Call, parameters: Fields) -> Fields:
    """Assignments of the group stay."""
    center = store(call, parameters)
    group = _group(center, parameters["GroupId"])
    del center.groups[group.id]
    _forget(center, group_id=group.id)
    return {}


def _forget(center: IdentityCenter, *, user_id: str = "", group_id: str = "") -> None:
    kept = (each for each in center.memberships.values() if each.user_id != user_id and each.group_id != group_id)
    center.memberships = {each.id: each for each in kept}


def create_group_membership(call: Call, parameters: Fields) -> Fields:
    center = store(call, parameters)
    group, user = _group(center, parameters["GroupId"]), _user(center, _member_id(parameters))
    if group.id in center.groups_of(user.id):
        _taken("GroupMembership")
    return _identity(center) | _membership_ids(center.add_member(group.id, user.id))


def delete_group_membership(call: Call, parameters: Fields) -> Fields:
    center = store(call, parameters)
    if center.memberships.pop(_bare(parameters["MembershipId"]), None) is None:
        raise not_there("GROUP_MEMBERSHIP", parameters["MembershipId"])
    return {}


def list_group_memberships(call: Call, parameters: Fields) -> Fields:
    center = store(call, parameters)
    group = _group(center, parameters["GroupId"])
    found = [each for each in center.memberships.values() if each.group_id == group.id]
    some, rest = page(found, parameters, "memberships")
    return {"GroupMemberships": [_membership_fields(center, each) for each in some], **rest}


def list_memberships_of_member(call: Call, parameters: Fields) -> Fields:
    center = store(call, parameters)
    user = _user(center, _member_id(parameters))
    found = [each for each in center.memberships.values() if each.user_id == user.id]
    some, rest = page(found, parameters, "memberships-of-member")
    return {"GroupMemberships": [_membership_fields(center, each) for each in some], **rest}


def is_member_in_groups(call: Call, parameters: Fields) -> Fields:
    center = store(call, parameters)
    member = _member_id(parameters)
    groups = center.groups_of(member)
    results = [
        {"GroupId": each, "MemberId": {"UserId": member}, "MembershipExists": _bare(each) in groups}
        for each in parameters["GroupIds"]
    ]
    return {"Results": results}


def _user(center: IdentityCenter, user_id: str) -> User:
    user = center.users.get(_bare(user_id))
    if user is None:
        raise not_there("USER", user_id)
    return user


def _group(center: IdentityCenter, group_id: str) -> Group:
    group = center.groups.get(_bare(group_id))
    if group is None:
        raise not_there("GROUP", group_id)
    return group


def _member_id(parameters: Fields) -> str:
    return _bare(str(parameters["MemberId"].get("UserId", "")))


def _bare(resource_id: str) -> str:
    """Ids are taken as ARNs too."""
    return resource_id.rpartition("/")[2]


def _identity(center: IdentityCenter) -> Fields:
    return {"IdentityStoreId": center.store_id}


def _arn(kind: str, resource_id: str) -> str:
    return f"arn:aws:identitystore:::{kind}/{resource_id}"


def _user_ids(user: User) -> Fields:
    return {"UserId": user.id, "UserArn": _arn("user", user.id)}


def _group_ids(group: Group) -> Fields:
    return {"GroupId": group.id, "GroupArn": _arn("group", group.id)}


def _membership_ids(membership: Membership) -> Fields:
    return {"MembershipId": membership.id, "MembershipArn": _arn("membership", membership.id)}


def _user_fields(center: IdentityCenter, user: User) -> Fields:
    emails = [{"Value": user.email, "Type": "work", "Primary": True}] if user.email else []
    return {
        **_identity(center),
        **_user_ids(user),
        "Revision": _REVISION,
        "UserName": user.name,
        "Name": {"GivenName": user.given_name, "FamilyName": user.family_name},
        "DisplayName": user.display_name,
        "Emails": emails,
        "CreatedAt": user.created,
        **_given(user.more),
    }


def _given(more: Mapping[str, Any]) -> Fields:
    return {name: value for name, value in more.items() if value}


def _group_fields(center: IdentityCenter, group: Group) -> Fields:
    described = {"Description": group.description} if group.description else {}
    return {
        **_identity(center),
        **_group_ids(group),
        "Revision": _REVISION,
        "DisplayName": group.name,
        "CreatedAt": group.created,
        **described,
    }


def _membership_fields(center: IdentityCenter, membership: Membership) -> Fields:
    return {
        **_identity(center),
        **_membership_ids(membership),
        "GroupId": membership.group_id,
        "MemberId": {"UserId": membership.user_id},
        "CreatedAt": membership.created,
    }
