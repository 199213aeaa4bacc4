"""Who else may act in the organization: trusted services, delegated administrators, policies.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html
The one policy is FullAWSAccess, which AWS attaches everywhere; others cannot be made here.
"""

from typing import Final

from pipeline.sandbox.organization import MANAGEMENT_ID, Call
from pipeline.sandbox.organizations.accounts import existing
from pipeline.sandbox.organizations.shapes import account_fields, not_found
from pipeline.sandbox.paging import page_of_values
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service import Refusal

_FULL_ACCESS: Final[Fields] = {
    "Id": "p-FullAWSAccess",
    "Arn": "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess",
    "Name": "FullAWSAccess",
    "Description": "Allows access to every operation",
    "Type": "SERVICE_CONTROL_POLICY",
    "AwsManaged": True,
}
_FULL_ACCESS_CONTENT: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def list_aws_service_access(call: Call, parameters: Fields) -> Fields:
    enabled = sorted(call.organization.service_access.items())
    some, rest = page_of_values(enabled, parameters, "service-access")
    principals = [{"ServicePrincipal": principal, "DateEnabled": date} for principal, date in some]
    return {"EnabledServicePrincipals": principals, **rest}


def enable_aws_service_access(call: Call, parameters: Fields) -> Fields:
    call.organization.service_access.setdefault(parameters["ServicePrincipal"], call.organization.clock.now())
    return {}


def disable_aws_service_access(call: Call, parameters: Fields) -> Fields:
    call.organization.service_access.pop(parameters["ServicePrincipal"], None)
    return {}


def list_delegated_administrators(call: Call, parameters: Fields) -> Fields:
    wanted = parameters.get("ServicePrincipal")
    found: list[Fields] = []
    for account_id, services in sorted(call.organization.delegations.items()):
        account = call.reads.accounts.get(account_id)
        dates = [date for service, date in services.items() if wanted in {None, service}]
        if account is not None and dates:
            found.append({**account_fields(call, account), "DelegationEnabledDate": min(dates)})
            found[-1].pop("Paths", None)
    some, rest = page_of_values(found, parameters, "administrators")
    return {"DelegatedAdministrators": some, **rest}


def list_delegated_services(call: Call, parameters: Fields) -> Fields:
    account = existing(call, parameters["AccountId"])
    services = sorted(call.organization.delegations.get(account.id, {}).items())
    if not services:
        raise _not_registered(account.id)
    some, rest = page_of_values(services, parameters, "services")
    return {"DelegatedServices": [{"ServicePrincipal": each, "DelegationEnabledDate": at} for each, at in some], **rest}


def register_delegated_administrator(call: Call, parameters: Fields) -> Fields:
    account, service = existing(call, parameters["AccountId"]), parameters["ServicePrincipal"]
    if account.id == MANAGEMENT_ID:
        reason = "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR"
        text = "The management account cannot be a delegated administrator."
        raise Refusal("ConstraintViolationException", text, Reason=reason)
    services = call.organization.delegations.setdefault(account.id, {})
    if service in services:
        text = f'The account "{account.id}" is a delegated administrator of "{service}" already.'
        raise Refusal("AccountAlreadyRegisteredException", text)
    services[service] = call.organization.clock.now()
    return {}


def deregister_delegated_administrator(call: Call, parameters: Fields) -> Fields:
    account = existing(call, parameters["AccountId"])
    services = call.organization.delegations.get(account.id, {})
    if parameters["ServicePrincipal"] not in services:
        raise _not_registered(account.id)
    del services[parameters["ServicePrincipal"]]
    return {}


def _not_registered(account_id: str) -> Refusal:
    text = f'The account "{account_id}" is no delegated administrator of this service.'
    return Refusal("AccountNotRegisteredException", text)


def list_policies(call: Call, parameters: Fields) -> Fields:  # noqa: ARG001 - a handler
    return {"Policies": [_FULL_ACCESS] if parameters["Filter"] == _FULL_ACCESS["Type"] else []}


def list_policies_for_target(call: Call, parameters: Fields) -> Fields:
    target_id = parameters["TargetId"]
    if call.reads.accounts.get(target_id) is None and call.reads.units.get(target_id) is None:
        raise not_found("TargetNotFoundException", "a root, organizational unit or account", target_id)
    return list_policies(call, parameters)


def describe_policy(call: Call, parameters: Fields) -> Fields:  # noqa: ARG001 - a handler
    if parameters["PolicyId"] != _FULL_ACCESS["Id"]:
        raise not_found("PolicyNotFoundException", "a policy", parameters["PolicyId"])
    return {"Policy": {"PolicySummary": _FULL_ACCESS, "Content": _FULL_ACCESS_CONTENT}}
