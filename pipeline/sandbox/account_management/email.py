"""The root user's address: asked for, confirmed with a one-time password that AWS mails to the new address.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-root-user-email.html
https://docs.aws.amazon.com/accounts/latest/reference/API_StartPrimaryEmailUpdate.html
The sandbox mails nothing: `GET /_vend/otp` tells the password.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from pipeline.sandbox.account_management.target import conflict, invalid, latest_target, unset, visible_target
from pipeline.sandbox.identifiers import token
from pipeline.sandbox.organization import Call, Organization
from pipeline.sandbox.records import EmailUpdate, Fields

_LIFE: Final = timedelta(hours=24)
"""How long a password is good for."""


def get_primary_email(call: Call, parameters: Fields) -> Fields:
    return {"PrimaryEmail": visible_target(call, parameters).email}


def start_primary_email_update(call: Call, parameters: Fields) -> Fields:
    account, email, organization = latest_target(call, parameters), parameters["PrimaryEmail"], call.organization
    if email.lower() in organization.account_by_email:
        raise conflict("The address is in use by an account.")
    now = organization.clock.now()
    otp = token("otp", organization.next_sequence(), 6)
    update = EmailUpdate(email=email, otp=otp, status="PENDING", started=now, updated=now)
    organization.put(replace(account, email_update=update))
    return {"Status": "PENDING"}


def accept_primary_email_update(call: Call, parameters: Fields) -> Fields:
    account, organization = latest_target(call, parameters), call.organization
    update, now = account.email_update, organization.clock.now()
    if update is None or update.status != "PENDING" or update.email != parameters["PrimaryEmail"]:
        raise unset("No update of the account's address to this one is pending.")
    if now - update.started > _LIFE or update.otp != parameters["Otp"]:
        raise invalid("The one-time password is wrong or has expired.", "Otp")
    if update.email.lower() in organization.account_by_email:
        raise conflict("The address is in use by an account.")
    accepted = replace(update, status="ACCEPTED", updated=now)
    organization.put(replace(account, email=update.email, email_update=accepted))
    return {"Status": "ACCEPTED"}


def get_primary_email_update_status(call: Call, parameters: Fields) -> Fields:
    update = visible_target(call, parameters).email_update
    if update is None:
        raise unset("No update of the account's address was started.")
    return {"Status": update.status, "UpdatedAt": update.updated}


def passwords(organization: Organization) -> dict[str, dict[str, str]]:
    """The pending updates by account id: the mail that AWS would have sent."""
    return {
        account.id: {"email": account.email_update.email, "otp": account.email_update.otp}
        for account in organization.latest.accounts
        if account.email_update is not None and account.email_update.status == "PENDING"
    }
