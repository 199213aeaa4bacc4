"""Words that several findings of this room share."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_LONGEST = 200


def did_you_mean(word: str, words: Iterable[str], otherwise: str) -> str:
    """A hint: the nearest of `words`, or what to do `otherwise`."""
    known = sorted(words)
    close = get_close_matches(word, known, n=1) if len(word) <= _LONGEST else []
    return f'did you mean "{close[0]}"?' if close else otherwise


def accounts(keys: Sequence[str]) -> str:
    """Whom something is about, however many they are: `account "billing" and 111 more`."""
    first = f'account "{keys[0]}"'
    return first if len(keys) == 1 else f"{first} and {len(keys) - 1} more"
