"""What must be true before a step acts; the same rules and words for every backend."""

from collections.abc import Mapping
from enum import Enum
from typing import NoReturn, TypeVar

from pipeline.errors import PermanentServiceError
from pipeline.model.operation import Vanished
from pipeline.provisioners.landing_zone_steps import FactoryStep, GovernedAccountStep, LandingZoneStep
from pipeline.provisioners.ownership import Owner
from pipeline.provisioners.steps import AccountStep, Claim

T = TypeVar("T")


class Look(Enum):
    ACT = "act"
    DONE = "done"


def compare(account_id: str, what: str, current: T, *, before: T, after: T) -> Look | Vanished:
    """Done if the value is as wanted; to do if it is as it was planned on; vanished if it is anything else."""
    if current == after:
        return Look.DONE
    if current == before:
        return Look.ACT
    return Vanished(reason=f'account "{account_id}": {what} is {quoted(current)}, and was {quoted(before)} in the plan')


def compare_all(
    account_id: str, current: Mapping[str, str], *, before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> Look | Vanished:
    """The same for several tags at once: one that is neither as planned nor as wanted stops them all."""
    looks = [
        compare(account_id, f'tag "{name}"', current.get(name), before=before[name], after=after[name])
        for name in sorted(after)
    ]
    vanished = next((look for look in looks if isinstance(look, Vanished)), None)
    return vanished or (Look.ACT if Look.ACT in looks else Look.DONE)


def quoted(value: object) -> str:
    if value is None:
        return "not set"
    return f'"{value}"' if isinstance(value, str) else str(value)


def refuse_landing_zone(step: LandingZoneStep) -> NoReturn:
    """Raises `PermanentServiceError`: only a backend that works with Control Tower carries such a step out."""
    raise PermanentServiceError(
        f'"{type(step).__name__}": this is for a landing zone of Control Tower; nothing was done',
        hint="plan and apply with the same provisioner in vending.yaml",
    )


def refuse_management(account_id: str, management_account_id: str) -> None:
    """Raises `PermanentServiceError` for the management account: nobody plans a change of it, and nothing carries one out."""
    if account_id == management_account_id:
        raise PermanentServiceError(
            f'account "{account_id}": it is the management account, which is never changed',
            hint="take the request back",
        )


def refuse_foreign(
    step: AccountStep | FactoryStep | GovernedAccountStep, account_id: str, owner: Owner, repository: str
) -> None:
    """Raises `PermanentServiceError` if the ownership tags name another repository or another request.

    An account without them passes: its request may be adopting it in this run. A claim may take an account over from
    another request of the same repository, if the plan said so: that is a renamed request file.
    """
    keys = {None, step.key}
    if isinstance(step, Claim) and step.before is not None:
        keys.add(step.before.get("request"))
    if owner.repository not in {None, repository} or owner.key not in keys:
        raise PermanentServiceError(
            f'account "{account_id}": it belongs to {owner}, not to request "{step.key}" of "{repository}"; nothing was changed',
            hint="let the request name another account, or remove the ownership tags by hand if they are wrong",
        )


def account_of(step: AccountStep | GovernedAccountStep, facts: Mapping[str, str]) -> str:
    """The account that a step is about: named by the step, or made by an earlier operation of the same change."""
    account_id = step.account_id or facts.get("account_id")
    if account_id is None:
        raise PermanentServiceError(
            f'request "{step.key}": the account id is not known, though the creation was carried out',
            hint="run again: the next plan finds the account",
        )
    return account_id
