"""What each role needs in IAM, from the operations that this program calls: the one place where they are listed.

Three roles live in the management account: *plan* reads, *apply* also writes, *close* may end what cannot be had back. In the
accounts, the execution role does the work; plans get along with a role that only reads. The reads are those of
`read_only.READS`; the writes are the table below. `tools/permissions.py` writes the lists of `terraform/bootstrap/` from here,
and a test compares them with the code and with the calls that a run makes.

An IAM action has the name of the operation behind the prefix of its service, but for the exceptions of `_ACTIONS` and
`_PREFIXES`: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from pipeline.provisioners.aws.read_only import READS

Operation = tuple[str, str]
"""Service as botocore names it, and operation."""


class Place(StrEnum):
    """Where an operation is called."""

    MANAGEMENT = "management"
    MEMBER = "member"
    STATE = "state"


class Role(StrEnum):
    """Each of them may do what those before it may do."""

    PLAN = "plan"
    APPLY = "apply"
    CLOSE = "close"


PLACES: Final[Mapping[str, Place]] = {
    "account": Place.MANAGEMENT,
    "cloudtrail": Place.MANAGEMENT,
    "config": Place.MEMBER,
    "controlcatalog": Place.MANAGEMENT,
    "controltower": Place.MANAGEMENT,
    "ec2": Place.MEMBER,
    "iam": Place.MEMBER,
    "identitystore": Place.MANAGEMENT,
    "kms": Place.MEMBER,
    "organizations": Place.MANAGEMENT,
    "resourcegroupstaggingapi": Place.MANAGEMENT,
    "s3": Place.STATE,
    "s3control": Place.MEMBER,
    "servicecatalog": Place.MANAGEMENT,
    "ssm": Place.MEMBER,
    "sso-admin": Place.MANAGEMENT,
    "sts": Place.MEMBER,
}

_OWN_LOOKS: Final[frozenset[Operation]] = frozenset({("iam", "GetOpenIDConnectProvider")})
"""Operations of a service of the accounts that are called in the management account instead."""

WRITES: Final[Mapping[str, frozenset[str]]] = {
    "account": frozenset(
        {
            "AcceptPrimaryEmailUpdate",
            "DeleteAlternateContact",
            "EnableRegion",
            "PutAccountName",
            "PutAlternateContact",
            "PutContactInformation",
            "StartPrimaryEmailUpdate",
        }
    ),
    "controltower": frozenset(
        {
            "DisableBaseline",
            "DisableControl",
            "EnableBaseline",
            "EnableControl",
            "ResetEnabledBaseline",
            "ResetEnabledControl",
            "UpdateEnabledBaseline",
            "UpdateEnabledControl",
        }
    ),
    "ec2": frozenset(
        {
            "DeleteInternetGateway",
            "DeleteNetworkAcl",
            "DeleteRouteTable",
            "DeleteSecurityGroup",
            "DeleteSubnet",
            "DeleteVpc",
            "DetachInternetGateway",
            "DisableEbsEncryptionByDefault",
            "EnableEbsEncryptionByDefault",
            "ModifyEbsDefaultKmsKeyId",
            "ModifyInstanceMetadataDefaults",
            "ResetEbsDefaultKmsKeyId",
            "RevokeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
        }
    ),
    "iam": frozenset(
        {
            "AttachRolePolicy",
            "CreateAccountAlias",
            "CreateRole",
            "UpdateAccountPasswordPolicy",
            "UpdateAssumeRolePolicy",
        }
    ),
    "organizations": frozenset(
        {
            "CloseAccount",
            "CreateAccount",
            "CreateOrganizationalUnit",
            "MoveAccount",
            "TagResource",
            "UntagResource",
        }
    ),
    "s3": frozenset({"DeleteObject", "PutObject"}),
    "s3control": frozenset({"PutPublicAccessBlock"}),
    "servicecatalog": frozenset({"ProvisionProduct", "TerminateProvisionedProduct", "UpdateProvisionedProduct"}),
    "ssm": frozenset({"DeleteParameters", "PutParameter"}),
    "sso-admin": frozenset({"CreateAccountAssignment", "DeleteAccountAssignment"}),
}
"""Every operation that changes something. Sessions are not among them: `sts:AssumeRole` is given for named roles."""

FINAL: Final[frozenset[Operation]] = frozenset({("organizations", "CloseAccount")})
"""Operations of the close role alone."""

_PREFIXES: Final[Mapping[str, str]] = {"resourcegroupstaggingapi": "tag", "s3control": "s3", "sso-admin": "sso"}

_ACTIONS: Final[Mapping[Operation, str]] = {
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html
    ("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html
    ("s3control", "GetPublicAccessBlock"): "s3:GetAccountPublicAccessBlock",
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutPublicAccessBlock.html
    ("s3control", "PutPublicAccessBlock"): "s3:PutAccountPublicAccessBlock",
}

_FACTORY: Final[frozenset[str]] = frozenset(
    {
        "controltower:CreateManagedAccount",
        "controltower:DeregisterManagedAccount",
        "controltower:DescribeManagedAccount",
        "organizations:DescribeOrganization",
        "s3:GetObject",
        "sso-directory:AddMemberToGroup",
        "sso-directory:CreateUser",
        "sso-directory:DescribeDirectory",
        "sso-directory:DescribeGroups",
        "sso-directory:GetUserPoolInfo",
        "sso-directory:ListMembersInGroup",
        "sso-directory:SearchGroups",
        "sso-directory:SearchGroupsWithGroupName",
        "sso-directory:SearchUsers",
        "sso:AssociateProfile",
        "sso:CreateApplicationInstance",
        "sso:CreateProfile",
        "sso:CreateTrust",
        "sso:DescribeRegisteredRegions",
        "sso:GetApplicationInstance",
        "sso:GetPeregrineStatus",
        "sso:GetPermissionSet",
        "sso:GetProfile",
        "sso:GetSSOStatus",
        "sso:GetTrust",
        "sso:ListDirectoryAssociations",
        "sso:ListPermissionSets",
        "sso:ListProfileAssociations",
        "sso:ProvisionApplicationInstanceForAWSAccount",
        "sso:ProvisionApplicationProfileForAWSAccountInstance",
        "sso:ProvisionSAMLProvider",
        "sso:UpdateProfile",
        "sso:UpdateTrust",
    }
)
"""What Account Factory does in the name of whoever asks it, of which the last three of Control Tower are permissions only.

