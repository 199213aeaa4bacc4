"""The default VPC of one Region: what it is, what uses it, and how it is deleted.

https://docs.aws.amazon.com/vpc/latest/userguide/deleting-vpc.html and work-with-default-vpc.html: whatever is in the VPC goes
first, and AWS refuses to delete what something else needs.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pipeline.model.json import Json
from pipeline.provisioners.aws.translation import refusal

_USERS_TOLD: Final = 5
_GONE: Final = frozenset(
    {
        "Gateway.NotAttached",
        "InvalidGroup.NotFound",
        "InvalidInternetGatewayID.NotFound",
        "InvalidNetworkAclID.NotFound",
        "InvalidPermission.NotFound",
        "InvalidRouteTableID.NotFound",
        "InvalidSubnetID.NotFound",
        "InvalidVpcID.NotFound",
    }
)
"""What was to be deleted is gone already: another run, or an earlier try of this one."""


def read_default_vpc(ec2: Any) -> Json:
    """None if there is none; else `{"id": …, "used_by": […]}`, the first few network interfaces in words.

    Everything that a VPC is used by has a network interface in it. Two calls, one where there is no default VPC.
    """
    vpc_id = _default_vpc(ec2)
    return None if vpc_id is None else {"id": vpc_id, "used_by": _users(ec2, vpc_id)}


def delete_default_vpc(ec2: Any) -> None:
    """Delete it with what AWS made for it, unless something uses it.

    Route tables, network ACLs and security groups that somebody added are deleted, too: without a network interface in the
    VPC they do nothing. What else there may be (an endpoint, a peering) makes AWS refuse, and the VPC stays.
    """
    vpc_id = _default_vpc(ec2)
    if vpc_id is None or _users(ec2, vpc_id):
        return
    _remove_gateways(ec2, vpc_id)
    for subnet in _in_vpc(ec2.describe_subnets, "Subnets", vpc_id):
        _unless_gone(ec2.delete_subnet, SubnetId=subnet["SubnetId"])
    for table in _in_vpc(ec2.describe_route_tables, "RouteTables", vpc_id):
        if not any(each.get("Main") for each in table.get("Associations", ())):
            _unless_gone(ec2.delete_route_table, RouteTableId=table["RouteTableId"])
    for acl in _in_vpc(ec2.describe_network_acls, "NetworkAcls", vpc_id):
        if not acl["IsDefault"]:
            _unless_gone(ec2.delete_network_acl, NetworkAclId=acl["NetworkAclId"])
    _remove_groups(ec2, vpc_id)
    _unless_gone(ec2.delete_vpc, VpcId=vpc_id)


def _default_vpc(ec2: Any) -> str | None:
    """A Region has one default VPC at most."""
    found = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    return str(found[0]["VpcId"]) if found else None


def _users(ec2: Any, vpc_id: str) -> list[Json]:
    answer = ec2.describe_network_interfaces(Filters=_of_vpc(vpc_id), MaxResults=_USERS_TOLD)
    found = sorted(answer["NetworkInterfaces"], key=lambda each: str(each["NetworkInterfaceId"]))[:_USERS_TOLD]
    return [*(_in_words(each) for each in found), *(["more"] if answer.get("NextToken") else [])]


def _in_words(interface: Mapping[str, Any]) -> str:
    """`eni-0123 of i-0456`, or what AWS's services write into the description."""
    instance = interface.get("Attachment", {}).get("InstanceId")
    what = f" of {instance}" if instance else f" ({interface['Description']})" if interface.get("Description") else ""
    return f"{interface['NetworkInterfaceId']}{what}"


def _remove_gateways(ec2: Any, vpc_id: str) -> None:
    for gateway in _in_vpc(ec2.describe_internet_gateways, "InternetGateways", vpc_id, name="attachment.vpc-id"):
        gateway_id = gateway["InternetGatewayId"]
        _unless_gone(ec2.detach_internet_gateway, InternetGatewayId=gateway_id, VpcId=vpc_id)
        _unless_gone(ec2.delete_internet_gateway, InternetGatewayId=gateway_id)


def _remove_groups(ec2: Any, vpc_id: str) -> None:
    """Groups may name each other, so all their rules go before the first of them; the default group goes with the VPC."""
    groups = list(_in_vpc(ec2.describe_security_groups, "SecurityGroups", vpc_id))
    added = [each for each in groups if each["GroupName"] != "default"]
    for group in groups if added else ():
        if rules := _naming_groups(group.get("IpPermissions", ())):
            _unless_gone(ec2.revoke_security_group_ingress, GroupId=group["GroupId"], IpPermissions=rules)
        if rules := _naming_groups(group.get("IpPermissionsEgress", ())):
            _unless_gone(ec2.revoke_security_group_egress, GroupId=group["GroupId"], IpPermissions=rules)
    for group in added:
        _unless_gone(ec2.delete_security_group, GroupId=group["GroupId"])


def _naming_groups(rules: Any) -> list[dict[str, Any]]:
    """The part of the rules that names groups."""
    kept = ("IpProtocol", "FromPort", "ToPort", "UserIdGroupPairs")
    return [{name: rule[name] for name in kept if name in rule} for rule in rules if rule.get("UserIdGroupPairs")]


def _in_vpc(call: Callable[..., Any], member: str, vpc_id: str, *, name: str = "vpc-id") -> Iterator[Any]:
    token: dict[str, str] = {}
    while True:
        answer = call(Filters=_of_vpc(vpc_id, name), **token)
        yield from answer[member]
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def _of_vpc(vpc_id: str, name: str = "vpc-id") -> list[dict[str, Any]]:
    return [{"Name": name, "Values": [vpc_id]}]


def _unless_gone(call: Callable[..., Any], **named: Any) -> None:
    refusal(_GONE, lambda: call(**named))
