"""A connection that cannot write: an allow-list of reads, enforced before a request is even built.

The list is what the plan role may do with the services that this product calls; anything else, of any service, known today
or not, is refused. A list of what is forbidden would have to be complete; this one only has to be right. Getting credentials
(assuming a role, signing in) is the SDK's own business, with clients of its own, and not concerned.
"""

from typing import Any, Final

from pipeline.errors import PermanentServiceError

READS: Final[dict[str, frozenset[str]]] = {
    "organizations": frozenset(
        {
            "DescribeAccount",
            "DescribeCreateAccountStatus",
            "DescribeOrganization",
            "DescribeOrganizationalUnit",
            "ListAWSServiceAccessForOrganization",
            "ListAccounts",
            "ListAccountsForParent",
            "ListCreateAccountStatus",
            "ListOrganizationalUnitsForParent",
            "ListParents",
            "ListRoots",
            "ListTagsForResource",
        }
    ),
    "account": frozenset(
        {"GetAlternateContact", "GetContactInformation", "GetPrimaryEmailUpdateStatus", "ListRegions"}
    ),
    "cloudtrail": frozenset({"LookupEvents"}),
    "config": frozenset({"DescribeConfigurationRecorders", "DescribeDeliveryChannels"}),
    "controlcatalog": frozenset({"GetControl"}),
    "controltower": frozenset(
        {
            "GetBaselineOperation",
            "GetControlOperation",
            "GetEnabledControl",
            "GetLandingZone",
            "ListBaselines",
            "ListEnabledBaselines",
            "ListEnabledControls",
            "ListLandingZones",
        }
    ),
    "ec2": frozenset(
        {
            "DescribeInternetGateways",
            "DescribeNetworkAcls",
            "DescribeNetworkInterfaces",
            "DescribeRegions",
            "DescribeRouteTables",
            "DescribeSecurityGroups",
            "DescribeSubnets",
            "DescribeVpcs",
            "GetEbsDefaultKmsKeyId",
            "GetEbsEncryptionByDefault",
            "GetInstanceMetadataDefaults",
        }
    ),
    "iam": frozenset({"GetAccountPasswordPolicy", "GetOpenIDConnectProvider", "GetRole", "ListAccountAliases"}),
    "identitystore": frozenset({"DescribeGroup", "DescribeUser", "GetGroupId", "GetUserId", "ListGroups", "ListUsers"}),
    "kms": frozenset({"DescribeKey", "ListAliases"}),
    "resourcegroupstaggingapi": frozenset({"GetResources"}),
    "servicecatalog": frozenset(
        {
            "DescribeProductAsAdmin",
            "DescribeProvisionedProduct",
            "DescribeRecord",
            "GetProvisionedProductOutputs",
            "ListLaunchPaths",
            "ListPortfoliosForProduct",
            "ListPrincipalsForPortfolio",
            "ListProvisioningArtifacts",
            "SearchProvisionedProducts",
        }
    ),
    "s3": frozenset({"GetBucketEncryption", "GetBucketVersioning", "GetObject", "ListObjectsV2"}),
    "s3control": frozenset({"GetPublicAccessBlock"}),
    "ssm": frozenset({"GetParametersByPath"}),
    "sso-admin": frozenset(
        {
            "DescribeAccountAssignmentCreationStatus",
            "DescribeAccountAssignmentDeletionStatus",
            "DescribePermissionSet",
            "ListAccountAssignments",
            "ListAccountAssignmentsForPrincipal",
            "ListInstances",
            "ListPermissionSets",
            "ListPermissionSetsProvisionedToAccount",
        }
    ),
    "sts": frozenset({"GetCallerIdentity"}),
}


class WriteRefusedError(PermanentServiceError):
    """A call on a read-only connection that is not one of `READS`; nothing was sent."""


def is_read(service: str, operation: str) -> bool:
    return operation in READS.get(service, frozenset())


def refuse_writes(**event: Any) -> None:
    """Let reads pass (botocore event `provide-client-params`, the first of every call and of every presigned URL)."""
    operation = event["model"]
    service = operation.service_model.service_name
    if not is_read(service, operation.name):
        raise WriteRefusedError(
            f"{service} {operation.name}: this connection is read-only; nothing was sent",
            hint='changes are made by "vend apply" only',
        )
