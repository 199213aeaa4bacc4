"""Listings, page by page, with tokens that belong to one listing."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TypeVar

from pipeline.sandbox.records import Account, Creation, Fields, Unit
from pipeline.sandbox.service import Refusal

R = TypeVar("R", Account, Unit, Creation)
T = TypeVar("T")

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
