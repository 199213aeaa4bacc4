"""One run of Terraform for one account: its folder, its sessions, its commands, from the first to the last."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pipeline.customizations.credentials import Sessions, handed_out
from pipeline.customizations.environment import ACCOUNT_ID, environment
from pipeline.customizations.events import Spoken, understand
from pipeline.customizations.failures import TerraformError, failure_of
from pipeline.customizations.fingerprint import reaching
from pipeline.customizations.overrides import Backend, S3Backend
from pipeline.customizations.processes import Command, Ended, Ending, Patience, run
from pipeline.customizations.releases import Release, Tree
from pipeline.customizations.rescued_state import refuse_unsaved, rescue
from pipeline.customizations.state import checked
from pipeline.customizations.terraform import Limits, Program, apply_arguments, init_arguments, plan_arguments
from pipeline.customizations.workspace import Prepared, Workspace, write_inputs
from pipeline.model.customization import Difference, Target
from pipeline.model.json import Json

_NOTHING: Final = 0
_CHANGES: Final = 2
"""Exit codes of `plan -detailed-exitcode`: https://developer.hashicorp.com/terraform/cli/commands/plan#detailed-exitcode"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One customization in one account, with everything that it needs. `inputs`: `account` among them, if there is one."""

    target: Target
    release: Release
    inputs: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all runs share. `ours`: the environment of this process. `region`: where the AWS provider works by default.

    `mirror`: a folder of providers, None for Terraform's registry. `patience` has to have a clock of real seconds.
    """

    program: Program
    workspace: Workspace
    sessions: Sessions
    patience: Patience
    ours: Mapping[str, str]
    region: str
    mirror: Path | None = None
    limits: Limits = field(default_factory=Limits)


class Run:
    """The commands of one run. Each raises `TerraformError` if it does not end well. `folder`: what is this run's alone."""

    def __init__(
        self, around: Surroundings, target: Target, environment: Mapping[str, str], prepared: Prepared, folder: Path
    ) -> None:
        self._around = around
        self._target = target
        self._environment = {**environment, "TF_WORKSPACE": target.account_id, ACCOUNT_ID: target.account_id}
        self._prepared = prepared
        self.folder = folder
        self._inputs = folder / "inputs.tfvars.json"
        self._plan = folder / "plan"

    def plan(self, *, lock: int | None) -> Difference:
        """Write the plan file, and tell what it would change. `lock`: seconds to wait for the state; None: take no lock."""
        # A plan that failed is written all the same: the exit code alone tells whether it may be applied.
        command = self._planning(lock)
        refuse_unsaved(command, self._target)
        ended, spoken = _carry_out(self._target, command, self._around.patience, good=frozenset({_NOTHING, _CHANGES}))
        return spoken.difference(applicable=ended.code == _CHANGES)

    def apply(self, *, lock: int) -> None:
        """Apply the plan file that `plan` has written, and nothing else."""
        arguments = apply_arguments(self._around.program, plan=self._plan, lock=lock)
        command = self._command(arguments, self._around.limits.apply)
        # Plans are not kept, so what a person repeats begins with another one.
        try:
            _carry_out(self._target, command, self._around.patience, repeat=self._planning(lock))
        except TerraformError as error:
            if (unsaved := rescue(command, self._target)) is not None:
                raise TerraformError(replace(unsaved, message=f"{error.failure.message}; {unsaved.message}")) from error
            raise

    def _planning(self, lock: int | None) -> Command:
        arguments = plan_arguments(self._around.program, inputs=self._inputs, plan=self._plan, lock=lock)
        return self._command(arguments, self._around.limits.plan)

    def _command(self, arguments: tuple[str, ...], limit: float) -> Command:
        return Command(
            arguments=arguments,
            directory=self._prepared.directory,
            environment=self._environment,
            log=self._around.workspace.log(self._target, arguments[1]),
            limit=limit,
        )


@contextmanager
def opened(
    around: Surroundings, job: Job, tree: Tree, backend: Backend, *, reaches_state: bool = True
) -> Iterator[Run]:
    """A run that is ready: the release is prepared, the inputs are written, the sessions are handed out.

    `reaches_state`: Terraform gets the session of the state, where the backend needs one. Raises `TerraformError` if `init`
    fails, and `ServiceError` for sessions that are not to be had, for files that cannot be read, and for waiting too long.
    """
    target, limits = checked(job.target), around.limits
    with_state = reaches_state and isinstance(backend, S3Backend)
    with (
        around.workspace.run_folder(target, patience=limits.plan) as folder,
        handed_out(around.sessions, target.account_id, with_state=with_state) as private,
    ):
        variables = environment(
            around.ours, folder=private, cli_config=around.workspace.cli_config, region=around.region
        )
        prepared = _prepare(around, job, tree, backend, variables)
        write_inputs(folder, reaching(job.release, job.inputs))
        yield Run(around, target, variables, prepared, folder)


def _prepare(around: Surroundings, job: Job, tree: Tree, backend: Backend, variables: Mapping[str, str]) -> Prepared:
    with around.workspace.preparing(job.release, tree, backend, around.program, patience=around.limits.init) as (
        prepared,
        fresh,
    ):
        if fresh:
            command = Command(
                arguments=init_arguments(around.program, locked=prepared.locked),
                directory=prepared.directory,
                environment=variables,
                log=around.workspace.log(job.target, "init"),
                limit=around.limits.init,
            )
            _carry_out(job.target, command, around.patience)
        return prepared


def _carry_out(
    target: Target,
    command: Command,
    patience: Patience,
    *,
    good: frozenset[int] = frozenset({0}),
    repeat: Command | None = None,
) -> tuple[Ended, Spoken]:
    ended = run(command, patience)
    with command.log.open(errors="replace") as log:
        spoken = understand(log)
    if ended.ending is not Ending.EXITED or ended.code not in good:
        raise TerraformError(failure_of(target, command, ended, spoken, repeat))
    return ended, spoken
