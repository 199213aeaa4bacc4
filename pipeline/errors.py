"""Everything that can stop a run, with its exit code. Problems of somebody's YAML are not here: they are findings."""

from enum import IntEnum

from pipeline.model.finding import Finding


class ExitCode(IntEnum):
    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    """Wrong arguments or settings."""
    FINDINGS = 3
    ON_HOLD = 4
    NOT_REVIEWED = 5
    INCOMPLETE = 6
    SERVICE = 7
    """AWS, Terraform or the forge said no."""
    DRIFT = 10


class VendError(Exception):
    """The run cannot go on. The text reads *where: what is true*; `hint` says what to do."""

    exit_code = ExitCode.UNEXPECTED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(VendError):
    """Arguments that do not fit, or a file given by argument that is not what it should be."""

    exit_code = ExitCode.USAGE


class SettingsError(VendError):
    """`vending.yaml` or the environment is not usable; all problems at once, in `findings`."""

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, *, findings: tuple[Finding, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.findings = findings


class DocumentError(UsageError):
    """A stored plan or observed state that cannot be read: another format, another version, or damaged."""


class ServiceError(VendError):
    """A service said no. Backends translate every SDK error into one of the two kinds below, at their own door."""

    exit_code = ExitCode.SERVICE


class TemporaryServiceError(ServiceError):
    """It may go through later: throttled, busy, not visible yet. `delay`: seconds to wait at least, if AWS told."""

    def __init__(self, message: str, *, delay: float = 0.0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.delay = delay


class PermanentServiceError(ServiceError):
    """It will not go through as it is asked.

    `stops_lane`: nor will anything else of the same lane in this run (a quota is used up, a person has to act).
    """

    def __init__(self, message: str, *, hint: str = "", stops_lane: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.stops_lane = stops_lane