https://docs.aws.amazon.com/controltower/latest/userguide/automated-provisioning-walkthrough.html
"""

DEPENDENT: Final[Mapping[Operation, frozenset[str]]] = dict.fromkeys(
    (("servicecatalog", operation) for operation in WRITES["servicecatalog"]), _FACTORY
)
"""Actions that an operation needs besides its own."""

TOWER_SERVICES: Final = frozenset({"controlcatalog", "controltower", "servicecatalog"})
"""Services that only a landing zone needs. AWS Config in accounts is looked at before an enrolment, too."""


def action_of(operation: Operation) -> str:
    """The IAM action that allows the operation."""
    service, name = operation
    return _ACTIONS.get(operation, f"{_PREFIXES.get(service, service)}:{name}")


def place_of(operation: Operation) -> Place:
    """Where the operation is called. Raises `KeyError` for a service that has no place yet."""
    return Place.MANAGEMENT if operation in _OWN_LOOKS else PLACES[operation[0]]


def operations_of(role: Role, place: Place) -> frozenset[Operation]:
    """Everything that a run under that role calls there."""
    reads = _operations(READS)
    writes = frozenset() if role is Role.PLAN else _operations(WRITES)
    allowed = (reads | writes) - (FINAL if role is not Role.CLOSE else frozenset())
    return frozenset(operation for operation in allowed if place_of(operation) is place)


def actions_of(role: Role, place: Place, *, tower: bool | None = None) -> tuple[str, ...]:
    """IAM actions, sorted. `tower`: only those that a landing zone needs, or only the others; None for all of them.

    `sts:GetCallerIdentity` needs no permission, so it is not among them:
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    wanted = operations_of(role, place) - {("sts", "GetCallerIdentity")}
    plain = {action_of(each) for each in wanted if each[0] not in TOWER_SERVICES}
    if tower is False:
        return tuple(sorted(plain))
    of_tower = set(_with_dependent(each for each in wanted if each[0] in TOWER_SERVICES))
    return tuple(sorted(of_tower - plain if tower else of_tower | plain))


def _with_dependent(operations: Iterable[Operation]) -> Iterator[str]:
    for each in operations:
        yield action_of(each)
        yield from DEPENDENT.get(each, ())


def _operations(table: Mapping[str, frozenset[str]]) -> frozenset[Operation]:
    return frozenset((service, name) for service, names in table.items() for name in names)
