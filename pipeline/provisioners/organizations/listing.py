"""Lists that come in pages."""

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from pipeline.provisioners.aws.translation import code_of, reason_of

PAGE: Final = 20
"""Accounts, units and creations on a page: the most that Organizations gives."""

_RESTARTS = 3
_TOKEN_IS_OLD = frozenset({"PaginationTokenExpiredException", "INVALID_NEXT_TOKEN", "INVALID_PAGINATION_TOKEN"})


def listed(call: Callable[..., Any], items: str, *, token: str = "NextToken", **arguments: Any) -> list[Any]:  # noqa: S107 - the name of a parameter
    """Every item of a list, all pages; an empty page may be followed by a full one, so only the token ends the list.

    A list whose token has expired on the way is begun again.
    """
    for _ in range(_RESTARTS):
        try:
            return _pages(call, items, token, arguments)
        except ClientError as error:
            if _TOKEN_IS_OLD.isdisjoint({code_of(error), reason_of(error)}):
                raise
    return _pages(call, items, token, arguments)


def _pages(call: Callable[..., Any], items: str, token: str, arguments: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    place: dict[str, Any] = {}
    while True:
        page = call(**arguments, **place)
        found += page.get(items, [])
        if not page.get(token):
            return found
        place = {token: page[token]}
