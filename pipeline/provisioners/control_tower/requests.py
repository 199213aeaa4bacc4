"""What is sent to Account Factory: parameters, and tokens that make a repeated request the same one.

https://docs.aws.amazon.com/controltower/latest/userguide/automated-provisioning-walkthrough.html
"""

from collections.abc import Mapping
from typing import Any, Final

from pipeline.errors import PermanentServiceError
from pipeline.model.json import Json, digest

_TOKEN_LENGTH: Final = 60

Parameters = list[dict[str, Any]]


def unit_parameter(name: str, unit_id: str) -> str:
    """A unit as Account Factory wants it: names alone are ambiguous, and paths are refused."""
    return f"{name} ({unit_id})"


def new_parameters(*, email: str, name: str, unit: str, user: Mapping[str, Json]) -> Parameters:
    """All six, always: a missing one is refused."""
    return [
        {"Key": "AccountEmail", "Value": email},
        {"Key": "AccountName", "Value": name},
        {"Key": "ManagedOrganizationalUnit", "Value": unit},
        {"Key": "SSOUserEmail", "Value": str(user["email"])},
        {"Key": "SSOUserFirstName", "Value": str(user["first_name"])},
        {"Key": "SSOUserLastName", "Value": str(user["last_name"])},
    ]


def updated_parameters(*, email: str, unit: str, user: Mapping[str, Json] | None) -> Parameters:
    """All six, of which the name, and without a `user` the first administrator, keep their previous values.

    The address is the one that the product tells: the first update after a change of it goes by the former one, and that is how
    the product learns of the new one. https://docs.aws.amazon.com/controltower/latest/userguide/change-account-email.html
    """
    values = {"SSOUserEmail": "email", "SSOUserFirstName": "first_name", "SSOUserLastName": "last_name"}
    kept: Parameters = [
        {"Key": key, "UsePreviousValue": True} for key in ("AccountName", *(values if user is None else ()))
    ]
    changed: Parameters = (
        [] if user is None else [{"Key": key, "Value": str(user[name])} for key, name in values.items()]
    )
    return [
        {"Key": "AccountEmail", "Value": email},
        {"Key": "ManagedOrganizationalUnit", "Value": unit},
        *kept,
        *changed,
    ]


def user_of(key: str, user: Mapping[str, Json] | None, email: str, *, is_used: bool) -> Mapping[str, Json]:
    """Who becomes the first administrator.

    Where Control Tower does not manage access (`is_used` False) the values are required, and not used: the account's own do.
    Raises `PermanentServiceError` where somebody is needed and the request names nobody.
    """
    if user is not None and {"email", "first_name", "last_name"} <= set(user):
        return user
    if is_used:
        raise PermanentServiceError(
            f'request "{key}": it names no sso_user, and Account Factory gives each account a first administrator',
            hint="write sso_user with email, first_name and last_name into the request or its _defaults.yaml",
        )
    return {"email": email, "first_name": "Account", "last_name": "Owner"}


def token(*parts: Json) -> str:
    """An idempotency token: the same parts give the same one. 60 of `[0-9a-f-]`, of which AWS takes 128."""
    return f"vend-{digest(list(parts))}"[:_TOKEN_LENGTH]
