"""AWS Account Management, by its documentation.

https://docs.aws.amazon.com/accounts/latest/reference/api-reference.html
"""

from typing import Final

from pipeline.sandbox.account_management import contacts, email, regions
from pipeline.sandbox.service import Definition, Refusal
from pipeline.sandbox.validation import Problem


def _invalid(problems: list[Problem]) -> Refusal:
    fields = [{"name": problem.path, "message": problem.message} for problem in problems]
    text = "; ".join(problem.message for problem in problems)
    return Refusal("ValidationException", text, reason="fieldValidationFailed", fieldList=fields)


ACCOUNT_MANAGEMENT: Final = Definition(
    name="account",
    operations={
        "AcceptPrimaryEmailUpdate": email.accept_primary_email_update,
        "DeleteAlternateContact": contacts.delete_alternate_contact,
        "DisableRegion": regions.disable_region,
        "EnableRegion": regions.enable_region,
        "GetAccountInformation": contacts.get_account_information,
        "GetAlternateContact": contacts.get_alternate_contact,
        "GetContactInformation": contacts.get_contact_information,
        "GetPrimaryEmail": email.get_primary_email,
        "GetPrimaryEmailUpdateStatus": email.get_primary_email_update_status,
        "GetRegionOptStatus": regions.get_region_opt_status,
        "ListRegions": regions.list_regions,
        "PutAccountName": contacts.put_account_name,
        "PutAlternateContact": contacts.put_alternate_contact,
        "PutContactInformation": contacts.put_contact_information,
        "StartPrimaryEmailUpdate": email.start_primary_email_update,
    },
    invalid=_invalid,
    throttled=lambda: Refusal("TooManyRequestsException", "Too many requests; try again later."),
    authorize=lambda _call, _operation: None,
    message="message",
)
