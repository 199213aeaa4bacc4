"""A state that Terraform could not save: kept for its account alone, and nothing runs there before it is pushed.

Terraform writes it into the folder it works in, which all accounts of a customization share, so the next one would overwrite it.
https://developer.hashicorp.com/terraform/cli/state/recover
"""

from pathlib import Path
from typing import Final

from pipeline.customizations.failures import Failure, TerraformError, by_hand
from pipeline.customizations.processes import Command
from pipeline.model.customization import Target

_WRITTEN: Final = "errored.tfstate"


def rescue(command: Command, target: Target) -> Failure | None:
    """Take the state that `command` left in its folder away from there; what to do about it, None where it left none."""
    written = command.directory / _WRITTEN
    if not written.is_file():
        return None
    places = _places(command.log.parent, target)
    kept = next(place for place in places if not place.exists())
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written.chmod(0o600)
    written.replace(kept)
    return _unsaved(command, target, kept)


def refuse_unsaved(command: Command, target: Target) -> None:
    """Raises `TerraformError` while a kept state is not pushed: a plan against the older one would make everything again.

    So it does where a state still lies in the shared folder: a run died before it took it away, and it may be any account's.
    """
    kept = [
        place for place in sorted(command.log.parent.glob(f"{target.customization}.*.{_WRITTEN}")) if place.is_file()
    ]
    if kept:
        raise TerraformError(_unsaved(command, target, kept[-1]))
    if (left := command.directory / _WRITTEN).exists():
        raise TerraformError(_nobodys(target, left))


def _places(folder: Path, target: Target) -> list[Path]:
    return [folder / f"{target.customization}.{number}.{_WRITTEN}" for number in range(1, 1000)]


def _nobodys(target: Target, left: Path) -> Failure:
    """Temporary: another run may be about to take its own state away."""
    return Failure(
        message=f'customization "{target.customization}": a state that could not be saved lies in {left}; its run has died',
        hint="find out by its resources which account it is of, push it there with `terraform state push`, remove it, run again",
        temporary=True,
    )


def _unsaved(command: Command, target: Target, kept: Path) -> Failure:
    push = Command(
        arguments=(command.arguments[0], "state", "push", str(kept)),
        directory=command.directory,
        environment=command.environment,
        log=command.log,
        limit=command.limit,
    )
    where = f'account {target.account_id}, customization "{target.customization}"'
    return Failure(
        message=f"{where}: Terraform could not save its state; it is kept in {kept}",
        hint=f"push it first: {by_hand(push)}; then remove the file and run again; the log is {command.log}",
        log=command.log,
    )
