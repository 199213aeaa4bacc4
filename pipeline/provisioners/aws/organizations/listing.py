"""Lists that come in pages."""

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from pipeline.provisioners.aws.translation import code_of, reason_of

PAGE: Final = 20
"""Accounts, units and creations on a page: the most that Organizations gives."""

_RESTARTS = 3
_TOKEN_IS_OLD = frozenset({"PaginationTokenExpiredException", "INVALID_NEXT_TOKEN", "INVALID_PAGINATION_TOKEN"})


def listed(
    call: Callable[..., Any],
    items: str,
    *,
    token: str = "NextToken",  # noqa: S107 - the name of a parameter
    sent_as: str | None = None,
    **arguments: Any,
) -> list[Any]:
    """Every item of a list, all pages; an empty page may be followed by a full one, so only the token ends the list.

    `sent_as`: the parameter that the token is sent in, where that has another name than the member that it came in. A list
    whose token has expired on the way is begun again.
    """
    for _ in range(_RESTARTS):
        try:
            return _pages(call, items, (token, sent_as or token), arguments)
        except ClientError as error:
            if _TOKEN_IS_OLD.isdisjoint({code_of(error), reason_of(error)}):
                raise
    return _pages(call, items, (token, sent_as or token), arguments)


def _pages(call: Callable[..., Any], items: str, tokens: tuple[str, str], arguments: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    place: dict[str, Any] = {}
    while True:
        page = call(**arguments, **place)
        found += page.get(items, [])
        told, sent_as = tokens
        if not page.get(told):
            return found
        place = {sent_as: page[told]}
