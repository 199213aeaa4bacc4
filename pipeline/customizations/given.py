"""The input that every customization gets if it declares it: what the account is."""

from typing import Final

from pipeline.model.account import Unobserved
from pipeline.model.json import Json
from pipeline.model.request import AccountRequest

ACCOUNT: Final = "account"
"""Its name; nobody else sets it."""


def account_input(request: AccountRequest, account_id: str) -> dict[str, Json]:
    """The value of `account`: id, name, email, organizational_unit, owner (or null), tags, and custom_fields as they are."""
    spec = request.spec
    return {
        "id": account_id,
        "name": spec.name,
        "email": spec.email,
        "organizational_unit": spec.organizational_unit,
        "owner": spec.owner,
        "tags": {} if isinstance(spec.tags, Unobserved) else dict(spec.tags),
        "custom_fields": dict(spec.custom_fields),
    }
