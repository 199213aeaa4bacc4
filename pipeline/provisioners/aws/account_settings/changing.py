"""Changing one setting of one account: look in every Region, act where it differs, look again."""

from collections.abc import Mapping, Sequence
from typing import Final

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.account_settings import Setting, wanted_in
from pipeline.model.operation import Done, Facts, Result, Vanished, Waiting
from pipeline.provisioners.aws.account_settings.reading import enabled_regions, read_value
from pipeline.provisioners.aws.account_settings.regional import REGIONAL
from pipeline.provisioners.aws.account_settings.whole_account import WHOLE_ACCOUNT
from pipeline.provisioners.aws.members import Member, Members
from pipeline.provisioners.aws.translation import code_of, translate
from pipeline.provisioners.preconditions import Look
from pipeline.provisioners.setting_looks import asked_in, is_new, look_at, regions_of, several
from pipeline.provisioners.steps import SetSetting

ROLE_WAIT: Final = 600.0
"""Seconds that a new account's role is waited for; it takes minutes until it can be assumed everywhere.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

_WAITED: Final = "role_waited"
_FIRST_PAUSE: Final = 5.0
_LONGEST_PAUSE: Final = 30.0
_UNSEEN_PAUSE: Final = 3.0
_NEW_REGION_PAUSE: Final = 15.0
_NOT_OPEN: Final = frozenset({"AuthFailure", "OptInRequired", "RegionDisabledException"})
_DENIED: Final = "UnauthorizedOperation"
_HOW_TO_ENTER: Final = (
    "let the role that vending.yaml names as `execution_role` exist in the account and trust the management account, and let"
    " no service control policy deny it; then run again"
)


class ChangingSettings:
    """Safe to use from many threads."""

    def __init__(self, members: Members) -> None:
        self._members = members

    def set(self, step: SetSetting, account_id: str, facts: Facts) -> Result:
        """Carry out the step. Nothing that goes wrong in one account says anything about others."""
        try:
            with self._members.inside(account_id) as member:
                return _set(step, member)
        except ClientError as error:
            if error.operation_name == "AssumeRole" and code_of(error) == "AccessDenied":
                return _locked_out(step, account_id, facts, error)
            translated = translate(error)
            if isinstance(translated, PermanentServiceError):
                text = f'account "{account_id}": {translated}'
                raise PermanentServiceError(text, hint=translated.hint) from error
            raise translated from error


def _locked_out(step: SetSetting, account_id: str, facts: Facts, error: ClientError) -> Result:
    """The role of an account that this change has made is on its way; another one is not."""
    waited = float(facts.get(_WAITED, "0"))
    if step.account_id is not None or waited >= ROLE_WAIT:
        for_how_long = f" for {waited / 60:.0f} min" if waited else ""
        raise PermanentServiceError(
            f'account "{account_id}": its role cannot be assumed{for_how_long}: {translate(error)}', hint=_HOW_TO_ENTER
        )
    pause = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, waited), ROLE_WAIT - waited)
    return Waiting(
        reason="the role of the new account cannot be assumed yet", delay=pause, facts={_WAITED: str(waited + pause)}
    )


def _set(step: SetSetting, member: Member) -> Result:
    regions = _regions(step, member)
    looks = {region: _look(step, member, region) for region in regions}
    denied = [str(region) for region, look in looks.items() if look is None]
    seen = several(look for look in looks.values() if look is not None)
    if seen is Look.ACT:
        acted = [region for region, look in looks.items() if look is Look.ACT]
        for region in acted:
            _write(step, member, region)
        seen = several(look for region in acted if (look := _look(step, member, region)) is not None)
    match seen:
        case Look.ACT:
            return Waiting(reason=f'setting "{step.setting}" is written, and not visible yet', delay=_UNSEEN_PAUSE)
        case Look.DONE:
            return Done(message=_message(step, [region for region in regions if region not in denied], denied))
        case Vanished():
            return seen


def _regions(step: SetSetting, member: Member) -> Sequence[str | None]:
    if not step.of.is_regional:
        return (None,)
    return regions_of(step) or asked_in(step, enabled_regions(member))


def _look(step: SetSetting, member: Member, region: str | None) -> Look | Vanished | None:
    """None where a policy denies a Region of a new account: nobody asked for that Region by name."""
    try:
        value = read_value(member, step.of, region)
    except ClientError as error:
        if region is None or error.operation_name == "AssumeRole":
            raise
        if code_of(error) in _NOT_OPEN:
            return _not_open(step, member, region, error)
        if code_of(error) == _DENIED and step.account_id is None:
            return None
        raise
    return look_at(step, member.account_id, region, value)


def _not_open(step: SetSetting, member: Member, region: str, error: ClientError) -> Vanished:
    """Raises `TemporaryServiceError` for a Region that was only just enabled."""
    if is_new(step, region):
        raise TemporaryServiceError(
            f'account "{member.account_id}": the Region {region} is not open yet: {translate(error)}',
            delay=_NEW_REGION_PAUSE,
            hint="run again in some minutes",
        ) from error
    return Vanished(reason=f'account "{member.account_id}": the Region {region} is not open to it any more')


def _write(step: SetSetting, member: Member, region: str | None) -> None:
    if region is None:
        WHOLE_ACCOUNT[step.of].write(member, step.after)
    else:
        REGIONAL[step.of].write(member, region, wanted_in(step.of, step.after, region))


_WORDS: Final[Mapping[Setting, str]] = {
    Setting.ALIAS: "alias set to {value}",
    Setting.PASSWORD_POLICY: "password policy set",
    Setting.S3_BLOCK_PUBLIC_ACCESS: "S3 block public access {switch}",
    Setting.EBS_ENCRYPTION_BY_DEFAULT: "EBS encryption by default {switch}",
    Setting.EBS_ENCRYPTION_KEY: "EBS encryption key set",
    Setting.IMDSV2: "IMDSv2 {value}",
    Setting.CUSTOM_FIELDS: "custom fields written as SSM parameters",
    Setting.DEFAULT_VPCS: "default VPCs deleted",
}


def _message(step: SetSetting, regions: Sequence[str | None], denied: Sequence[str]) -> str:
    words = _WORDS[step.of].format(value=step.after, switch="on" if step.after else "off")
    if not step.of.is_regional:
        return words
    count = f"in {len(regions)} Region{'' if len(regions) == 1 else 's'}"
    return f"{words} {count}" + (f", not in {', '.join(denied)} (denied by a policy)" if denied else "")
