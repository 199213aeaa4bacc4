"""`vend observe`, and the observation that every plan starts from."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from pipeline.app.desire import Desire, read_desire
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.errors import UsageError
from pipeline.model.observed import Details, ObservedState
from pipeline.planning.details import details_wanted
from pipeline.planning.documents import observed_from_json
from pipeline.provisioners.protocol import Observer

_logger = logging.getLogger(__name__)


def observe(workspace: Workspace, parts: Parts) -> ObservedState:
    """The organization as it is, with the details that the valid requests name."""
    desire = read_desire(workspace, parts)
    return observe_for(desire, parts.observer(desire.settings, parts.new_run_id()))


def observe_organization(desire: Desire, observer: Observer) -> ObservedState:
    """The organization in the fewest calls, without details of single accounts.

    Raises `UsageError` when the credentials belong to another organization than `vending.yaml` names.
    """
    _logger.info("observing the organization of account %s", desire.settings.organization.management_account)
    observed = observer.observe()
    _logger.info(
        "%d accounts, %d units with the root, read at %s", len(observed.accounts), len(observed.units), observed.read_at
    )
    _check_organization(desire, observed)
    return observed


def observe_for(desire: Desire, observer: Observer, *, reread_tags_of: Iterable[str] = ()) -> ObservedState:
    """One observation for planning `desire`.

    `reread_tags_of`: accounts that were just written to; the bulk read of tags may not show it yet.
    Raises `UsageError` when the credentials belong to another organization than `vending.yaml` names.
    """
    observed = observe_organization(desire, observer)
    wanted = dict(details_wanted(desire.desired, observed, desire.settings.repository))
    present = {account.account_id for account in observed.accounts}
    for account_id in set(reread_tags_of) & present:
        wanted[account_id] = replace(wanted.get(account_id, Details()), tags=True)
    named = _only_named(wanted)
    _logger.info("contacts, Regions or tags of %d accounts are read one by one", len(named))
    return observer.observe_details(observed, named)


def read_observed(path: Path, desire: Desire) -> ObservedState:
    """An observed state from a file that `vend observe -o` wrote. Raises `DocumentError`, `UsageError`."""
    observed = observed_from_json(read_text(path, "--observed"), source=str(path))
    _check_organization(desire, observed)
    return observed


def read_text(path: Path, argument: str) -> str:
    """The text of a file that an argument names. Raises `UsageError` if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f'{argument}: "{path}" cannot be read: {error.strerror}', hint="check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f'{argument}: "{path}" is not UTF-8', hint="give a file that vend has written") from error


def _only_named(wanted: Mapping[str, Details]) -> dict[str, Details]:
    return {account_id: details for account_id, details in wanted.items() if details != Details()}


def _check_organization(desire: Desire, observed: ObservedState) -> None:
    wanted = desire.settings.organization.management_account
    if observed.management_account_id != wanted:
        raise UsageError(
            f'vending.yaml: the management account is "{wanted}", and AWS answers for the organization of '
            f'"{observed.management_account_id}"',
            hint="use credentials of the right organization, or correct organization.management_account",
        )
