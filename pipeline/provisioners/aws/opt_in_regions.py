"""Opt-in Regions of accounts, by Account Management: from outside of the account.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError
from pipeline.model.operation import Done, Facts, Result, Waiting
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.steps import EnableRegions

AT_ONCE: Final = 6
"""Changes of Regions in progress per account: https://docs.aws.amazon.com/accounts/latest/reference/quotas.html"""

ENABLED: Final = frozenset({"ENABLED", "ENABLED_BY_DEFAULT"})

_CHANGING: Final = frozenset({"ENABLING", "DISABLING"})
_PAGE: Final = 50
_POLLS: Final = "region_polls"
_FIRST_PAUSE: Final = 5.0
_LONGEST_PAUSE: Final = 30.0


def region_states(connection: Connection, named: Mapping[str, str]) -> dict[str, str]:
    """The state of every Region for an account. `named`: `AccountId`, or nothing for the management account itself."""
    found: dict[str, str] = {}
    wanted: dict[str, Any] = {"MaxResults": _PAGE, **named}
    while True:
        answer = connection.account.list_regions(**wanted)
        found |= {each["RegionName"]: each["RegionOptStatus"] for each in answer["Regions"]}
        if not (token := answer.get("NextToken")):
            return found
        wanted["NextToken"] = token


def enabled(connection: Connection, named: Mapping[str, str]) -> tuple[str, ...]:
    """Every Region that is enabled, by default or because somebody asked for it; one on its way to it is not yet."""
    return tuple(sorted(region for region, state in region_states(connection, named).items() if state in ENABLED))


def enable(connection: Connection, step: EnableRegions, account_id: str, facts: Facts) -> Result:
    """Ask for the Regions that are not enabled, as many at once as AWS takes; wait until all are."""
    states = region_states(connection, {"AccountId": account_id})
    if unknown := [region for region in step.regions if region not in states]:
        raise PermanentServiceError(
            f'account "{account_id}": AWS knows no Region "{unknown[0]}"', hint="correct `regions` in the request"
        )
    missing = [region for region in step.regions if states[region] not in ENABLED]
    if not missing:
        return Done(message=f"enabled {', '.join(step.regions)}")
    free = AT_ONCE - sum(state in _CHANGING for state in states.values())
    asked = _ask(connection, account_id, [each for each in missing if states[each] not in _CHANGING][: max(0, free)])
    polls = int(facts.get(_POLLS, "0"))
    return Waiting(
        reason=f"AWS is enabling {', '.join(missing)}" if asked else "AWS is enabling 50 Regions of other accounts",
        delay=min(_FIRST_PAUSE * (polls + 1), _LONGEST_PAUSE),
        facts={_POLLS: str(polls + 1)},
    )


def _ask(connection: Connection, account_id: str, regions: Sequence[str]) -> bool:
    """False where AWS takes no more of them now: it changes 50 Regions at once in an organization.

    A run has eight accounts at it, with six Regions each; what is more has been asked for by others. Sent once: the SDK would
    take that for too high a rate, and insist.
    """
    client = connection.client("account", once=True)
    for region in regions:
        try:
            client.enable_region(AccountId=account_id, RegionName=region)
        except ClientError as error:
            if code_of(error) != "TooManyRequestsException":
                raise
            return False
    return True
