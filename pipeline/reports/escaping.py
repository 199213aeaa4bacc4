"""Text from YAML or AWS, made harmless for a terminal, a CI log and Markdown.

Laws: what is written is one line of printable characters; two different texts never read the same (`visible` can be undone);
in Markdown, foreign text stands in a code span unless it consists of plain words, so nothing in it is interpreted: no markup,
link, HTML, mention, issue or commit reference, and no marker of ours.
"""

import re
import unicodedata
from typing import Final

_INVISIBLE: Final = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U0001d159\U000e0100-\U000e01ef"
)
"""Characters that Unicode calls printable and nobody sees: fillers, blanks, variation selectors."""

# The middle two are commands to the CI system when they reach its log, at the start of a line or anywhere:
# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
# https://learn.microsoft.com/en-us/azure/devops/pipelines/scripts/logging-commands
_SPECIAL: Final = re.compile(rf"\\(?=u\{{)|(?:^|(?<=\s)):(?=:)|#(?=#(?:vso)?\[)|[{_INVISIBLE}]")

_WORD: Final = r"[^\W_](?:[^\W_]|[/'](?=[^\W_])|-(?=[^\W\d_]))*%?"
_PLAIN: Final = re.compile(rf"{_WORD}(?: {_WORD})*|[→·…]")
# GitHub links seven or more hexadecimal digits to a commit, and `www` to a page; an account id is neither.
_REFERENCE: Final = re.compile(r"(?i)\b(?!\d{12}\b)[0-9a-f]{7,64}\b|\bwww\b")
_TOKEN: Final = re.compile(r'`[^`]*`|confirm: \{[^{}`]*\}|\(*"[^"`]*"[),.;:?]*|\S+')
_EDGES: Final = re.compile(r'(["(]*)(.*?)(["),.;:?]*)', re.DOTALL)
_BACKTICKS: Final = re.compile(r"`+")


def visible(text: str) -> str:
    r"""The text on one line, with every character that is unseen, controls or reorders as `\u{HEX}`.

    Ordinary text is returned as it is. Escape sequences, bidirectional overrides, zero-width characters and commands to
    a CI log lose their power.
    """
    marked = _SPECIAL.sub(lambda match: _code_point(match[0]), text)
    if marked.isprintable():
        return marked
    return "".join(char if char.isprintable() else _code_point(char) for char in marked)


def clip(text: str, limit: int) -> str:
    """At most `limit` characters; a text that was cut ends in "…"."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(char) for char in text)


def code(text: str) -> str:
    """The text as a Markdown code span that holds inside a table cell too; `(empty)` for no text."""
    shown = visible(text).replace("<!--", "<\\u{21}--")
    if not shown:
        return "(empty)"
    # A table is split at every `|` that no backslash precedes, also inside code: https://github.github.com/gfm/#tables-extension-
    shown = re.sub(r"\\(?=\|)", r"\\u{5C}", shown).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(shown)), default=0))
    padding = " " if shown[0] in " `" or shown[-1] in " `" else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def value(text: str) -> str:
    """A foreign value in Markdown: plain words as they are, anything else as code."""
    return text if _is_plain(text) else code(text)


def prose(text: str) -> str:
    """A sentence that quotes foreign values, in Markdown: words stay words, the rest is code, piece by piece."""
    return " ".join(_token(match[0]) for match in _TOKEN.finditer(text))


def fenced(text: str) -> str:
    """One line for a fenced block: nothing in it ends the block or is found as a marker of ours."""
    shown = visible(text).replace("<!--", "<\\u{21}--")
    return re.sub("`{3,}", lambda match: "\\u{60}" * len(match[0]), shown)


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and text.isprintable() and _REFERENCE.search(text) is None


def _token(token: str) -> str:
    if len(token) > 1 and token[0] == token[-1] == "`":
        return code(token[1:-1])
    if token.startswith("confirm: {"):
        return code(token)
    before, core, after = _edges(token)
    return f"{before}{value(core)}{after}" if core else token


def _edges(token: str) -> tuple[str, str, str]:
    match = _EDGES.fullmatch(token)
    return (match[1], match[2], match[3]) if match else ("", token, "")


def _code_point(char: str) -> str:
    return f"\\u{{{ord(char):X}}}"


def _columns_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
