"""Settings inside an account: their names, where they hold, and what a request asks for when it names one.

A setting is either one value of the whole account or one value in each enabled Region. A request says the value once; an
observation says a regional setting as `{region: value}`.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from pipeline.model.account import AccountSpec, Unobserved
from pipeline.model.json import Json


class Setting(StrEnum):
    """In the order in which they are set.

    A refusal ends a change, so what AWS may refuse for reasons outside of the account comes last: S3 by a policy of the
    organization, a key where it does not exist, default VPCs by what is in them, and an alias by anybody who has it.
    """

    PASSWORD_POLICY = "password_policy"  # noqa: S105 - the name of a setting
    EBS_ENCRYPTION_BY_DEFAULT = "ebs_encryption_by_default"
    IMDSV2 = "imdsv2"
    CUSTOM_FIELDS = "custom_fields"
    """Custom fields as SSM parameters, for customizations written for AFT; nobody writes it below `settings`."""
    S3_BLOCK_PUBLIC_ACCESS = "s3_block_public_access"
    EBS_ENCRYPTION_KEY = "ebs_encryption_key"
    DEFAULT_VPCS = "default_vpcs"
    ALIAS = "alias"

    @property
    def is_regional(self) -> bool:
        return self in _REGIONAL


_REGIONAL: Final = frozenset(
    {Setting.EBS_ENCRYPTION_BY_DEFAULT, Setting.EBS_ENCRYPTION_KEY, Setting.IMDSV2, Setting.DEFAULT_VPCS}
)

PASSWORD_POLICY_DEFAULTS: Final[Mapping[str, Json]] = {
    "minimum_length": 6,
    "require_lowercase": False,
    "require_uppercase": False,
    "require_numbers": False,
    "require_symbols": False,
    "allow_users_to_change": False,
    "max_age_days": None,
    "reuse_prevention": None,
    "hard_expiry": False,
}
"""What a field that a request does not name becomes: AWS's own defaults, which it also gives to every field left out.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
None: passwords do not expire; earlier passwords may be used again.
"""

CUSTOM_FIELDS_PATH: Final = "/aft/account-request/custom-fields/"
"""What the names of the parameters begin with, as in AFT."""

AWS_EBS_KEY: Final = "alias/aws/ebs"
"""The key of EC2's own, which it uses unless it is told another."""

KEEP: Final = "keep"
"""Value of `default_vpcs` that asks for nothing."""

DELETE: Final = "delete"

ENABLED: Final = "enabled"
"""The value of an opt-in Region in changes."""

NOT_ENABLED: Final = "Region not enabled yet"
"""Stands, in changes, for the value of a regional setting in a Region that the same plan enables."""

NOT_READABLE: Final = "not readable"
"""Stands, in an observation, for the value of a regional setting where the Region refuses to be read."""


def wanted_settings(spec: AccountSpec) -> Mapping[Setting, Json]:
    """What a request asks for inside the account, in the order of `Setting`; a password policy is complete."""
    named = {} if isinstance(spec.settings, Unobserved) else spec.settings
    return {
        setting: _complete(setting, value)
        for setting in Setting
        if (value := named.get(setting.value)) is not None and (setting, value) != (Setting.DEFAULT_VPCS, KEEP)
    }


def wanted_regions(spec: AccountSpec) -> Sequence[str]:
    """The opt-in Regions that a request asks for, sorted."""
    return () if isinstance(spec.regions, Unobserved) else sorted(spec.regions)


def wanted_in(setting: Setting, wanted: Json, region: str) -> Json:
    """What is asked for in one Region; None where nothing is: a key may be named for some Regions only."""
    if setting is Setting.EBS_ENCRYPTION_KEY and isinstance(wanted, Mapping):
        return wanted.get(region)
    return wanted


def used_by(vpc: Json) -> Sequence[str]:
    """What uses an observed default VPC: network interfaces, in words; empty if nothing does, or there is none."""
    users = vpc.get("used_by") if isinstance(vpc, Mapping) else None
    return [str(each) for each in users] if isinstance(users, list | tuple) else []


def before_change(setting: Setting, value: Json) -> Json:
    """An observed value as changes name it: of a default VPC its id, of a key itself, any other as it is."""
    name = {Setting.DEFAULT_VPCS: "id", Setting.EBS_ENCRYPTION_KEY: "key"}.get(setting)
    return value.get(name) if name is not None and isinstance(value, Mapping) else value


def is_as_wanted(setting: Setting, wanted: Json, value: Json, region: str | None = None) -> bool:
    """Whether the value of the account, or of one Region, is the one that is wanted; no default VPC is None."""
    if setting is Setting.EBS_ENCRYPTION_KEY:
        return _is_key(wanted_in(setting, wanted, region or ""), value)
    return value is None if setting is Setting.DEFAULT_VPCS else value == wanted


def _is_key(wanted: Json, value: Json) -> bool:
    """Whether an observed key, with its aliases, is the one that an alias, an id or an ARN names."""
    if wanted is None or not isinstance(value, Mapping):
        return wanted is None
    key, aliases = value.get("key"), value.get("aliases")
    names = aliases if isinstance(aliases, list | tuple) else ()
    return wanted == key or wanted in names or (isinstance(key, str) and key.endswith(f":key/{wanted}"))


def _complete(setting: Setting, value: Json) -> Json:
    """JSON Schema takes 24.0 for a whole number; AWS does not."""
    if setting is Setting.PASSWORD_POLICY and isinstance(value, Mapping):
        named = {
            name: int(each) if isinstance(each, float) else each for name, each in value.items() if each is not None
        }
        return {**PASSWORD_POLICY_DEFAULTS, **named}
    return value
