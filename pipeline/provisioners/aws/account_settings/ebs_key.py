"""The key that EC2 encrypts new EBS volumes with by default, in one Region.

EC2 answers with the key's ARN, whatever it was told, and with `alias/aws/ebs` for its own key. So that an alias can be
compared, the aliases of the key are read with it. EC2 checks a key only after it has answered, so we look at it first.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyEbsDefaultKmsKeyId.html
"""

from typing import Any, Final

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError
from pipeline.model.account_settings import AWS_EBS_KEY
from pipeline.model.json import Json
from pipeline.provisioners.aws.members import Member
from pipeline.provisioners.aws.translation import code_of

_ALIAS: Final = "alias/"
_FIT: Final = {"KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT"}
"""What a key is that volumes can be encrypted with: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html"""

_ACCOUNT: Final = 4
"""Which part of an ARN is the account."""


def read_default_key(member: Member, region: str) -> Json:
    """`{"key": ARN or alias/aws/ebs, "aliases": […]}`. One call; one more for a key of the account's own.

    A key of another account has no aliases here: https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
    """
    key = str(member.compute_in(region).get_ebs_default_kms_key_id()["KmsKeyId"])
    _, is_alias, name = key.partition(_ALIAS)
    if is_alias:
        return {"key": key, "aliases": [f"{_ALIAS}{name}"]}
    parts = key.split(":")
    is_own = len(parts) > _ACCOUNT and parts[_ACCOUNT] == member.account_id
    return {"key": key, "aliases": sorted(_aliases(member.keys_in(region), key)) if is_own else []}


def write_default_key(member: Member, region: str, wanted: Json) -> None:
    """Raises `PermanentServiceError` for a key that is not there, or cannot encrypt volumes."""
    ec2 = member.compute_in(region)
    if wanted == AWS_EBS_KEY:
        ec2.reset_ebs_default_kms_key_id()
        return
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=_usable(member, region, str(wanted)))


def _usable(member: Member, region: str, wanted: str) -> str:
    """The ARN of the key that an alias, an id or an ARN names."""
    where = f'account "{member.account_id}" in {region}: the key "{wanted}"'
    try:
        key = member.keys_in(region).describe_key(KeyId=wanted)["KeyMetadata"]
    except ClientError as error:
        if code_of(error) != "NotFoundException":
            raise
        hint = "create it there first; or write a key for each Region: ebs_encryption_key: {eu-west-1: alias/…}"
        raise PermanentServiceError(f"{where} does not exist", hint=hint) from error
    facts = {name: key.get(name, fit) for name, fit in _FIT.items()}
    if facts != _FIT:
        what = ", ".join(f"{name} {fact}" for name, fact in facts.items())
        hint = "name a symmetric key for encryption that is enabled"
        raise PermanentServiceError(f"{where} cannot encrypt volumes: {what}", hint=hint)
    return str(key["Arn"])


def _aliases(kms: Any, key: str) -> list[str]:
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = kms.list_aliases(KeyId=key, **token)
        found += (str(each["AliasName"]) for each in answer["Aliases"])
        if not answer.get("Truncated"):
            return found
        token = {"Marker": answer["NextMarker"]}
