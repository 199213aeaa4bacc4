"""`vend import-event FILE`."""

import sys
from argparse import Namespace
from pathlib import Path

from pipeline.app.import_event import Imported, import_event
from pipeline.app.parts import Parts
from pipeline.app.workspace import find_workspace
from pipeline.cli.output import print_note, print_text
from pipeline.errors import ExitCode, UsageError
from pipeline.reports import findings
from pipeline.reports.events import as_text


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    workspace = find_workspace(arguments.root, working_directory)
    data, source = _event(arguments.file)
    imported = import_event(workspace, parts, data, source, observed_file=arguments.observed)
    if imported.findings:
        print_note(findings.as_text(imported.findings).rstrip("\n"))
    _show(imported)
    return imported.exit_code


def _show(imported: Imported) -> None:
    if imported.event is None:
        return
    print_note(
        as_text(
            name=imported.event.name,
            has_succeeded=imported.event.has_succeeded,
            account_id=imported.event.account_id,
            account_name=imported.account.spec.name if imported.account else imported.event.account_name,
            unit=imported.unit or imported.event.unit_name or imported.event.unit_id,
            message=imported.event.message,
        )
    )
    if imported.request is not None:
        print_note(f'request "{imported.request}" speaks for it: run `vend plan`')
    elif imported.owner is not None:
        print_note(f'it belongs to repository "{imported.owner}": nothing to do here')
    elif imported.text:
        print_note(
            f"no request speaks for it; to adopt it, check this with `vend validate` and commit it as {imported.file}:\n"
        )
        print_text(imported.text)


def _event(file: str) -> tuple[bytes, str]:
    """The bytes of a file, or of standard input, and what to call them. Raises `UsageError` if they cannot be read."""
    if file == "-":
        return sys.stdin.buffer.read(), "standard input"
    try:
        return Path(file).read_bytes(), file
    except OSError as error:
        raise UsageError(f'import-event: "{file}" cannot be read: {error.strerror}', hint="check the path") from error
