"""The steps of creating an account: ask for it, then wait for it."""

from typing import TYPE_CHECKING, Final, assert_never, cast

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.account import REPOSITORY_TAG, REQUEST_TAG
from pipeline.model.operation import Done, Facts, Result, Waiting
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.organizations.failures import Failure, Way, failure_of
from pipeline.provisioners.aws.organizations.roster import MAX_AGE
from pipeline.provisioners.aws.organizations.search import Search
from pipeline.provisioners.aws.organizations.settling import UnsettledError, settle
from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.steps import RequestCreation, WaitForCreation

if TYPE_CHECKING:
    from mypy_boto3_organizations.type_defs import CreateAccountStatusTypeDef, TagTypeDef

REQUEST: Final = "creation_request"
ACCOUNT: Final = "account_id"
_NAMESAKE: Final = "namesake_creation"
_POLLS: Final = "polls"

_FIRST_POLL: Final = 2.0
_POLL_GROWTH: Final = 1.5
_LONGEST_POLL: Final = 15.0
_ADOPTION_CAP: Final = MAX_AGE + 15.0
"""Seconds of looking for an account whose address is in use: long enough for a second listing."""


def poll_delay(polls: int) -> float:
    """Seconds until the next look at a creation: 2 at first, 15 at most; AWS needs minutes."""
    return min(_FIRST_POLL * _POLL_GROWTH ** min(polls, 10), _LONGEST_POLL)


