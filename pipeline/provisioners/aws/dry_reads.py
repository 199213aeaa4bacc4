"""Whether a permission is there, by a read that tells nothing: of one thing, or of a thing that there is not.

AWS looks at the permission before it looks for the thing, so whatever it answers but a refusal is a yes.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import ClientError

from pipeline.errors import ServiceError
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.meanings import Kind, meaning_of
from pipeline.provisioners.aws.permissions import TOWER_SERVICES, Operation, action_of
from pipeline.provisioners.aws.translation import code_of, translated

_NO_ACCOUNT: Final = "000000000000"
_NO_UNIT: Final = "ou-0000-00000000"
_NO_PRODUCT: Final = "prod-0000000000000"
_NO_OPERATION: Final = "00000000-0000-0000-0000-000000000000"
_AT_HOME: Final = TOWER_SERVICES | {"sso-admin", "cloudtrail"}
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

DRY: Final[Mapping[Operation, Mapping[str, Any]]] = {
    ("account", "GetAlternateContact"): {"AlternateContactType": "SECURITY"},
    ("account", "GetContactInformation"): {},
    ("account", "ListRegions"): {"MaxResults": 1},
    ("controlcatalog", "GetControl"): {"ControlArn": "arn:aws:controlcatalog:::control/0000000000000000000000000"},
    ("cloudtrail", "LookupEvents"): {"MaxResults": 1},
    ("controltower", "GetBaselineOperation"): {"operationIdentifier": _NO_OPERATION},
    ("controltower", "GetControlOperation"): {"operationIdentifier": _NO_OPERATION},
    ("controltower", "ListBaselines"): {"maxResults": 4},
    ("controltower", "ListEnabledBaselines"): {"maxResults": 5},
    ("controltower", "ListEnabledControls"): {"maxResults": 1},
    ("controltower", "ListLandingZones"): {"maxResults": 1},
    ("organizations", "DescribeAccount"): {"AccountId": _NO_ACCOUNT},
    ("organizations", "DescribeCreateAccountStatus"): {
        "CreateAccountRequestId": "car-00000000000000000000000000000000"
    },
    ("organizations", "DescribeOrganization"): {},
    ("organizations", "DescribeOrganizationalUnit"): {"OrganizationalUnitId": _NO_UNIT},
    ("organizations", "ListAWSServiceAccessForOrganization"): {"MaxResults": 1},
    ("organizations", "ListAccounts"): {"MaxResults": 1},
    ("organizations", "ListAccountsForParent"): {"ParentId": _NO_UNIT},
    ("organizations", "ListCreateAccountStatus"): {"States": ["IN_PROGRESS"], "MaxResults": 1},
    ("organizations", "ListOrganizationalUnitsForParent"): {"ParentId": _NO_UNIT},
    ("organizations", "ListParents"): {"ChildId": _NO_ACCOUNT},
    ("organizations", "ListRoots"): {"MaxResults": 1},
    ("organizations", "ListTagsForResource"): {"ResourceId": _NO_ACCOUNT},
    ("resourcegroupstaggingapi", "GetResources"): {
        "ResourceTypeFilters": ["organizations:account"],
        "ResourcesPerPage": 1,
    },
    ("servicecatalog", "DescribeProductAsAdmin"): {"Id": _NO_PRODUCT},
    ("servicecatalog", "DescribeProvisionedProduct"): {"Id": "pp-0000000000000"},
    ("servicecatalog", "DescribeRecord"): {"Id": "rec-0000000000000"},
    ("servicecatalog", "GetProvisionedProductOutputs"): {"ProvisionedProductId": "pp-0000000000000"},
    ("servicecatalog", "ListLaunchPaths"): {"ProductId": _NO_PRODUCT},
    ("servicecatalog", "ListPortfoliosForProduct"): {"ProductId": _NO_PRODUCT},
    ("servicecatalog", "ListPrincipalsForPortfolio"): {"PortfolioId": "port-0000000000000"},
    ("servicecatalog", "ListProvisioningArtifacts"): {"ProductId": _NO_PRODUCT},
    ("servicecatalog", "SearchProvisionedProducts"): {"PageSize": 1},
    ("sso-admin", "ListInstances"): {"MaxResults": 1},
}
"""What to ask. The other reads name something that only a run knows, and whose absence AWS reports as a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """`is_given` is None where it cannot be told, and `problem` says why."""

    action: str
    is_given: bool | None
    problem: str = ""


def try_permissions(connection: Connection, *, tower: bool, trail: bool = False) -> Iterator[Permission]:
    """One call for each entry of `DRY`; those of a landing zone only if `tower`, of CloudTrail only if `trail`.

    Where Control Tower is not at home it refuses everybody, whatever permissions they have: then nothing can be told.
    """
    is_home = cache(lambda: _is_home_region(connection))
    unasked = (frozenset() if tower else TOWER_SERVICES) | (frozenset() if trail else {"cloudtrail"})
    for operation in sorted(DRY):
        if operation[0] in unasked:
            continue
        tried = _tried(connection, operation)
        if operation[0] == "controltower" and tried.is_given is False and not is_home():
            problem = f'"{connection.home_region}" is not the home Region of a landing zone, and there Control Tower refuses all'
            tried = replace(tried, is_given=None, problem=problem)
        yield tried


def _is_home_region(connection: Connection) -> bool:
    """Whether there is a landing zone, as far as it can be told; whoever may not even ask that wants for permission."""
    client = connection.client("controltower", region=connection.home_region)
    try:
        with translated():
            return bool(client.list_landing_zones(maxResults=1)["landingZones"])
    except ServiceError:
        return True


def _tried(connection: Connection, operation: Operation) -> Permission:
    service, name = operation
    region = connection.home_region if service in _AT_HOME else None
    action = action_of(operation)
    try:
        with translated():
            getattr(connection.client(service, region=region), xform_name(name))(**DRY[operation])
    except ServiceError as error:
        return _judged(action, name, error)
    return Permission(action=action, is_given=True)


def _judged(action: str, operation: str, error: ServiceError) -> Permission:
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return Permission(action=action, is_given=None, problem=str(error))
    code = code_of(cause)
    if code in _DENIED:
        return Permission(action=action, is_given=False, problem=str(error))
    meaning = meaning_of(operation, code, None)
    if meaning is not None and meaning.kind in {Kind.THROTTLED, Kind.SERVER, Kind.SETUP}:
        return Permission(action=action, is_given=None, problem=str(error))
    return Permission(action=action, is_given=True)
