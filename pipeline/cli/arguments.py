"""What can be written after `vend`."""

import argparse
import os
from pathlib import Path

from pipeline import __version__

EXIT_CODES = """exit codes:
  0 done    1 unexpected    2 wrong arguments or settings    3 findings    4 something on hold
  5 not what was reviewed    6 incomplete    7 a service said no    10 drift"""


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
    _customize(verbs)
    _drift(verbs)
    _observe(verbs)
    _explain(verbs)
    _email_code(verbs)
    _import_event(verbs)
    _init(verbs)
    _doctor(verbs)
    _request(verbs)
    _sandbox(verbs)
    _worker(verbs)
    _status(verbs)
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
    verb.add_argument("--fetch", action="store_true", help="fetch sources of customizations in git, to check them too")
    forms = ("text", "json", "github", "sarif", "junit", "codequality")
    verb.add_argument("--format", choices=forms, default="text")


def _plan(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "plan", "show what has to change; changes nothing")
    verb.add_argument("--observed", type=Path, metavar="FILE", help="plan from a file of `vend observe -o`, offline")
    verb.add_argument("-o", "--out", type=Path, metavar="FILE", help="where the plan goes; default: plan.json")
    verb.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    verb.add_argument("--detail", metavar="KEY", help="show the changes of one account in full")
    verb.add_argument("--pull-request", action="store_true", help="write comment and verdict to the pull request")
    verb.add_argument("--base", metavar="COMMIT", help="what the branch is compared with; default: its base, by git")
    verb.add_argument("--comment-file", type=Path, metavar="FILE", help="write the comment there, for any forge")
    verb.add_argument("--number", type=int, help="the pull request; default: by the variables of the CI")
    _forge(verb)


def _apply(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "apply", "plan again, and carry out the changes that were reviewed")
    which = verb.add_mutually_exclusive_group()
    which.add_argument("--reviewed", type=Path, metavar="FILE", help="the plan that was reviewed")
    which.add_argument("--accept-new-plan", action="store_true", help="show the plan, ask, and apply it (interactive)")
    which.add_argument("--merged", action="store_true", help="apply what the merged pull requests have shown")
    which.add_argument(
        "--attach", metavar="RUN", help="follow a run that goes on at the Temporal server; begin nothing"
    )
    verb.add_argument("--record", type=Path, metavar="FILE", help="the run record; default: runs/RUN.json")
    verb.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    verb.add_argument(
        "--plans", type=Path, metavar="DIR", help="with --merged: plan.json artifacts too large for a check"
    )
    verb.add_argument("--branch", help="with --merged: the branch that was merged into; default: by the CI")
    verb.add_argument(
        "--every", type=_hours, metavar="HOURS", help="with --merged: how often the CI runs this by itself, to be told"
    )
    _forge(verb)


def _hours(text: str) -> float:
    """A number of hours, from a minute to a year."""
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 1 / 60 <= hours <= 366 * 24:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of hours; write one like 6')
    return hours


def _forge(verb: argparse.ArgumentParser) -> None:
    """Where reports go; the token is never an argument. Everything is found in GitHub Actions and GitLab CI."""
    verb.add_argument("--forge", choices=("github", "gitlab"), help="default: by the variables of the CI")
    verb.add_argument("--repository", metavar="OWNER/NAME", help="default: by the variables of the CI")
    verb.add_argument("--head", metavar="COMMIT", help="the newest commit; default: by the variables of the CI")
    verb.add_argument("--forge-url", metavar="URL", help="GitHub: of the API; GitLab: of the server")