class Creating:
    """Safe to use from many threads."""

    def __init__(self, connection: Connection, search: Search, *, execution_role: str) -> None:
        self._connection = connection
        self._search = search
        self._execution_role = execution_role

    def request(self, step: RequestCreation, facts: Facts) -> Result:
        """Ask AWS for the account, unless it is there or asked for already."""
        if REQUEST in facts or ACCOUNT in facts:
            return Done(message="already requested", facts=facts)
        namesake = facts.get(_NAMESAKE)
        if namesake is not None:
            ended = self._after_namesake(step, namesake, facts)
            if ended is not None:
                return ended
        elif (account_id := self._search.account(step)) is not None:
            return Done(message=f"account {account_id} is there already", facts={ACCOUNT: account_id})
        if (flying := self._search.creation(step, besides=namesake)) is None:
            return self._ask(step)
        creation, is_ours = flying
        return (
            Done(message="already requested", facts={REQUEST: creation})
            if is_ours
            else _await_namesake(creation, facts)
        )

    def wait(self, step: WaitForCreation, facts: Facts) -> Result:
        """Look how the creation goes; done when the account is there, visible, and this request's."""
        if (account_id := facts.get(ACCOUNT)) is not None:
            return Done(message=f"account {account_id} is there", facts={ACCOUNT: account_id})
        creation = facts.get(REQUEST)
        status = self._status(creation) if creation is not None else None
        if creation is None or status is None:
            return self._lost(step)
        state = status.get("State")
        if state == "SUCCEEDED":
            return self._created(step, status["AccountId"])
        if state == "FAILED":
            return self._failed(step, creation, status.get("FailureReason", "without a reason"))
        polls = int(facts.get(_POLLS, "0"))
        return Waiting(
            reason="AWS is creating the account",
            delay=poll_delay(polls),
            facts={REQUEST: creation, _POLLS: str(polls + 1)},
        )

    def _ask(self, step: RequestCreation) -> Result:
        tags: list[TagTypeDef] = [{"Key": name, "Value": value} for name, value in step.tags.items()]
        tags += [{"Key": REQUEST_TAG, "Value": step.key}, {"Key": REPOSITORY_TAG, "Value": step.repository}]
        answer = self._connection.organizations_once.create_account(
            Email=step.email, AccountName=step.name, RoleName=self._execution_role, Tags=tags
        )
        creation = answer["CreateAccountStatus"]["Id"]
        self._search.remember(creation, step)
        return Done(message="requested", facts={REQUEST: creation})

    def _after_namesake(self, step: RequestCreation, creation: str, facts: Facts) -> Result | None:
        """A creation of this name was under way, of an address that AWS does not tell. None: it was another's."""
        status = self._status(creation) or {}
        if status.get("State") == "IN_PROGRESS":
            return _await_namesake(creation, facts)
        if status.get("State") == "SUCCEEDED" and self._search.arrived(account_id := status["AccountId"], step):
            return Done(message=f"account {account_id} is there already", facts={ACCOUNT: account_id})
        return None

    def _status(self, creation: str) -> "CreateAccountStatusTypeDef | None":
        try:
            answer = self._connection.organizations.describe_create_account_status(CreateAccountRequestId=creation)
        except ClientError as error:
            if code_of(error) == "CreateAccountStatusNotFoundException":
                return None
            raise
        return answer["CreateAccountStatus"]

    def _created(self, step: WaitForCreation, account_id: str) -> Result:
        if not self._search.arrived(account_id, step):
            raise TemporaryServiceError(
                f'request "{step.key}": account "{account_id}" was created for another request of the same name',
                hint="run again: the next run asks for an account of its own",
            )
        return Done(message=f"created account {account_id}", facts={ACCOUNT: account_id})

    def _lost(self, step: WaitForCreation) -> Result:
        """AWS does not know the creation, or not yet: is the account there?"""
        if (account_id := self._search.account(step)) is not None:
            return Done(message=f"account {account_id} is there", facts={ACCOUNT: account_id})
        raise TemporaryServiceError(
            f'request "{step.key}": its creation is not visible yet', delay=_FIRST_POLL, hint="run again"
        )

    def _failed(self, step: WaitForCreation, creation: str, reason: str) -> Result:
        failure = failure_of(reason)
        text = f'request "{step.key}": AWS did not create the account: {reason}; creation "{creation}"'
        match failure.way:
            case Way.ADOPT:
                return self._adopt(step, text, failure)
            case Way.JOIN:
                return self._join(step, creation, text)
            case Way.LATER | Way.REFUSE | Way.PERSON:
                # Also AWS's own fault ends this creation: asking the same one again only ever answers FAILED.
                raise PermanentServiceError(text, hint=failure.hint, stops_lane=failure.way is Way.PERSON)
            case _:
                assert_never(failure.way)

    def _adopt(self, step: WaitForCreation, text: str, failure: Failure) -> Result:
        """The address is in use. Another run, or an earlier try of this one, may just have created the account."""
        clock, since = self._connection.clock, self._connection.clock.monotonic()
        try:
            account_id = settle(clock, lambda: self._search.account(step, since=since), text, cap=_ADOPTION_CAP)
        except UnsettledError as error:
            self._search.account(step)
            raise PermanentServiceError(
                f"{text}; no account of this organization has the address", hint=failure.hint
            ) from error
        return Done(message=f"account {account_id} is there already", facts={ACCOUNT: account_id})

    def _join(self, step: WaitForCreation, creation: str, text: str) -> Result:
        """The same creation was asked for before: go on with that one, or with the account it has led to."""
        since = self._connection.clock.monotonic()

        def earlier() -> Result | None:
            if (flying := self._search.creation(step, besides=creation)) is not None:
                return Waiting(reason="an earlier creation is under way", delay=_FIRST_POLL, facts={REQUEST: flying[0]})
            if (account_id := self._search.account(step, since=since)) is not None:
                return Done(message=f"account {account_id} is there already", facts={ACCOUNT: account_id})
            return None

        return cast("Result", settle(self._connection.clock, earlier, text))


def _await_namesake(creation: str, facts: Facts) -> Waiting:
    polls = int(facts.get(_POLLS, "0"))
    return Waiting(
        reason="an account of the same name is being created",
        delay=poll_delay(polls),
        facts={_NAMESAKE: creation, _POLLS: str(polls + 1)},
    )
