"""What to tell when Terraform fails: its own words, whether it may go through later, the log, the command to repeat."""

import re
import shlex
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

from pipeline.customizations.events import Diagnostic, HeldLock, Spoken, held_lock
from pipeline.customizations.processes import Command, Ended, Ending
from pipeline.errors import PermanentServiceError, ServiceError, TemporaryServiceError
from pipeline.model.customization import Target

_CORRECT: Final = "correct it, then plan again"
_SHOWN: Final = 3
_LENGTH: Final = 600
_FULL: Final = 65_536
"""Bytes; with less, next to nothing can be written."""

_PASSING: Final = re.compile(
    r"ExpiredToken|RequestExpired|Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|ServiceUnavailable"
    r"|InternalError|InternalFailure|connection re(?:set|fused)|i/o timeout|TLS handshake timeout|no such host"
    r"|Client\.Timeout|PreconditionFailed|ConditionalRequestConflict|Saved plan is stale"
    r"|the run that hands out this session is gone"
)
"""What AWS and the network say when the same call may go through later."""

_REFUSED: Final = re.compile(r"operation error S3: \w+, https response error StatusCode: 403")
_OF_THE_STATE: Final = (
    "let roles.apply of vending.yaml use the bucket (and its key, if it is encrypted with one), and see that the state's bucket"
    " belongs to your organization: names of buckets are shared with everybody on AWS"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One customization of one account that did not come to its end. `temporary`: the same again may go through."""

    message: str
    hint: str = ""
    temporary: bool = False
    log: Path | None = None

    @property
    def error(self) -> ServiceError:
        """The same, to be raised."""
        kind = TemporaryServiceError if self.temporary else PermanentServiceError
        return kind(self.message, hint=self.hint)


class TerraformError(Exception):
    """Carries a failure to the room's door."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def failure_of(
    target: Target, command: Command, ended: Ended, spoken: Spoken, repeat: Command | None = None
) -> Failure:
    """Why a command that did not end well did not. `repeat`: what to repeat by hand, if it is another command."""
    where = f'account {target.account_id}, customization "{target.customization}"'
    verb = f"{Path(command.arguments[0]).name} {command.arguments[1]}"
    log = f"the whole output is in {command.log}"
    hint = f"{log}; by hand: {by_hand(repeat or command)}"
    match ended.ending:
        case Ending.CANCELLED:
            message = f"{where}: {verb} was stopped, because the run was{_by_force(ended)}"
            return Failure(message=message, hint=f"run again; {log}", temporary=True, log=command.log)
        case Ending.TIMED_OUT:
            stopped = f"takes longer than {command.limit:.0f} seconds and was stopped{_by_force(ended)}"
            return Failure(
                message=f"{where}: {verb} {stopped}{_said(spoken)}",
                hint=f"find out what it waits for, then plan again; {hint}",
                log=command.log,
            )
        case Ending.TOO_LOUD:
            return Failure(message=f"{where}: {verb} writes too much and was stopped", hint=hint, log=command.log)
        case Ending.EXITED:
            lock = held_lock(spoken.errors)
            if lock is not None:
                return _locked(where, lock, command)
            said = _said(spoken) or _silent(command.log, shutil.disk_usage(command.log.parent).free)
            message = f"{where}: {verb} failed{_ended_by(ended)}{said}"
            passing = any(_PASSING.search(f"{each.summary} {each.detail}") for each in spoken.errors)
            remedy = "run again" if passing else _OF_THE_STATE if _is_refused_state(spoken) else _CORRECT
            return Failure(message=message, hint=f"{remedy}; {hint}", temporary=passing, log=command.log)
        case _:
            assert_never(ended.ending)


def by_hand(command: Command) -> str:
    """The command for a shell. It needs the profiles that a run has: sessions are handed out to runs alone."""
    workspace = command.environment.get("TF_WORKSPACE")
    variables = {"TF_WORKSPACE": workspace, "AWS_PROFILE": command.environment.get("AWS_PROFILE")}
    given = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items() if value)
    program, *arguments = (each for each in command.arguments if each != "-json" and not each.startswith("-out="))
    return f"{given} {shlex.join([program, f'-chdir={command.directory}', *arguments])}".strip()


def _locked(where: str, lock: HeldLock, command: Command) -> Failure:
    release = by_hand(
        Command(
            arguments=(command.arguments[0], "force-unlock", lock.id),
            directory=command.directory,
            environment=command.environment,
            log=command.log,
            limit=command.limit,
        )
    )
    message = f'{where}: the state is locked by "{lock.who}" since {lock.created}, with the lock "{lock.id}"'
    hint = f"wait until that run is over; if it is dead, release the lock: {release}"
    return Failure(message=message, hint=hint, temporary=True, log=command.log)


def _by_force(ended: Ended) -> str:
    """It had time to stop by itself, and did not: then it has neither written its state nor released the lock."""
    return ", by force, so the state may be behind, and locked" if ended.code == -signal.SIGKILL else ""


def _is_refused_state(spoken: Spoken) -> bool:
    """Whether S3 refuses the backend. What it refuses to a resource has a place."""
    said = [f"{each.summary} {each.detail}" for each in spoken.errors if not each.place]
    words = " ".join((*said, *(line.strip(" │╷╵") for line in spoken.tail)))
    return _REFUSED.search(" ".join(words.split())) is not None


def _ended_by(ended: Ended) -> str:
    return f" (ended by signal {-ended.code})" if ended.code < 0 else ""


def _said(spoken: Spoken) -> str:
    sentences = list(dict.fromkeys(map(_sentence, spoken.errors)))
    words = sentences[:_SHOWN]
    more = len(sentences) - len(words)
    if more > 0:
        words.append(f"and {more} more")
    if not words:
        text = " ".join(line.strip(" │╷╵") for line in spoken.tail if line.strip(" │╷╵"))
        words = [_clip(text[max(text.find("Error: "), 0) :])]  # `init` tells first what went well
    return f": {'; '.join(words)}" if any(words) else ""


def _silent(log: Path, free: int) -> str:
    """Why Terraform may have said nothing; a full disk takes its log, too. `free`: bytes that are left there."""
    return f': the disk of "{log.parent}" is full' if free < _FULL else ", and said nothing"


def _sentence(each: Diagnostic) -> str:
    place = f"{each.place}: " if each.place else ""
    detail = f": {' '.join(each.detail.split())}" if each.detail else ""
    return _clip(f"{place}{each.summary}{detail}")


def _clip(text: str) -> str:
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"
