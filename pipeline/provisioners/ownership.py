"""Whose an account is, by its ownership tags."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.model.account import REPOSITORY_TAG, REQUEST_TAG


@dataclass(frozen=True, slots=True)
class Owner:
    """A request of a repository of requests; None where a tag is missing."""

    key: str | None
    repository: str | None

    def __str__(self) -> str:
        if self == NOBODY:
            return "nobody"
        return f'request "{self.key}" of repository "{self.repository}"'


NOBODY = Owner(key=None, repository=None)


def owner_of(tags: Mapping[str, str]) -> Owner:
    return Owner(key=tags.get(REQUEST_TAG), repository=tags.get(REPOSITORY_TAG))
