"""What `vend apply` shows while it runs: bars on a terminal, otherwise one line per finished change and nothing else."""

import os
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

from pipeline.cli.lines import Lines
from pipeline.model.clock import Clock
from pipeline.reconcile.engine import Listener, Stop


def progress_on(stream: TextIO, clock: Clock, stop: Stop, *, color: bool) -> AbstractContextManager[Listener]:
    """The listener that fits the stream, as a context that leaves the terminal as it was."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        return nullcontext(Lines(stream, stop))
    from pipeline.cli.bars import Bars, console_on  # noqa: PLC0415 - only a terminal needs rich, which is slow to import

    return Bars(console_on(stream, color=color), clock, stop)
