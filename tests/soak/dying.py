"""Workers in processes of their own that die by SIGKILL once in each kind of operation: before it, and after its first write."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final
from uuid import uuid4

from pipeline import __version__
from pipeline.app.customizing import KIND
from pipeline.app.machines import hands_for, scope_of, server_of, worker_places
from pipeline.app.workspace import Workspace
from pipeline.model.change import CustomizeAccount
from pipeline.model.operation import Facts, Operation, Result
from pipeline.model.plan import Plan
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.recorder import Write
from pipeline.reconcile.temporal.fleet import Post
from pipeline.reconcile.temporal.fleet import work as serve
from pipeline.reconcile.temporal.turn import Hands, Turns
from pipeline.settings import load_settings
from tests.end_to_end import machines
from tests.end_to_end.machines import DistributedParts

BEFORE: Final = "before"
AFTER_WRITE: Final = "after-write"
SEEN: Final = "seen"
INSIDE: Final = "inside"

WORKERS: Final = 3
KILLED: Final = -9
_LOOK: Final = 2.0


@dataclass(frozen=True, slots=True)
class Deaths:
    """The points at which a worker has died, one file each: so each of them is the end of one worker only.

    Where workers are not `mortal`, the points that they have come to.
    """

    folder: Path
    mortal: bool = True

    def die(self, moment: str, kind: str) -> None:
        """End this process, if none has ended at this point yet."""
        if self._note(moment, kind) and self.mortal:
            os.kill(os.getpid(), signal.SIGKILL)

    def see(self, kind: str) -> None:
        self._note(SEEN, kind)

    def kinds(self, moment: str) -> frozenset[str]:
        return frozenset(
            each.name.partition(" ")[2] for each in self.folder.iterdir() if each.name.startswith(f"{moment} ")
        )

    @contextmanager
    def inside(self, kind: str) -> Iterator[None]:
        """A worker that dies meanwhile, at whichever point of whichever operation, has died in this one, too."""
        mark = self.folder / f"{INSIDE} {kind}@{uuid4()}"
        mark.touch()
        try:
            yield
        finally:
            mark.unlink()

    def died_in(self) -> frozenset[str]:
        """The kinds of operation that somebody was in the middle of when he died."""
        return frozenset(each.rpartition("@")[0] for each in self.kinds(INSIDE))

    def _note(self, moment: str, kind: str) -> bool:
        try:
            os.close(os.open(self.folder / f"{moment} {kind}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True


def kind_of(operation: Operation) -> str:
    """The kind, and where it has several effects, which: the setting, the action on a unit or control."""
    which = (operation.arguments.get(name) for name in ("setting", "action", "repair"))
    return " ".join((operation.kind, *(str(each) for each in which if each)))


def operations_of(root: Path, plan: Plan) -> Iterator[Operation]:
    """All that a plan is carried out by, but for customizations."""
    provisioner = DistributedParts().provisioner(load_settings(root), "test", lambda _: None, Stop())
    provisioner.observe()  # what Control Tower does depends on the landing zone
    for change in plan.changes:
        if not isinstance(change, CustomizeAccount):
            yield from provisioner.expand(change)


def kinds_of(root: Path, plan: Plan) -> frozenset[str]:
    """The kinds of the operations that a plan is carried out by."""
    customized = {KIND for change in plan.changes if isinstance(change, CustomizeAccount)}
    return frozenset({*map(kind_of, operations_of(root, plan)), *customized})


class _Mortal:
    """The hands of a worker that dies before the first operation of a kind, and right after the first write in one."""

    def __init__(self, deaths: Deaths, root: Path) -> None:
        self._deaths = deaths
        self._root = root
        self._now = threading.local()

    def hands_for(self, run: str, stop: Stop, wrote: Callable[[Write], None]) -> Hands:
        def write(write: Write) -> None:
            if write.error is None:
                self._deaths.die(AFTER_WRITE, self._now.kind)
            wrote(write)

        hands = hands_for(Workspace(self._root), DistributedParts(), run, stop, write)

        def perform(operation: Operation, facts: Facts) -> Result:
            self._now.kind = kind_of(operation)
            self._deaths.see(self._now.kind)
            self._deaths.die(BEFORE, self._now.kind)
            with self._deaths.inside(self._now.kind):
                return hands.perform(operation, facts)

        return replace(hands, perform=perform)


def work(root: Path, environment: Mapping[str, str], deaths: Deaths) -> None:
    """Serve every lane, as `vend worker` does, until killed."""
    os.environ.update(environment)
    settings = load_settings(root)
    post = Post(
        server=server_of(settings), scope=scope_of(settings), places=worker_places(settings), grace=2.0, sticky=1.0
    )
    serve(post, Turns(_Mortal(deaths, root).hands_for, __version__), Stop())


@dataclass(slots=True, kw_only=True)
class Fleet:
    """As many workers as there shall be: for each that dies, another one is started."""

    root: Path
    environment: Mapping[str, str]
    deaths: Deaths
    address: str
    died: dict[int | None, float] = field(default_factory=dict)
    ended: list[int | None] = field(default_factory=list)
    """Exit codes of workers that have ended otherwise."""
    longest_unnoticed: float = 0.0
    """Seconds for which the server has taken a dead worker for one that is at work."""
    _alive: list[BaseProcess] = field(default_factory=list)
    _looked: float = field(default_factory=time.monotonic)

    def go_on(self) -> None:
        for worker in [each for each in self._alive if not each.is_alive()]:
            self._alive.remove(worker)
            if worker.exitcode == KILLED:
                self.died[worker.pid] = time.monotonic()
            else:
                self.ended.append(worker.exitcode)
        while len(self._alive) < WORKERS:
            self._alive.append(machines.launch(work, self.root, self.environment, self.deaths))
        if time.monotonic() - self._looked > _LOOK:
            self._look()

    def _look(self) -> None:
        believed = asyncio.run(machines.at_work(self.address))
        unnoticed = (time.monotonic() - at for process, at in self.died.items() if process in believed)
        self.longest_unnoticed = max([self.longest_unnoticed, *unnoticed])
        self._looked = time.monotonic()

    def end(self) -> None:
        for each in self._alive:
            each.kill()
            each.join()


@contextmanager
def submitted(root: Path, environment: Mapping[str, str]) -> Iterator[BaseProcess]:
    """The process that orders the reviewed plan in plan.json."""
    job = machines.launch(machines.submit, root, environment, root / "record.json")
    try:
        yield job
    finally:
        job.kill()
        job.join()
