"""A request on its way into the desired state: what its file and its defaults say, not yet known to be right."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.model.finding import Finding, Location, Severity
from pipeline.model.json import Json
from pipeline.model.request import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """`document` is the effective request; `is_whole` is false when a file that it inherits from has errors."""

    key: str
    file: str
    document: Mapping[str, Json]
    origins: Mapping[Path, Location]
    is_whole: bool = True

    def place(self, *path: str) -> Location:
        """Where the value at `path` was written, or the nearest that is known."""
        for length in range(len(path), -1, -1):
            if (found := self.origins.get(path[:length])) is not None:
                return found
        return Location(self.file)

    def text(self, *path: str) -> str | None:
        """The text at `path`; None if there is none."""
        value: Json = self.document
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value if isinstance(value, str) else None

    def mapping(self, name: str) -> Mapping[str, Json] | None:
        """The mapping below the attribute `name`; empty if there is no such attribute, None if it is something else."""
        value = self.document.get(name, {})
        return value if isinstance(value, dict) else None

    def finding(
        self, path: Path, rule: str, message: str, hint: str, *, severity: Severity = Severity.ERROR
    ) -> Finding:
        return Finding(
            location=self.place(*path),
            rule=rule,
            message=message,
            hint=hint,
            attribute=".".join(path),
            severity=severity,
        )
