"""The address of an account's root user: AWS mails a code to the new one, a person hands it in.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-root-user-email.html

AWS does not tell for which address a change is on its way, so the account carries a tag that does: the mark of the address and
the time, written before AWS is asked. A change that is younger than the tag is the one that the tag is about; where there is
none, AWS was not asked, and a run that died in between asks now. So a code is sent once for an address, whoever dies when.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError
from pipeline.model.account import EMAIL_TAG
from pipeline.model.email_update import EmailStanding, EmailUpdate, email_mark
from pipeline.model.operation import Done, Result, Vanished, Waiting
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.organizations.accounts import Accounts
from pipeline.provisioners.aws.organizations.settling import settle
from pipeline.provisioners.aws.translation import code_of, translate
from pipeline.provisioners.preconditions import Look, compare
from pipeline.provisioners.upkeep_steps import AcceptEmailUpdate, StartEmailUpdate

LIFE: Final = timedelta(hours=24)
"""How long a code is good."""

JUST: Final = timedelta(minutes=1)
"""How long AWS may take to tell of what it was asked for."""

CLOCKS: Final = timedelta(minutes=5)
"""By so much our clock may be ahead of AWS's; signatures allow no more."""

_IN_TIME: Final = {
    "PENDING": EmailStanding.WAITING,
    "ACCEPTED": EmailStanding.ACCEPTED,
    "COMPLETED": EmailStanding.ACCEPTED,
    "FAILED": EmailStanding.FAILED,
}
_LATE: Final = {
    "PENDING": EmailStanding.EXPIRED,
    "ACCEPTED": EmailStanding.FAILED,
    "FAILED": EmailStanding.FAILED,
}
"""By AWS's status, while a code is good and after that. What was completed long ago is history."""
_UNKNOWN: Final = "UNKNOWN"
_TIME: Final = "%Y%m%dT%H%M%SZ"
_REMEDIES: Final[Mapping[str, str]] = {
    "ValidationException": "look at the code again; `vend email-code {key} --send-again` has another one sent",
    "ResourceNotFoundException": "nobody waits for a code: plan again, or use `vend email-code {key} --send-again`",
}
"""Of a code that is handed in, by AWS's error."""
_AFTER_ACCEPTING: Final = "AWS takes up to 4 hours to show it everywhere"


@dataclass(frozen=True, slots=True)
class _Note:
    """What the tag says: for which address a code was asked for, and when."""

    mark: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.mark}@{self.at.astimezone(UTC).strftime(_TIME)}"

    @classmethod
    def of(cls, tag: str | None) -> "_Note | None":
        mark, _, at = (tag or "").partition("@")
        try:
            return cls(mark, datetime.strptime(at, _TIME).replace(tzinfo=UTC)) if mark else None
        except ValueError:
            return None


