"""`vend email-code KEY [CODE]`."""

import os
import re
from argparse import Namespace
from pathlib import Path
from typing import Final

from pipeline.app.email_code import email_code
from pipeline.app.parts import Parts
from pipeline.app.workspace import find_workspace
from pipeline.cli.output import print_note, print_text
from pipeline.errors import ExitCode, UsageError
from pipeline.reports.escaping import visible

VARIABLE: Final = "VEND_EMAIL_CODE"
"""Where CI hands the code over: the arguments of a process are for everybody on its machine to read."""

_CODE: Final = re.compile(r"[A-Za-z0-9]{6,8}")
"""https://docs.aws.amazon.com/accounts/latest/reference/API_AcceptPrimaryEmailUpdate.html; a guide shows eight digits."""


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    code = None if arguments.send_again else _code(arguments)
    handed = email_code(find_workspace(arguments.root, working_directory), parts, arguments.key, code)
    print_text(f"{visible(arguments.key)} {handed.account_id}: {visible(handed.message)}")
    if handed.note:
        print_note(visible(handed.note))
    return handed.exit_code


def _code(arguments: Namespace) -> str:
    """Raises `UsageError`, which never repeats what was given: it may be the code with a slip in it."""
    given = (arguments.code or os.environ.get(VARIABLE, "")).strip()
    if not given:
        raise UsageError(
            "email-code: there is no code",
            hint=f"write it after the key, or set {VARIABLE}; --send-again has another one sent",
        )
    if not _CODE.fullmatch(given):
        raise UsageError("email-code: a code is six letters and digits", hint="copy it from the mail that AWS has sent")
    return given
