"""Did you mean …?"""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 200


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that `word` was probably meant to be, if any."""
    known = list(words)
    folded = word.casefold()
    for each in known:
        if each.casefold() == folded:
            return each
    close = get_close_matches(word, known, n=1) if len(word) <= _LONGEST else []
    return close[0] if close else None


def did_you_mean(word: str, words: Iterable[str], otherwise: str) -> str:
    """A hint: the nearest of `words`, or what to do `otherwise`."""
    found = nearest(word, words)
    return otherwise if found is None else f'did you mean "{found}"?'
