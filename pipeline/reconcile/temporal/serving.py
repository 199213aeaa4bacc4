"""Which lanes are served, and by workers of which version, as the server has seen them ask for work."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from pipeline.errors import TemporaryServiceError
from pipeline.model.operation import Lane
from pipeline.reconcile.temporal.names import Timing, lane_queue
from pipeline.reconcile.temporal.turn import numbers

_FRESH: Final = timedelta(seconds=90)
"""A worker asks for work at least once a minute."""

_REMEMBERED: Final = timedelta(minutes=5)
"""The server forgets who has not asked for work for so long (matching's `pollerHistoryTTL`)."""

_WORKER: Final = "vend worker"


def worker_identity(version: str, host: str, process: int) -> str:
    """What a worker calls itself at the server."""
    return f"{_WORKER} {version} {host} {process}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Poller:
    """Who has asked for work on a lane, and when by the server's clock."""

    identity: str
    seen: datetime

    @property
    def version(self) -> str:
        """Of its program; empty where it does not say."""
        words = self.identity.removeprefix(_WORKER).split()
        return words[0] if self.identity.startswith(_WORKER) and words else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookout:
    """Looks until every lane of a run has a worker. `version`: of the program that orders it; `places`: of its lanes.

    `now`: the time of this machine, which need not be that of the server.
    """

    client: Client
    scope: str
    version: str
    places: Mapping[Lane, int]
    timing: Timing
    rest: Callable[[float], Awaitable[None]]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def wait_for(self, lanes: Iterable[Lane]) -> None:
        """Raises `TemporaryServiceError` that names every lane without a worker, and the command that starts one."""
        wanted = sorted(set(lanes))
        waited = 0.0
        pollers = await self._pollers(wanted)
        while (missing := self._missing(pollers)) and waited < self.timing.workers:
            await self.rest(self.timing.poll)
            waited += self.timing.poll
            pollers = await self._pollers(wanted)
        if missing:
            raise self._none(missing, pollers)

    async def _pollers(self, lanes: Sequence[Lane]) -> Mapping[Lane, Sequence[Poller]]:
        return {lane: await self._pollers_of(lane) for lane in lanes}

    async def _pollers_of(self, lane: Lane) -> list[Poller]:
        request = DescribeTaskQueueRequest(
            namespace=self.client.namespace,
            task_queue=TaskQueue(name=lane_queue(self.scope, lane)),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
        answer = await self.client.workflow_service.describe_task_queue(request, retry=True)
        return [Poller(identity=each.identity, seen=each.last_access_time.ToDatetime(UTC)) for each in answer.pollers]

    def _missing(self, pollers: Mapping[Lane, Sequence[Poller]]) -> list[Lane]:
        alive = self._alive(pollers)
        return [lane for lane, some in alive.items() if not any(self._is_new_enough(each) for each in some)]

    def _alive(self, pollers: Mapping[Lane, Sequence[Poller]]) -> Mapping[Lane, Sequence[Poller]]:
        """Those that have asked lately; where the clock of this machine cannot be right, by the last that the server has seen."""
        now = self.now()
        newest = max((each.seen for some in pollers.values() for each in some), default=now)
        if not now - _REMEMBERED <= newest <= now:
            now = newest
        return {lane: [each for each in some if each.seen > now - _FRESH] for lane, some in pollers.items()}

    def _is_new_enough(self, poller: Poller) -> bool:
        return not poller.version or numbers(poller.version) >= numbers(self.version)

    def _none(self, missing: Sequence[Lane], pollers: Mapping[Lane, Sequence[Poller]]) -> TemporaryServiceError:
        names = ", ".join(f'"{lane}"' for lane in missing)
        what = f"no worker serves the lane {names}" if len(missing) == 1 else f"no worker serves the lanes {names}"
        alive = self._alive(pollers)
        older = sorted({each.version for lane in missing for each in alive[lane]}, key=numbers)
        hint = self._commands(missing)
        if older:
            what += f" in version {self.version}, only in {', '.join(older)}"
            hint = f"update the workers before the job that orders; or {hint}"
        return TemporaryServiceError(f"engine: {what} of {self.scope}; nothing was submitted", hint=hint)

    def _commands(self, missing: Sequence[Lane]) -> str:
        """What starts workers of these lanes; closures have some of their own, since they take another role."""
        others = "".join(f" --lane {lane}={self.places[lane]}" for lane in missing if lane is not Lane.CLOSING)
        commands = [f"vend worker{others}"] if others else []
        if Lane.CLOSING in missing:
            commands.append(f"vend worker --lane closing={self.places[Lane.CLOSING]}")
        hint = f"start one with: {', and one with: '.join(commands)}"
        closes = "; if roles.apply may not close accounts, with VEND_APPLY_ROLE=ARN of the role that may"
        return hint + closes if Lane.CLOSING in missing else hint
