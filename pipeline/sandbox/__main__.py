"""`python -m pipeline.sandbox`: the sandbox as a process."""

import argparse
import json
import os
import sys
from dataclasses import fields
from pathlib import Path

from pipeline.sandbox.options import Options
from pipeline.sandbox.seed import SeedError
from pipeline.sandbox.server import serve


def parser() -> argparse.ArgumentParser:
    known = argparse.ArgumentParser(prog="python -m pipeline.sandbox", description="An AWS organization on 127.0.0.1.")
    for each in fields(Options):
        flag = "--" + each.name.replace("_", "-")
        if isinstance(each.default, bool):
            known.add_argument(flag, action="store_true")
        else:
            known.add_argument(flag, type=type(each.default), default=each.default)
    known.add_argument("--ready-file", type=Path, help="written with url and pid, as JSON, once requests are answered")
    return known


def main(arguments: list[str]) -> int:
    """Serve until told to stop. 0, or 2 for a seed that there is not."""
    given = vars(parser().parse_args(arguments))
    ready_file: Path | None = given.pop("ready_file")

    def ready(url: str) -> None:
        if ready_file is None:
            sys.stdout.write(f"{url}\n")
            sys.stdout.flush()
            return
        written = ready_file.with_suffix(".writing")
        written.write_text(json.dumps({"url": url, "pid": os.getpid()}))
        written.replace(ready_file)

    try:
        serve(Options(**given), ready)
    except SeedError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
