"""Name and contacts of an account.

https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html
https://docs.aws.amazon.com/accounts/latest/reference/API_ContactInformation.html (where StateOrRegion is required)
https://docs.aws.amazon.com/accounts/latest/reference/API_PutAccountName.html
"""

from dataclasses import replace
from typing import Final

from pipeline.sandbox.account_management.target import invalid, latest_target, unset, visible_target
from pipeline.sandbox.organization import Call
from pipeline.sandbox.records import Fields

_STATE_REQUIRED: Final = frozenset({"US", "CA", "GB", "DE", "JP", "IN", "BR"})


def get_account_information(call: Call, parameters: Fields) -> Fields:
    account = visible_target(call, parameters)
    return {
        "AccountId": account.id,
        "AccountName": account.name,
        "AccountCreatedDate": account.joined,
        "AccountState": account.state,
    }


def put_account_name(call: Call, parameters: Fields) -> Fields:
    call.organization.put(replace(latest_target(call, parameters), name=parameters["AccountName"]))
    return {}


def get_alternate_contact(call: Call, parameters: Fields) -> Fields:
    kind = parameters["AlternateContactType"]
    contact = visible_target(call, parameters).alternate_contacts.get(kind)
    if contact is None:
        raise _no_contact(kind)
    return {"AlternateContact": {**contact, "AlternateContactType": kind}}


def put_alternate_contact(call: Call, parameters: Fields) -> Fields:
    account = latest_target(call, parameters)
    contact = {name: parameters[name] for name in ("Name", "Title", "EmailAddress", "PhoneNumber")}
    contacts = {**account.alternate_contacts, parameters["AlternateContactType"]: contact}
    call.organization.put(replace(account, alternate_contacts=contacts))
    return {}


def delete_alternate_contact(call: Call, parameters: Fields) -> Fields:
    account, kind = latest_target(call, parameters), parameters["AlternateContactType"]
    if kind not in account.alternate_contacts:
        raise _no_contact(kind)
    contacts = {each: contact for each, contact in account.alternate_contacts.items() if each != kind}
    call.organization.put(replace(account, alternate_contacts=contacts))
    return {}


def _no_contact(kind: str) -> Exception:
    return unset(f"No alternate contact of the type {kind} is set.")


def get_contact_information(call: Call, parameters: Fields) -> Fields:
    information = visible_target(call, parameters).contact_information
    if information is None:
        raise unset("No contact information is set.")
    return {"ContactInformation": information}


def put_contact_information(call: Call, parameters: Fields) -> Fields:
    account, information = latest_target(call, parameters), parameters["ContactInformation"]
    if information["CountryCode"] in _STATE_REQUIRED and "StateOrRegion" not in information:
        text = f"StateOrRegion is required for {information['CountryCode']}."
        raise invalid(text, "ContactInformation.StateOrRegion")
    call.organization.put(replace(account, contact_information=information))
    return {}