def _customize(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "customize", "run customizations of chosen accounts, and change nothing else")
    verb.add_argument("keys", nargs="*", metavar="KEY", help="requests, by their file names without suffix")
    verb.add_argument("--targets", type=Path, metavar="FILE", help="accounts as aft-invoke-customizations names them")
    verb.add_argument("--all", action="store_true", help="every account")
    verb.add_argument(
        "--layer", action="append", default=[], metavar="NAME", help="only this customization; repeatable"
    )
    verb.add_argument("--force", action="store_true", help="run also what is unchanged and verified")
    which = verb.add_mutually_exclusive_group()
    which.add_argument("-o", "--out", type=Path, metavar="FILE", help="write the plan for its review; changes nothing")
    which.add_argument("--reviewed", type=Path, metavar="FILE", help="the plan that was reviewed")
    which.add_argument("--accept-new-plan", action="store_true", help="show the plan, ask, and apply it (interactive)")
    verb.add_argument("--record", type=Path, metavar="FILE", help="the run record; default: runs/RUN.json")
    verb.add_argument("--format", choices=("text", "markdown", "json"), default="text")


def _drift(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "drift", "report what is not as asked for, since when, by whom, and both ways out")
    verb.add_argument("--observed", type=Path, metavar="FILE", help="report from a file of `vend observe -o`, offline")
    verb.add_argument("--previous", type=Path, metavar="FILE", help="an earlier report as JSON, for since when")
    verb.add_argument("--format", choices=("text", "markdown", "json", "html"), default="text")
    verb.add_argument("-o", "--out", type=Path, metavar="FILE", help="where the report goes; default: standard output")
    verb.add_argument("--report", type=Path, metavar="FILE", help="write it as JSON, too, for the next --previous")
    verb.add_argument(
        "--customizations", metavar="SHARE", help="accounts a day in which Terraform looks: 1/7 (default), 25%%, 0, 1"
    )
    what = verb.add_mutually_exclusive_group()
    what.add_argument("--publish", action="store_true", help="write issue and comments, tell the webhooks")
    what.add_argument("--accept", metavar="KEY", help="commit what makes the request (or item, by id) ask for what is")
    verb.add_argument("--branch", metavar="NAME", help="with --accept: the branch; default: vend/accept-KEY")
    verb.add_argument(
        "--base", metavar="NAME", help="with --open: the branch to merge into; default: by the CI, or main"
    )
    verb.add_argument("--open", action="store_true", help="with --accept: push it, and open the pull request")
    _forge(verb)


def _observe(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "observe", "show the organization as it is, or write it to a file")
    verb.add_argument("-o", "--out", type=Path, metavar="FILE", help="write it as JSON, for `vend plan --observed`")


def _explain(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "explain", "which file and line each value of a request comes from")
    verb.add_argument("key", metavar="KEY", help="the request: its file name without suffix")
    verb.add_argument("--format", choices=("text", "json"), default="text")


def _email_code(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "email-code", "hand in the code that AWS has sent to an account's new e-mail address")
    verb.add_argument("key", metavar="KEY", help="the request: its file name without suffix")
    which = verb.add_mutually_exclusive_group()
    which.add_argument("code", metavar="CODE", nargs="?", help="the code; default: the variable VEND_EMAIL_CODE")
    which.add_argument("--send-again", action="store_true", help="have AWS send another code")


def _import_event(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "import-event", "which account an event of Control Tower is about, and the request to adopt it")
    verb.add_argument("file", metavar="FILE", help='the event as JSON; "-" for standard input')
    verb.add_argument(
        "--observed", type=Path, metavar="OBSERVED", help="look into a file of `vend observe -o`, offline"
    )


def _init(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "init", "start a workspace: settings, a first request, workflows; overwrites nothing")
    verb.add_argument("directory", type=Path, metavar="DIR", help="the folder, new or not")
    which = verb.add_mutually_exclusive_group()
    which.add_argument("--github", dest="forge", action="store_const", const="github", help="with GitHub's workflows")
    which.add_argument("--gitlab", dest="forge", action="store_const", const="gitlab", help="with GitLab's pipelines")
    verb.add_argument("--account", metavar="ID", help="the management account; default: that of the credentials")
    verb.add_argument("--region", metavar="REGION", help="the home Region; default: that of the credentials")
    verb.add_argument("--repository", metavar="NAME", help="default: the name of git's remote")
    verb.add_argument("--domain", metavar="DOMAIN", help="of the accounts' addresses; default: that of git's author")
    verb.add_argument("--branch", metavar="NAME", help="the main branch; default: the one that is checked out")
    verb.add_argument("--control-tower", action="store_true", help="accounts are vended by Control Tower")


