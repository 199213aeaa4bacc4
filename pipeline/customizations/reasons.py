"""Why a customization runs, for people; of a changed source, which files have changed."""

import logging
from collections.abc import Sequence
from typing import Final, Protocol

from pipeline.customizations.deciding import Due, Reason
from pipeline.customizations.releases import Release
from pipeline.customizations.runs import Job
from pipeline.errors import ServiceError

SHOWN: Final = 5
"""Files that a reason names; the rest is counted."""

_Asked = tuple[Release, str]
"""A release, and the earlier source that it is compared with."""

_logger = logging.getLogger(__name__)


class Comparing(Protocol):
    """What is asked of a `Customizer`."""

    def changed_files(self, job: Job, earlier_source: str) -> tuple[str, ...]: ...


class Reasons:
    """The reasons of one run. For one thread only.

    Each earlier source of a release is asked for once, however many accounts have it: that costs two calls.
    """

    def __init__(self, customizer: Comparing) -> None:
        self._customizer = customizer
        self._files: dict[_Asked, tuple[str, ...]] = {}

    def of(self, job: Job, due: Due) -> tuple[str, ...]:
        """The reasons in words: `source changed (main.tf, modules/x/a.tf)`."""
        return tuple(
            reason.value + (self._changed(job, due.earlier_source) if reason is Reason.SOURCE_CHANGED else "")
            for reason in due.reasons
        )

    def _changed(self, job: Job, earlier: str) -> str:
        if not earlier:
            return ""
        asked = (job.release, earlier)
        if asked not in self._files:
            self._files[asked] = self._ask(job, earlier)
        return _listed(self._files[asked])

    def _ask(self, job: Job, earlier: str) -> tuple[str, ...]:
        try:
            return self._customizer.changed_files(job, earlier)
        except (ServiceError, OSError, ValueError) as error:
            # That it has changed is known; a plan does not fail because what was remembered is damaged or out of reach.
            _logger.info("the files of an earlier source cannot be read: %s", error)
            return ()


def _listed(files: Sequence[str]) -> str:
    if not files:
        return ""
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    # Git keeps names as bytes, which need not be text.
    names = (name.encode("utf-8", "backslashreplace").decode() for name in files[:SHOWN])
    return f" ({', '.join(names)}{more})"