class EmailUpdates:
    """Reads and changes; safe to use from many threads."""

    def __init__(self, connection: Connection, accounts: Accounts) -> None:
        self._connection = connection
        self._accounts = accounts

    def read(self, account_id: str) -> EmailUpdate | None:
        """The change that is on its way, if any."""
        return self._current(account_id, _Note.of(self._accounts.tags(account_id).get(EMAIL_TAG)))

    def start(self, step: StartEmailUpdate) -> Result:
        """Note, ask, and read that AWS waits. Does nothing where a code for this address was sent, unless `step.again`."""
        seen = self._look(step)
        if isinstance(seen, Vanished):
            return seen
        known = self.read(step.account_id)
        if seen is Look.DONE:
            return Done(message=f'its address is "{step.after}"')
        if known is not None and known.is_for(step.after) and not step.again:
            return Done(message=_told(step, known))
        if self._was_just_asked(step):
            return Waiting(reason="AWS was asked to send a code a moment ago", delay=JUST.total_seconds() / 4)
        self._note(step)
        self._once.start_primary_email_update(AccountId=step.account_id, PrimaryEmail=step.after)
        started = settle(
            self._connection.clock,
            lambda: self._waiting_for(step),
            f'account "{step.account_id}": AWS was asked to send a code, and does not say so yet',
        )
        return Done(message=_told(step, started))

    def accept(self, step: AcceptEmailUpdate) -> Result:
        """Hand in the code, and read that AWS has taken it."""
        if self._accounts.see(step.account_id).email.lower() == step.email.lower():
            return Done(message=f'its address is "{step.email}"')
        with _remedied(step.key):
            self._once.accept_primary_email_update(AccountId=step.account_id, PrimaryEmail=step.email, Otp=step.code)
        settle(
            self._connection.clock,
            lambda: self._accepted(step),
            f'account "{step.account_id}": AWS has taken the code, and does not say so yet',
        )
        return Done(message=f'its address becomes "{step.email}"; {_AFTER_ACCEPTING}')

    @property
    def _once(self) -> Any:
        """Sends each request once: a lost answer is followed by another look, and not by another code."""
        return self._connection.client("account", once=True)

    def _was_just_asked(self, step: StartEmailUpdate) -> bool:
        """Whether a code may be on its way that AWS does not tell of yet."""
        note = _Note.of(self._accounts.tags(step.account_id).get(EMAIL_TAG))
        if note is None or step.again or note.mark != email_mark(step.after):
            return False
        return self._connection.clock.now() - note.at < JUST

    def _look(self, step: StartEmailUpdate) -> Look | Vanished:
        """The case of letters makes no difference to an address."""
        current = self._accounts.see(step.account_id).email
        before, after = step.before.lower(), step.after.lower()
        return compare(step.account_id, "its e-mail address", current.lower(), before=before, after=after)

    def _note(self, step: StartEmailUpdate) -> None:
        """Written, and read back, before AWS is asked: there is no code that nobody has noted."""
        note = str(_Note(email_mark(step.after), self._connection.clock.now()))
        self._connection.organizations.tag_resource(
            ResourceId=step.account_id, Tags=[{"Key": EMAIL_TAG, "Value": note}]
        )
        settle(
            self._connection.clock,
            lambda: self._accounts.tags(step.account_id).get(EMAIL_TAG) == note or None,
            f'account "{step.account_id}": tag "{EMAIL_TAG}" is written, and not visible yet',
        )

    def _waiting_for(self, step: StartEmailUpdate) -> EmailUpdate | None:
        update = self.read(step.account_id)
        return update if update is not None and update.is_for(step.after) else None

    def _accepted(self, step: AcceptEmailUpdate) -> bool | None:
        if self._accounts.see(step.account_id).email.lower() == step.email.lower():
            return True
        status, _ = self._status(step.account_id)
        return True if status in {"ACCEPTED", "COMPLETED", _UNKNOWN} else None

    def _current(self, account_id: str, note: _Note | None) -> EmailUpdate | None:
        status, updated = self._status(account_id)
        if status == _UNKNOWN:
            status, updated = ("PENDING", note.at) if note is not None else (None, None)
        if updated is None:
            return None
        until = updated + LIFE
        standings = _LATE if self._connection.clock.now() >= until else _IN_TIME
        standing = standings.get(status or "")
        ours = note is not None and updated >= note.at - CLOCKS
        if standing is None or not (ours or standing is EmailStanding.WAITING):
            return None
        return EmailUpdate(
            standing=standing,
            until=until.astimezone(UTC).isoformat(timespec="minutes"),
            mark=note.mark if note is not None and ours else None,
        )

    def _status(self, account_id: str) -> tuple[str | None, datetime | None]:
        """Status and time of the last change; `_UNKNOWN` where the SDK is too old to ask."""
        client: Any = self._connection.account
        if not hasattr(client, "get_primary_email_update_status"):
            return _UNKNOWN, None
        try:
            answer = client.get_primary_email_update_status(AccountId=account_id)
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return None, None
            raise
        return answer.get("Status"), answer.get("UpdatedAt")


@contextmanager
def _remedied(key: str) -> Iterator[None]:
    """A refused code comes out with the command to run, for the request that is meant."""
    try:
        yield
    except ClientError as error:
        remedy = _REMEDIES.get(code_of(error))
        if remedy is None:
            raise
        raise PermanentServiceError(str(translate(error)), hint=remedy.format(key=key)) from error


def _told(step: StartEmailUpdate, update: EmailUpdate) -> str:
    return (
        f'AWS has sent a code to "{step.after}", good until {update.until}; hand it in with: vend email-code {step.key}'
    )