def _doctor(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "doctor", "is everything there that a run needs, and what to do where it is not")
    verb.add_argument("--format", choices=("text", "json"), default="text")
    verb.add_argument("--offline", action="store_true", help="look at this machine only")


def _request(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "request", "turn an issue made with the form into an account request")
    verb.add_argument(
        "--from-issue", type=Path, required=True, metavar="FILE", help="GitHub's event, as GITHUB_EVENT_PATH names it"
    )
    verb.add_argument("--open", action="store_true", help="commit it on a branch, push it, and open the pull request")


def _sandbox(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "sandbox", "an AWS organization on this machine")
    actions = verb.add_subparsers(dest="action", metavar="ACTION", required=True)
    start = actions.add_parser("start", help="start it in the background; its state lives as long as it runs")
    start.add_argument("--seed", type=_seed, default="sample", help="sample, empty, or accounts:N (default: sample)")
    start.add_argument("--port", type=int, default=0, help="default: any that is free")
    start.add_argument("--creation-delay", type=_seconds, default=2.0, metavar="SECONDS")
    start.add_argument("--consistency-delay", type=_seconds, default=0.0, metavar="SECONDS")
    start.add_argument("--throttle", action="store_true", help="throttle as AWS documents")
    _landing_zone(start)
    actions.add_parser("stop", help="stop it")
    actions.add_parser("status", help="does it run, and where")
    actions.add_parser("env", help='print its environment: eval "$(vend sandbox env)"')
    drift = actions.add_parser("drift", help="cause drift in its landing zone, or show what is in drift")
    drift.add_argument("kind", nargs="?", metavar="KIND", help="moved-account, scp-updated, control-drift, ...")
    drift.add_argument(
        "target", nargs="?", metavar="TARGET", help="an account, unit or control; default: any that fits"
    )
    shell = actions.add_parser("shell", help="a shell (or COMMAND) with its environment set")
    shell.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")


def _landing_zone(start: argparse.ArgumentParser) -> None:
    is_set = os.environ.get("LANDING_ZONE", "") not in {"", "0"}
    start.add_argument(
        "--landing-zone", action="store_true", default=is_set, help="with Control Tower (also: LANDING_ZONE=1)"
    )
    start.add_argument("--landing-zone-version", default="3.3", metavar="VERSION", help="default: 3.3")
    start.add_argument("--auto-enroll", action="store_true", help="registered units enrol what is moved into them")


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


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) not in range(1, 65536):
        raise argparse.ArgumentTypeError(f'"{text}" is not a port, 1 to 65535')
    return int(text)


def _worker(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "worker", "carry out what runs submit to the Temporal server (engine.kind: temporal)")
    verb.add_argument(
        "--lane", action="append", default=[], metavar="LANE=N", help="serve this lane, N at a time; default: all lanes"
    )
    verb.add_argument("--grace", type=_seconds, default=30.0, metavar="SECONDS", help="to finish in when told to leave")
    verb.add_argument("--health-port", type=_port, metavar="PORT", help="answer GET / on 127.0.0.1: 200 while it works")
    verb.add_argument(
        "--health-check",
        type=_port,
        metavar="PORT",
        help="only ask the worker with that health port: exit 0 if it works",
    )


def _status(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "status", "which runs go on at the Temporal server, and where an account stands in them")
    verb.add_argument("key", metavar="KEY", nargs="?", help="the request: its file name without suffix")


def _completion(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verb = _verb(verbs, "completion", "print a completion script for your shell")
    verb.add_argument("shell", choices=("bash", "zsh", "tcsh"))
