"""The end of a log, short enough for a message."""

import os
import re
from pathlib import Path
from typing import Final

_BYTES: Final = 8192
_LENGTH: Final = 600
_NOT_TEXT: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x1f\x7f-\x9f]+")
"""What colours a terminal, and other control characters."""


def tail_of(log: Path, most: int = _LENGTH) -> str:
    """The last words of the log, in one line of `most` characters at most; empty if there are none."""
    with log.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _BYTES))
        text = stream.read().decode(errors="replace")
    lines = (_NOT_TEXT.sub(" ", line).strip() for line in text.splitlines())
    said = " / ".join(line for line in lines if line)
    return said if len(said) <= most else f"…{said[1 - most :]}"
