"""The primary contact of an account, by Account Management.

https://docs.aws.amazon.com/accounts/latest/reference/API_ContactInformation.html
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from botocore.exceptions import ClientError

from pipeline.model.json import Json
from pipeline.model.operation import Done, Result, Vanished
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.organizations.settling import settle
from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.preconditions import Look
from pipeline.provisioners.upkeep_looks import look_at_information
from pipeline.provisioners.upkeep_steps import SetContactInformation

_NAMES: Final[Mapping[str, str]] = {
    "full_name": "FullName",
    "company_name": "CompanyName",
    "address_line_1": "AddressLine1",
    "address_line_2": "AddressLine2",
    "address_line_3": "AddressLine3",
    "city": "City",
    "district_or_county": "DistrictOrCounty",
    "state_or_region": "StateOrRegion",
    "postal_code": "PostalCode",
    "country_code": "CountryCode",
    "phone_number": "PhoneNumber",
    "website_url": "WebsiteUrl",
}
"""The names of a request, and AWS's."""


def read_contact_information(connection: Connection, named: Mapping[str, str]) -> dict[str, Json]:
    """All of it; empty where none is set. `named`: `AccountId`, or nothing for the management account itself."""
    try:
        answer: Mapping[str, Any] = connection.account.get_contact_information(**named)["ContactInformation"]
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            return {}
        raise
    return {ours: answer[theirs] for ours, theirs in _NAMES.items() if answer.get(theirs)}


def set_contact_information(connection: Connection, step: SetContactInformation, account_id: str) -> Result:
    """Put it unless it is so, then read until it shows."""

    def look() -> Look | Vanished:
        current = read_contact_information(connection, {"AccountId": account_id})
        return look_at_information(step, account_id, current)

    seen = look()
    if seen is Look.ACT:
        information: Any = {_NAMES[name]: value for name, value in step.after.items()}
        connection.account.put_contact_information(AccountId=account_id, ContactInformation=information)

        def shown() -> Look | Vanished | None:
            now = look()
            return None if now is Look.ACT else now

        unsettled = f'account "{account_id}": its contact information is written, and not visible yet'
        seen = cast("Look | Vanished", settle(connection.clock, shown, unsettled))
    return seen if isinstance(seen, Vanished) else Done(message="contact information set")
