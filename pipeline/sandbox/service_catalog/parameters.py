"""The six parameters of Account Factory.

https://docs.aws.amazon.com/controltower/latest/userguide/automated-provisioning-walkthrough.html
"""

from collections.abc import Iterable, Mapping
from typing import Final

from pipeline.sandbox.records import Fields
from pipeline.sandbox.service_catalog.shapes import invalid

EMAIL: Final = "AccountEmail"
NAME: Final = "AccountName"
UNIT: Final = "ManagedOrganizationalUnit"

KEYS: Final[Mapping[str, str]] = {
    EMAIL: "Account email, must be unique for each AWS account",
    NAME: "Account name, the new managed account will be created with this name",
    UNIT: "Managed organizational unit, the account is moved to it",
    "SSOUserEmail": "SSO user email, a new SSO user is created for it if there is none",
    "SSOUserFirstName": "SSO user first name",
    "SSOUserLastName": "SSO user last name",
}
_LONGEST_NAME: Final = 50


def described() -> list[Fields]:
    """ProvisioningArtifactParameters; AWS publishes no constraints for them."""
    return [
        {"ParameterKey": key, "ParameterType": "String", "IsNoEcho": False, "Description": text}
        for key, text in KEYS.items()
    ]


def new_values(given: Iterable[Fields]) -> dict[str, str]:
    """The parameters of a first provisioning. Raises `Refusal` for what is missing, empty or unknown."""
    return _checked({str(each.get("Key")): str(each.get("Value") or "") for each in given})


def updated_values(given: Iterable[Fields], before: Mapping[str, str]) -> dict[str, str]:
    """Those of an update, in which a parameter may keep its previous value."""
    values: dict[str, str] = {}
    for each in given:
        key = str(each.get("Key"))
        if each.get("UsePreviousValue") and each.get("Value"):
            raise invalid(f"Parameter {key} cannot have both a value and UsePreviousValue.")
        values[key] = before.get(key, "") if each.get("UsePreviousValue") else str(each.get("Value") or "")
    return _checked(values)


def _checked(values: Mapping[str, str]) -> dict[str, str]:
    if unknown := sorted(set(values) - set(KEYS)):
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    if missing := [key for key in KEYS if not values.get(key)]:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    if len(values[NAME]) > _LONGEST_NAME:
        raise invalid(f"{NAME} is longer than {_LONGEST_NAME} characters")
    return dict(values)


def sso_user(values: Mapping[str, str]) -> dict[str, str]:
    """The part that Control Tower hands to Identity Center."""
    return {key: value for key, value in values.items() if key.startswith("SSOUser")}
