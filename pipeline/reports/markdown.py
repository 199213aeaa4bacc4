"""What every Markdown report begins and ends with: the marker that finds it again, links, folds."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

BUDGET: Final = 65_536
"""GitHub refuses a longer comment ("body is too long")."""

SMALLEST_BUDGET: Final = 4_096
"""Less has no room for a verdict, what was left out, and a link."""

_LONGEST_ROOT: Final = 200
_LONGEST_LINK: Final = 1_000
_URL: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&*+,;=%-]+")


def marker(report: str, root: str) -> str:
    """The hidden first line, one for each report and root: `<!-- vend:plan:ROOT -->`.

    A forge finds the comment by a body that starts with it. A root that could end the HTML comment is percent-encoded.
    """
    written = re.sub(r"[^A-Za-z0-9._/-]", lambda match: "".join(f"%{byte:02X}" for byte in _bytes(match[0])), root)
    written = re.sub(r"-(?=-|$)", "%2D", written)
    if len(written) > _LONGEST_ROOT:
        written = sha256(_bytes(root)).hexdigest()
    return f"<!-- vend:{report}:{written} -->"


def check_budget(budget: int) -> None:
    if budget < SMALLEST_BUDGET:
        message = f"budget: {budget} characters are too few; give at least {SMALLEST_BUDGET}"
        raise ValueError(message)


def left_out(words: Iterable[str], link: str | None, *, whole: str, elsewhere: str) -> str:
    """The paragraph that says what found no room and where it is; empty if everything found room.

    `whole` names what `link` leads to; `elsewhere` stands in place of a link that is missing, or no plain HTTP address.
    """
    if not (listed := ", ".join(words)):
        return ""
    return f"**Left out, for lack of room:** {listed}. {_where(link, whole, elsewhere)}\n\n"


def leads_to(link: str | None, words: str) -> str:
    """The words as a link that nothing can end early; empty for what is no plain HTTP address."""
    if link is None or len(link) > _LONGEST_LINK or _URL.fullmatch(link) is None:
        return ""
    return f"[{words}](<{link}>)"


def _where(link: str | None, whole: str, elsewhere: str) -> str:
    shown = leads_to(link, whole)
    return f"{shown} shows everything." if shown else elsewhere


def fold(title: str) -> tuple[str, str]:
    """Opening and closing of a part that is folded; the title is ours, never foreign text."""
    return f"<details><summary>{title}</summary>\n\n", "\n</details>\n\n"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
