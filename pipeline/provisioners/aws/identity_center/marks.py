"""Which assignments of an account are ours: marks in its ownership tags.

A mark is ten characters of a digest over kind and id of the principal and the ARN of the permission set, so it outlives a new
name. A tag holds 23 of them; more tags follow as they are needed.

A mark is written before its assignment is made, and taken away after that is gone: a run that dies in between leaves a mark
without an assignment, which says nothing, and never an assignment of ours without a mark.
"""

from base64 import b32encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from pipeline.model.access import MARKS_IN_A_TAG
from pipeline.model.account import ACCESS_TAG
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.organizations.settling import settle
from pipeline.provisioners.aws.organizations.tags import tags_of

_LENGTH: Final = 10


def mark_of(kind: str, principal_id: str, permission_set: str) -> str:
    """The mark of an assignment, by the ids that AWS gives."""
    seed = f"{kind}\n{principal_id}\n{permission_set}"
    return b32encode(sha256(seed.encode()).digest()).decode().lower()[:_LENGTH]


def marks_in(tags: Mapping[str, str]) -> frozenset[str]:
    """The marks that an account carries."""
    return frozenset(mark for name, value in tags.items() if _holds_marks(name) for mark in value.split())


def as_tags(marks: Iterable[str]) -> dict[str, str]:
    """The tags that hold these marks."""
    ordered = sorted(marks)
    chunks = [ordered[start : start + MARKS_IN_A_TAG] for start in range(0, len(ordered), MARKS_IN_A_TAG)]
    return {_tag(number): " ".join(chunk) for number, chunk in enumerate(chunks, 1)}


class Marks:
    """Reads and writes them; one account is written by one operation at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, account_id: str) -> frozenset[str]:
        return marks_in(tags_of(self._connection.organizations, account_id))

    def add(self, account_id: str, mark: str) -> None:
        """Write it, and read it back."""
        if mark not in (known := self.of(account_id)):
            self._write(account_id, known | {mark})

    def remove(self, account_id: str, mark: str) -> None:
        if mark in (known := self.of(account_id)):
            self._write(account_id, known - {mark})

    def _write(self, account_id: str, marks: frozenset[str]) -> None:
        client = self._connection.organizations
        before, after = tags_of(client, account_id), as_tags(marks)
        if changed := {name: value for name, value in after.items() if before.get(name) != value}:
            client.tag_resource(
                ResourceId=account_id, Tags=[{"Key": name, "Value": value} for name, value in changed.items()]
            )
        if surplus := sorted(name for name in before if _holds_marks(name) and name not in after):
            client.untag_resource(ResourceId=account_id, TagKeys=surplus)
        settle(
            self._connection.clock,
            lambda: self.of(account_id) == marks or None,
            f'account "{account_id}": tag "{ACCESS_TAG}" is written, and not visible yet',
        )


def _tag(number: int) -> str:
    return ACCESS_TAG if number == 1 else f"{ACCESS_TAG}-{number}"


def _holds_marks(name: str) -> bool:
    return name == ACCESS_TAG or (name.startswith(f"{ACCESS_TAG}-") and name.removeprefix(f"{ACCESS_TAG}-").isdecimal())
