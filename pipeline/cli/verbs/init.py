"""`vend init`."""

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.app.init import GITHUB, GITLAB, Answers, find_out, init, problem_of
from pipeline.app.parts import Parts
from pipeline.cli.output import print_note, print_text
from pipeline.errors import ExitCode, UsageError

_QUESTIONS = {
    "account": "The id of the management account",
    "region": "The home Region of the organization",
    "repository": "The name of the repository, which the ownership tags will bear",
    "domain": "The domain of the accounts' e-mail addresses",
    "branch": "The main branch",
}


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    directory = working_directory / arguments.directory
    answers = _asked(find_out(directory, _given(arguments), parts))
    made = init(directory, answers)
    for path in made.written:
        print_text(f"written    {path}")
    for path in made.unchanged:
        print_text(f"unchanged  {path}")
    for path in made.kept:
        print_text(f"kept       {path}: it was there, with other content")
    print_note(_next(arguments.directory, answers))
    return ExitCode.OK


def _given(arguments: Namespace) -> Answers:
    return Answers(
        account=arguments.account,
        region=arguments.region,
        repository=arguments.repository,
        domain=arguments.domain,
        branch=arguments.branch,
        forge=arguments.forge,
        control_tower=arguments.control_tower,
    )


def _asked(answers: Answers) -> Answers:
    """The answers with what a person adds, who is only asked at a terminal."""
    missing = answers.missing
    if missing and not sys.stdin.isatty():
        names = ", ".join(f"--{name}" for name in missing)
        raise UsageError(f"vend init: {names} cannot be found out", hint=f"give {names}")
    for name in missing:
        answer: dict[str, Any] = {name: _ask(name)}
        answers = replace(answers, **answer)
    return answers


def _ask(name: str) -> str:
    while True:
        try:
            value = input(f"{_QUESTIONS[name]}: ").strip()
        except EOFError:
            raise UsageError("vend init: nobody answers", hint=f"give --{name}") from None
        problem = problem_of(name, value)
        if problem is None:
            return value
        print_note(f'"{value}" {problem}')


def _next(directory: Path, answers: Answers) -> str:
    forge = {GITHUB: "the workflows for GitHub", GITLAB: "the pipelines for GitLab"}.get(answers.forge or "")
    shipped = f", with {forge}" if forge else ""
    return (
        f"\nA workspace for the organization of account {answers.account} is in {directory}{shipped}.\n"
        f"Next: vend --root {directory} validate, then vend --root {directory} doctor, and docs/setup.md."
    )
