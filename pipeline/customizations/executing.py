"""Running what a customization brings to run before and after Terraform, in one account.

It runs in a copy of the customization's files that is this run's alone: what it writes reaches what runs after Terraform, and
neither Terraform nor another account. Its only session is the account's own; there is none of the state.
"""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pipeline.customizations.credentials import AFT_TARGET, TARGET, handed_out
from pipeline.customizations.environment import ACCOUNT_ID, plain_environment
from pipeline.customizations.executables import is_sourced
from pipeline.customizations.failures import Failure, TerraformError
from pipeline.customizations.log_tail import tail_of
from pipeline.customizations.processes import Command, Ended, Ending, run
from pipeline.customizations.python_environment import python_environment
from pipeline.customizations.releases import Tree, copy_tree
from pipeline.customizations.runs import Job, Surroundings
from pipeline.customizations.sources import NAMED

_GRACE: Final = 5.0
_MOST: Final = 16_000_000
"""Bytes of output: more of it ends the executable."""
_SAID: Final = 200
"""Characters of the output that the run record gets where all went well."""
_OTHERS: Final = re.compile(r"\b(?:aft-management(?:-admin)?|ct-management|ct-audit|ct-log-archive)\b")
"""Profiles that AFT has and we do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """What runs before and after; nothing, if the customization brings nothing. Each raises `TerraformError` if it fails.

    Both answer the last words of each executable that has said something, in one line of it.
    """

    around: Surroundings
    job: Job
    home: Path
    environment: Mapping[str, str]

    @property
    def follows(self) -> bool:
        """Whether something runs after Terraform."""
        return bool(self.job.release.executables.after)

    def before(self) -> tuple[str, ...]:
        return self._all(self.job.release.executables.before)

    def after(self) -> tuple[str, ...]:
        return self._all(self.job.release.executables.after)

    def _all(self, paths: Iterable[str]) -> tuple[str, ...]:
        said = [(Path(path).name, self._carry_out(path)) for path in paths]
        return tuple(f"{name}: {words}" for name, words in said if words)

    def _carry_out(self, path: str) -> str:
        file = str(self.home / path)
        sourced = is_sourced(path)
        command = Command(
            arguments=("bash", "-c", 'source "$1"', path, file) if sourced else (file,),
            directory=_place(self.job, self.home) if sourced else self.home,
            environment={**self.environment, "AWS_PROFILE": AFT_TARGET if sourced else TARGET},
            log=self.around.workspace.log(self.job.target, Path(path).stem),
            limit=self.around.limits.executable,
            most=_MOST,
        )
        ours = self.around.patience
        ended = run(command, replace(ours, grace=min(ours.grace, _GRACE)))
        too_long = _is_too_long(command.log)
        if too_long:
            os.truncate(command.log, _MOST)
        if ended.ending is not Ending.EXITED or ended.code != 0 or too_long:
            raise TerraformError(_failure(self.job, path, command, ended, too_long=too_long))
        return tail_of(command.log, _SAID)


@contextmanager
def attended(around: Surroundings, job: Job, tree: Tree, folder: Path) -> Iterator[Attendance]:
    """What runs before and after Terraform, ready to run below `folder`, with the account's session while the context is open.

    Raises `ServiceError` for a session that is not to be had, and for requirements of Python that cannot be installed.
    """
    if job.release.executables.is_empty:
        yield Attendance(around=around, job=job, home=folder, environment={})
        return
    account_id = job.target.account_id
    place = folder / "files"
    # AFT's scripts look for themselves in a folder that is named after their customization.
    root = place / Path(tree.root / tree.home).name if tree.home == "." else place
    try:
        copy_tree(tree, root)
        home = root / tree.home
        with handed_out(around.sessions, account_id, with_state=False) as private:
            environment = plain_environment(around.ours, folder=private, region=around.region)
            yield Attendance(
                around=around,
                job=job,
                home=home,
                environment={
                    **environment,
                    **_python(around, job, tree, home, environment["PATH"]),
                    **_known_to_aft(job, home),
                    ACCOUNT_ID: account_id,
                    "CT_MGMT_REGION": around.region,
                },
            )
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _python(around: Surroundings, job: Job, tree: Tree, home: Path, path: str) -> dict[str, str]:
    """What makes the virtual environment the one that is used."""
    requirements = job.release.executables.requirements
    if requirements is None:
        return {}
    made = python_environment(
        around.workspace,
        home / requirements,
        files=dict(tree.files),
        ours=around.ours,
        patience=around.patience,
        limit=around.limits.executable,
    )
    return {"VIRTUAL_ENV": str(made), "PATH": f"{made / 'bin'}:{path}"}


def _known_to_aft(job: Job, home: Path) -> dict[str, str]:
    """AFT's variables that lead a script to its own files."""
    place = _place(job, home)
    named = {} if place == home else {"CUSTOMIZATION": home.name}
    return {"DEFAULT_PATH": str(place), **named}


def _place(job: Job, home: Path) -> Path:
    """Where AFT's scripts begin: the folder of global customizations; of account customizations the one above it."""
    folder = (job.release.home or job.release.folder).parent
    return home.parent if folder.name == Path(NAMED).name else home


def _is_too_long(log: Path) -> bool:
    return log.stat().st_size > _MOST


def _failure(job: Job, path: str, command: Command, ended: Ended, *, too_long: bool) -> Failure:
    where = f'account {job.target.account_id}, customization "{job.target.customization}": {path}'
    log = f"the whole output is in {command.log}"
    if ended.ending is Ending.CANCELLED and not too_long:
        return Failure(
            message=f"{where} was stopped, because the run was",
            hint=f"run again; {log}",
            temporary=True,
            log=command.log,
        )
    said = tail_of(command.log)
    message = f"{where} {_how(command, ended, too_long=too_long)}{f': {said}' if said else ''}"
    remedy = "correct it and run again"
    if other := _OTHERS.search(said):
        remedy = f'use the profile "{AFT_TARGET}": there is no profile "{other[0]}" here, only the account\'s own'
    return Failure(message=message, hint=f"{remedy}; {log}", log=command.log)


def _how(command: Command, ended: Ended, *, too_long: bool) -> str:
    if too_long:
        return f"writes more than {_MOST // 1_000_000} MB and was stopped"
    if ended.ending is Ending.TIMED_OUT:
        return f"takes longer than {command.limit:.0f} seconds and was stopped"
    return f"was ended by signal {-ended.code}" if ended.code < 0 else f"failed with exit code {ended.code}"
