"""Reading accounts and moving them.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
"""

from dataclasses import replace

from pipeline.sandbox.organization import MANAGEMENT_ID, ORGANIZATION_ID, ROOT_ID, Call
from pipeline.sandbox.organizations.shapes import account_fields, arn, not_found
from pipeline.sandbox.paging import page, start_of
from pipeline.sandbox.records import Account, Fields
from pipeline.sandbox.service import Refusal


def describe_organization(call: Call, parameters: Fields) -> Fields:  # noqa: ARG001 - a handler
    management = call.reads.accounts.get(MANAGEMENT_ID)
    return {
        "Organization": {
            "Id": ORGANIZATION_ID,
            "Arn": f"arn:aws:organizations::{MANAGEMENT_ID}:organization/{ORGANIZATION_ID}",
            "FeatureSet": "ALL",
            "MasterAccountArn": arn("account", MANAGEMENT_ID),
            "MasterAccountId": MANAGEMENT_ID,
            "MasterAccountEmail": management.email if management else "",
            "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
        }
    }


def list_accounts(call: Call, parameters: Fields) -> Fields:
    accounts, rest = page(call.reads.accounts.after(start_of(parameters, "accounts")), parameters, "accounts")
    return {"Accounts": [account_fields(call, each) for each in accounts], **rest}


def describe_account(call: Call, parameters: Fields) -> Fields:
    account = call.reads.accounts.get(parameters["AccountId"])
    if account is None:
        raise not_found("AccountNotFoundException", "an account", parameters["AccountId"])
    return {"Account": account_fields(call, account)}


def list_accounts_for_parent(call: Call, parameters: Fields) -> Fields:
    parent_id = parameters["ParentId"]
    if call.reads.units.get(parent_id) is None:
        raise not_found("ParentNotFoundException", "a root or organizational unit", parent_id)
    listing = f"accounts/{parent_id}"
    accounts, rest = page(call.reads.accounts.after(start_of(parameters, listing), parent_id), parameters, listing)
    return {"Accounts": [account_fields(call, each) for each in accounts], **rest}


def list_parents(call: Call, parameters: Fields) -> Fields:
    child_id = parameters["ChildId"]
    child = call.reads.accounts.get(child_id) or call.reads.units.get(child_id)
    if child is None:
        raise not_found("ChildNotFoundException", "an account or organizational unit", child_id)
    kind = "ROOT" if child.parent_id == ROOT_ID else "ORGANIZATIONAL_UNIT"
    return {"Parents": [{"Id": child.parent_id, "Type": kind}]}


def list_children(call: Call, parameters: Fields) -> Fields:
    parent_id, kind = parameters["ParentId"], parameters["ChildType"]
    if call.reads.units.get(parent_id) is None:
        raise not_found("ParentNotFoundException", "a root or organizational unit", parent_id)
    listing = f"children/{kind}/{parent_id}"
    start = start_of(parameters, listing)
    ids: list[str]
    if kind == "ACCOUNT":
        accounts, rest = page(call.reads.accounts.after(start, parent_id), parameters, listing)
        ids = [each.id for each in accounts]
    else:
        units, rest = page(call.reads.units.after(start, parent_id), parameters, listing)
        ids = [each.id for each in units]
    return {"Children": [{"Id": each, "Type": kind} for each in ids], **rest}


def move_account(call: Call, parameters: Fields) -> Fields:
    account = existing(call, parameters["AccountId"])
    source, destination = parameters["SourceParentId"], parameters["DestinationParentId"]
    if call.latest.units.get(source) is None:
        raise not_found("SourceParentNotFoundException", "a root or organizational unit", source)
    if call.latest.units.get(destination) is None:
        raise not_found("DestinationParentNotFoundException", "a root or organizational unit", destination)
    if account.parent_id == destination:
        text = f'The account "{account.id}" is already present in the destination "{destination}".'
        raise Refusal("DuplicateAccountException", text)
    if account.parent_id != source:
        text = f'The account "{account.id}" is not in the source "{source}".'
        raise Refusal("SourceParentNotFoundException", text)
    call.organization.put(replace(account, parent_id=destination))
    return {}


def existing(call: Call, account_id: str) -> Account:
    """The account as it is now. Raises AccountNotFoundException."""
    account = call.latest.accounts.get(account_id)
    if account is None:
        raise not_found("AccountNotFoundException", "an account", account_id)
    return account
