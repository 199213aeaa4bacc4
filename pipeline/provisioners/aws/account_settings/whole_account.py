"""Settings of a whole account: alias, password policy, S3 block public access, custom fields."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, cast

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError
from pipeline.model.account_settings import PASSWORD_POLICY_DEFAULTS, Setting
from pipeline.model.json import Json
from pipeline.provisioners.aws.account_settings.custom_fields import read_custom_fields, write_custom_fields
from pipeline.provisioners.aws.members import Member
from pipeline.provisioners.aws.translation import code_of


class Access(NamedTuple):
    """How a setting is read and written."""

    read: Callable[[Member], Json]
    write: Callable[[Member, Json], None]


_POLICY_FIELDS: Final[Mapping[str, str]] = {
    "minimum_length": "MinimumPasswordLength",
    "require_lowercase": "RequireLowercaseCharacters",
    "require_uppercase": "RequireUppercaseCharacters",
    "require_numbers": "RequireNumbers",
    "require_symbols": "RequireSymbols",
    "allow_users_to_change": "AllowUsersToChangePassword",
    "max_age_days": "MaxPasswordAge",
    "reuse_prevention": "PasswordReusePrevention",
    "hard_expiry": "HardExpiry",
}
_PUBLIC_ACCESS: Final[Mapping[str, str]] = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}


def _read_alias(member: Member) -> Json:
    """An account has one alias or none.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html
    """
    aliases = member.iam.list_account_aliases()["AccountAliases"]
    return str(aliases[0]) if aliases else None


def _write_alias(member: Member, alias: Json) -> None:
    """A new alias takes the place of the old one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/console_account-alias.html
    """
    try:
        member.iam.create_account_alias(AccountAlias=alias)
    except ClientError as error:
        if code_of(error) in {"EntityAlreadyExists", "EntityAlreadyExistsException"}:
            raise PermanentServiceError(
                f'account "{member.account_id}": the alias "{alias}" is taken by another account of AWS',
                hint="choose another alias in the request; it is unique in all of AWS",
            ) from error
        raise


def _read_password_policy(member: Member) -> Json:
    """None where the account has no policy of its own; 0 days and 0 earlier passwords are "never" and "any"."""
    try:
        policy = member.iam.get_account_password_policy()["PasswordPolicy"]
    except ClientError as error:
        if code_of(error) in {"NoSuchEntity", "NoSuchEntityException"}:
            return None
        raise
    found: dict[str, Json] = {ours: policy.get(theirs) for ours, theirs in _POLICY_FIELDS.items()}
    never = {name: found[name] or None for name in ("max_age_days", "reuse_prevention")}
    return {**PASSWORD_POLICY_DEFAULTS, **{name: each for name, each in found.items() if each is not None}, **never}


def _write_password_policy(member: Member, policy: Json) -> None:
    """All of it in one call: a field that is left out gets AWS's default, whatever it was."""
    wanted = cast("Mapping[str, Json]", policy)
    given = {theirs: wanted[ours] for ours, theirs in _POLICY_FIELDS.items() if wanted.get(ours) is not None}
    member.iam.update_account_password_policy(**given)


def _read_public_access(member: Member) -> Json:
    """True or False where the four parts agree, else the parts. Nothing set is False.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html
    """
    try:
        answer = member.s3control.get_public_access_block(AccountId=member.account_id)
    except ClientError as error:
        if code_of(error) == "NoSuchPublicAccessBlockConfiguration":
            return False
        raise
    block: dict[str, Any] = answer["PublicAccessBlockConfiguration"]
    parts = {ours: bool(block.get(theirs, False)) for ours, theirs in _PUBLIC_ACCESS.items()}
    return parts["block_public_acls"] if len(set(parts.values())) == 1 else cast("Json", parts)


def _write_public_access(member: Member, blocked: Json) -> None:
    member.s3control.put_public_access_block(
        AccountId=member.account_id,
        PublicAccessBlockConfiguration=dict.fromkeys(_PUBLIC_ACCESS.values(), blocked),
    )


WHOLE_ACCOUNT: Final[Mapping[Setting, Access]] = {
    Setting.ALIAS: Access(_read_alias, _write_alias),
    Setting.PASSWORD_POLICY: Access(_read_password_policy, _write_password_policy),
    Setting.S3_BLOCK_PUBLIC_ACCESS: Access(_read_public_access, _write_public_access),
    Setting.CUSTOM_FIELDS: Access(read_custom_fields, write_custom_fields),
}
