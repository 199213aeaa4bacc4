"""What workspaces that come from AFT get: values for their templates, and custom fields as parameters."""

from typing import Final

from pipeline.customizations.settings import StateBucket
from pipeline.customizations.templates import template_values
from pipeline.settings import Settings

_PARTITIONS: Final = {
    "cn-": "aws-cn",
    "eusc-": "aws-eusc",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
}
"""By the beginning of a Region's code; a verb that needs no credentials does not load the SDK to know it."""

_ADMIN: Final = "AWSAFTExecution"
"""AFT's role in its management account; nothing of ours can assume it."""


def values_for_templates(settings: Settings) -> dict[str, str]:
    """The values with which `*.jinja` is rendered, the same for every account."""
    home, state = settings.organization.home_region, settings.customizations.state
    partition = next((name for start, name in _PARTITIONS.items() if home.startswith(start)), "aws")
    bucket = state if isinstance(state, StateBucket) else None
    return template_values(
        home_region=home,
        partition=partition,
        execution_role=settings.execution_role,
        admin_role=settings.roles.apply
        or f"arn:{partition}:iam::{settings.organization.management_account}:role/{_ADMIN}",
        version=settings.customizations.terraform.minimum_version,
        bucket=bucket.bucket if bucket else "",
        region=bucket.region if bucket else home,
    )
