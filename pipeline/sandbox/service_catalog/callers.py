"""Who calls, as a principal: portfolios are open to users and roles, not to sessions.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AssociatePrincipalWithPortfolio.html
Of moto's internals this file uses `iam_backends` and `sts_backends`; `tests/contract/test_sandbox_service_catalog.py` fails
when they change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from pipeline.sandbox.organization import Call

PARTITION = "aws"


@dataclass(frozen=True, slots=True)
class Principal:
    """`arn` is of the user or role, `session` of the session; they are the same for a user."""

    arn: str
    session: str

    def is_among(self, principals: Mapping[str, str]) -> bool:
        """Whether it is one of these: ARNs to IAM or IAM_PATTERN; a pattern has no account id, and may have `*` and `?`."""
        parts = self.arn.split(":", 5)
        anywhere = ":".join((*parts[:4], "", *parts[5:]))
        return any(
            fnmatchcase(anywhere, arn) if kind == "IAM_PATTERN" else arn == self.arn for arn, kind in principals.items()
        )


def principal(call: Call) -> Principal:
    """The user or role behind the access key of the call; the account itself for the root user and for nobody known."""
    role = sts_backends[call.caller][PARTITION].get_assumed_role_from_access_key(call.access_key)
    if role is not None:
        return Principal(role.role_arn, role.arn)
    user = iam_backends[call.caller][PARTITION].get_user_from_access_key_id(call.access_key)
    arn = f"arn:aws:iam::{call.caller}:root" if user is None else str(user.arn)
    return Principal(arn, arn)
