"""What `vend apply` shows while it runs: bars on a terminal, otherwise one line per finished change and nothing else.

Where log lines are shown, they say it all: bars would be torn apart by them, and lines would say everything twice.
"""

import os
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

from pipeline.cli.lines import Lines
from pipeline.model.clock import Clock
from pipeline.reconcile.engine import Listener, Stop
from pipeline.reconcile.listening import Silent


def progress_on(
    stream: TextIO, clock: Clock, stop: Stop, *, color: bool, logged: bool = False
) -> AbstractContextManager[Listener]:
    """The listener that fits the stream, as a context that leaves the terminal as it was. `logged`: log lines go there."""
    if logged:
        return nullcontext(Silent())
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        return nullcontext(Lines(stream, stop))
    from pipeline.cli.bars import Bars, console_on  # noqa: PLC0415 - only a terminal needs rich, which is slow to import

    return Bars(console_on(stream, color=color), clock, stop)
