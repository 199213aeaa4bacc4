"""Findings: problems of input are data, with the place and the remedy."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file that people write; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """One problem of somebody's input.

    `message` says what is true, `hint` what to do; `rule` is a stable kebab-case name (SARIF's rule id); `attribute` is the
    dotted path of the value, or empty for the whole file.
    """

    location: Location
    rule: str
    message: str
    hint: str = ""
    attribute: str = ""
    severity: Severity = Severity.ERROR


def has_errors(findings: tuple[Finding, ...]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)
