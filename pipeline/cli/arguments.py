"""What can be written after `vend`."""

import argparse
from pathlib import Path

from pipeline import __version__

EXIT_CODES = """exit codes:
  0 done    1 unexpected    2 wrong arguments or settings    3 findings    4 something on hold
  5 not what was reviewed    6 incomplete    7 a service said no"""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vend",
        description="Vends AWS accounts from account requests in git: plan, review, apply, and nothing else.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"vend {__version__}")
    _add_common(parser)
    parser.set_defaults(root=None, verbose=False, log_format="text", color="auto")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _validate(verbs)
    _plan(verbs)
    _apply(verbs)
    _observe(verbs)
    _explain(verbs)
    _sandbox(verbs)
    _completion(verbs)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    """What may stand before the verb and after it. Without defaults: those of a verb would undo what stands before it."""
    absent = argparse.SUPPRESS
    parser.add_argument(
        "--root", type=Path, metavar="DIR", default=absent, help="the workspace; default: the git top level"
    )
    parser.add_argument("--verbose", action="store_true", default=absent, help="log what is done, on standard error")
    parser.add_argument("--log-format", choices=("text", "json"), default=absent, help="form of the log lines")
    parser.add_argument("--color", choices=("auto", "always", "never"), default=absent, help="default: auto")


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, purpose: str
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=purpose, description=purpose)
    _add_common(verb)
    return verb


def _validate(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "validate", "check all account requests; needs no credentials")
    verb.add_argument("--format", choices=("text", "json", "github", "sarif"), default="text")


def _plan(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "plan", "show what has to change; changes nothing")
    verb.add_argument("--observed", type=Path, metavar="FILE", help="plan from a file of `vend observe -o`, offline")
    verb.add_argument("-o", "--out", type=Path, metavar="FILE", help="where the plan goes; default: plan.json")
    verb.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    verb.add_argument("--detail", metavar="KEY", help="show the changes of one account in full")


def _apply(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "apply", "plan again, and carry out the changes that were reviewed")
    which = verb.add_mutually_exclusive_group()
    which.add_argument("--reviewed", type=Path, metavar="FILE", help="the plan that was reviewed")
    which.add_argument("--accept-new-plan", action="store_true", help="show the plan, ask, and apply it (interactive)")
    verb.add_argument("--record", type=Path, metavar="FILE", help="the run record; default: runs/RUN.json")
    verb.add_argument("--format", choices=("text", "markdown", "json"), default="text")


def _observe(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "observe", "show the organization as it is, or write it to a file")
    verb.add_argument("-o", "--out", type=Path, metavar="FILE", help="write it as JSON, for `vend plan --observed`")


def _explain(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "explain", "which file and line each value of a request comes from")
    verb.add_argument("key", metavar="KEY", help="the request: its file name without suffix")
    verb.add_argument("--format", choices=("text", "json"), default="text")


def _sandbox(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "sandbox", "an AWS organization on this machine")
    actions = verb.add_subparsers(dest="action", metavar="ACTION", required=True)
    start = actions.add_parser("start", help="start it in the background; its state lives as long as it runs")
    start.add_argument("--seed", type=_seed, default="sample", help="sample, empty, or accounts:N (default: sample)")
    start.add_argument("--port", type=int, default=0, help="default: any that is free")
    start.add_argument("--creation-delay", type=_seconds, default=2.0, metavar="SECONDS")
    start.add_argument("--consistency-delay", type=_seconds, default=0.0, metavar="SECONDS")
    start.add_argument("--throttle", action="store_true", help="throttle as AWS documents")
    actions.add_parser("stop", help="stop it")
    actions.add_parser("status", help="does it run, and where")
    actions.add_parser("env", help='print its environment: eval "$(vend sandbox env)"')
    shell = actions.add_parser("shell", help="a shell (or COMMAND) with its environment set")
    shell.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")


def _seed(text: str) -> str:
    name, _, number = text.partition(":")
    if text not in {"sample", "empty"} and not (name == "accounts" and number.isdecimal()):
        raise argparse.ArgumentTypeError(f'"{text}" is not one of sample, empty, accounts:N')
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0.0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of seconds, like 2.5')
    return seconds


def _completion(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "completion", "print a completion script for your shell")
    verb.add_argument("shell", choices=("bash", "zsh", "tcsh"))
