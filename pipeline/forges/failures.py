"""What a forge's refusal means, and what to do about it."""

import re
from typing import Final

from pipeline.errors import PermanentServiceError, ServiceError, TemporaryServiceError
from pipeline.forges.sticky import GoneError

_LONGEST: Final = 200
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT, _GONE, _THROTTLED = 401, 403, 404, 409, 410, 429
_PASSING: Final = frozenset({_CONFLICT, _THROTTLED})
"""A conflict is with what another job does at the moment; the next run looks first, and adopts what is there then."""

_SERVER: Final = 500


def refusal(forge: str, what: str, status: int, message: str, scopes: str) -> ServiceError:
    """The error for an HTTP status. `what` was to be done; `message` is in the forge's words, untrusted; `scopes` are needed."""
    said = f"{forge}: {what}: answered {status}{_quoted(message)}"
    if status in _PASSING or status >= _SERVER or (status == _FORBIDDEN and "rate limit" in message.lower()):
        return TemporaryServiceError(said, hint="run it again in a few minutes")
    if status == _UNAUTHORIZED:
        return PermanentServiceError(said, hint="the token is not accepted: give one that is valid and not expired")
    if status in {_NOT_FOUND, _GONE}:
        return GoneError(
            said, hint=f"check repository and number; a token without the scope gets this answer, too: {scopes}"
        )
    if status == _FORBIDDEN:
        return PermanentServiceError(said, hint=f"give the token what it lacks: {scopes}")
    return PermanentServiceError(said, hint="see what the forge says")


def unreachable(forge: str, what: str, error: Exception) -> ServiceError:
    """No answer at all. The error's own text may hold an address with credentials, so only its kind is told."""
    return TemporaryServiceError(
        f"{forge}: {what}: there is no answer ({type(error).__name__})", hint="run it again in a few minutes"
    )


def too_long(forge: str, length: int, limit: int) -> ServiceError:
    return PermanentServiceError(
        f"{forge}: a comment of {length:,} characters is longer than the {limit:,} that it takes", hint="report this"
    )


def _quoted(message: str) -> str:
    shown = re.sub(r"\s+", " ", "".join(char if char.isprintable() else " " for char in message)).strip()
    return f', "{shown[:_LONGEST]}"' if shown else ""
