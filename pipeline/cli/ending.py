"""The end of the process."""

import os
import sys
from typing import Final, NoReturn, TextIO

_THREADS: Final = "temporalio"
"""Its threads call into Python while the interpreter takes itself apart, and the process then aborts with code 134; they cannot
be ended before (https://github.com/temporalio/sdk-python/issues/300)."""

_UNWRITTEN: Final = 120
"""As Python ends where it cannot write the last of the output (https://docs.python.org/3/library/sys.html#sys.exit)."""


def end(code: int) -> NoReturn:
    """End the process with `code`: in good order, or, where Temporal's SDK was loaded, as soon as everything is written."""
    if _THREADS not in sys.modules:
        sys.exit(code)
    written = [_is_written(stream) for stream in (sys.stdout, sys.stderr)]
    os._exit(code if all(written) else _UNWRITTEN)


def _is_written(stream: TextIO | None) -> bool:
    try:
        if stream is not None and not stream.closed:
            stream.flush()
    except OSError:
        return False
    return True
