"""Where text goes: standard output for what was asked for, standard error for everything said about it."""

import os
import sys
from pathlib import Path
from typing import TextIO

from pipeline.errors import SettingsError, UsageError, VendError


def wants_color(choice: str, stream: TextIO) -> bool:
    """`always`, `never`, or what the terminal and NO_COLOR (https://no-color.org) say."""
    if choice != "auto":
        return choice == "always"
    return stream.isatty() and not os.environ.get("NO_COLOR")


def print_text(text: str) -> None:
    """Text for standard output, with exactly one line end after it."""
    print(text.rstrip("\n"))


def print_note(text: str) -> None:
    print(text, file=sys.stderr)


def print_error(error: VendError) -> None:
    """The one place where an error that stops a run becomes text."""
    if isinstance(error, SettingsError) and error.findings:
        from pipeline.reports.findings import as_text

        print_note(as_text(error.findings).rstrip("\n"))
    print_note(f"vend: {error}")
    if error.hint:
        print_note(f"  {error.hint}")


def write_file(path: Path, text: str) -> None:
    """Write a whole file or nothing: readers never see half of it. Raises `UsageError` if it cannot be written."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise UsageError(f'"{path}" cannot be written: {error.strerror}', hint="name another file with -o") from error
