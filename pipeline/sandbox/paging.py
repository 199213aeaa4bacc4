"""Listings, page by page, with tokens that belong to one listing."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Protocol, TypeVar

from pipeline.sandbox.records import Account, Creation, Fields, Unit
from pipeline.sandbox.service import Refusal

R = TypeVar("R", Account, Unit, Creation)
T = TypeVar("T")


class Sequenced(Protocol):
    """Something that has its place in a listing."""

    @property
    def sequence(self) -> int: ...


S = TypeVar("S", bound=Sequenced)

PAGE = 20
"""Organizations answers 20 at most, and by default.
https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
"""


def write_token(listing: str, after: int) -> str:
    return urlsafe_b64encode(json.dumps([listing, after]).encode()).decode()


def read_token(listing: str, token: str | None) -> int:
    """Behind which sequence the page begins. Raises `ValueError` for a token of another listing, or of nobody."""
    if not token:
        return 0
    value = json.loads(urlsafe_b64decode(token))
    if not isinstance(value, list) or value[0] != listing:
        raise ValueError(token)
    return int(value[1])


def start_of(parameters: Fields, listing: str) -> int:
    """`read_token` of the request's NextToken, in the words of Organizations."""
    try:
        return read_token(listing, parameters.get("NextToken"))
    except (ValueError, TypeError, IndexError):
        text = "You provided a NextToken that this listing did not give."
        raise Refusal("InvalidInputException", text, Reason="INVALID_NEXT_TOKEN") from None


def page(records: Iterable[R], parameters: Fields, listing: str) -> tuple[list[R], Fields]:
    """At most `MaxResults` of the records, and `NextToken` if there are more."""
    limit = parameters.get("MaxResults") or PAGE
    taken = list(islice(records, limit + 1))
    if len(taken) <= limit:
        return taken, {}
    return taken[:limit], {"NextToken": write_token(listing, taken[limit - 1].sequence)}


def page_of_values(values: Sequence[T], parameters: Fields, listing: str) -> tuple[Sequence[T], Fields]:
    """The same for a short sequence without records behind it."""
    start, limit = start_of(parameters, listing), parameters.get("MaxResults") or PAGE
    rest = {"NextToken": write_token(listing, start + limit)} if len(values) > start + limit else {}
    return values[start : start + limit], rest


def page_behind(items: Sequence[S], token: str | None, limit: int, listing: str) -> tuple[list[S], str | None]:
    """At most `limit` of the items behind the one that the token names, and the token of the next page.

    Items that came or went since do not shift the page. Raises `ValueError` for a token of another listing, or of nobody.
    """
    try:
        after = read_token(listing, token)
    except (TypeError, IndexError) as error:
        raise ValueError(token) from error
    start = _behind(items, after) if after else 0
    some = list(items[start : start + limit])
    return some, write_token(listing, some[-1].sequence) if len(items) > start + limit else None


def _behind(items: Sequence[Sequenced], after: int) -> int:
    for index, each in enumerate(items):
        if each.sequence == after:
            return index + 1
    return sum(each.sequence < after for each in items)
