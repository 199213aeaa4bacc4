"""Arguments in, text and exit code out.

Law of the room: the only place that prints and exits. Each verb is a module of `verbs/`, imported when it is called, so that
`vend --help` and shell completion cost nothing.
"""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pipeline.cli.arguments import build_parser
from pipeline.cli.ending import end
from pipeline.cli.output import print_error
from pipeline.errors import ExitCode, VendError

if TYPE_CHECKING:
    from pipeline.app.parts import Parts


def command() -> NoReturn:
    """The console command `vend`: `main`, and the end of the process."""
    try:
        code = main()
    except Exception:  # noqa: BLE001 - a defect of ours is shown as Python shows it; only the process may end in another way
        sys.excepthook(*sys.exc_info())
        code = int(ExitCode.UNEXPECTED)
    end(code)


def main(arguments: Sequence[str] | None = None, parts: "Parts | None" = None) -> int:
    """What `vend` does; the answer is the exit code. Without `parts`, the real ones are used."""
    parsed = build_parser().parse_args(arguments)
    if parsed.verbose or parsed.log_format != "text":
        importlib.import_module("pipeline.cli.logs").set_up(verbose=parsed.verbose, form=parsed.log_format)
    verb = importlib.import_module(f"pipeline.cli.verbs.{parsed.verb.replace('-', '_')}")
    try:
        return int(verb.run(parsed, Path.cwd(), parts or importlib.import_module("pipeline.app.parts").Parts()))
    except VendError as error:
        print_error(error)
        return int(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("vend: interrupted\n")
        return int(ExitCode.INCOMPLETE)
    except BrokenPipeError:
        # The reader of our output (`vend plan | head`) has gone. That is not an error, but nobody has read how an apply ended.
        sys.stderr.close()
        return int(ExitCode.INCOMPLETE if parsed.verb in {"apply", "customize"} else ExitCode.OK)
