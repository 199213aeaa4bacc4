"""Record the histories of a run that does everything once: `python -m tests.contract.record_histories`.

Only for a new version of the interpreter; those of a released one are never recorded anew.
"""

import asyncio
from pathlib import Path

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.operation import Done, Lane, Waiting
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.inline import PLACES
from pipeline.reconcile.patience import Patience
from pipeline.reconcile.temporal.connection import Server, connect
from pipeline.reconcile.temporal.engine import TemporalEngine
from pipeline.reconcile.temporal.names import VERSION, account_workflow, run_workflow
from pipeline.reconcile.temporal.turn import Hands
from tests.temporal_bench import QUICK, SCOPE, Crew, TemporalServer
from tests.unit.reconcile.fakes import FakeClock, Notes, Script, a_creation, a_task

FOLDER = Path(__file__).parent / "histories"


def main() -> None:
    server = TemporalServer()
    server.start()
    crew = Crew(server, dict.fromkeys(Lane, 4))
    script = Script(
        {
            ("new", "wait"): [Waiting(reason="in progress", delay=5), Done(facts={"account_id": "111122223333"})],
            ("busy", "x"): [TemporaryServiceError("busy"), Done(message="done")],
            ("no", "x"): [PermanentServiceError("no", stops_lane=True)],
        }
    )
    tasks = [
        a_creation("new"),
        a_task("busy", "x", after=["new"]),
        a_task("no", ("x", Lane.CLOSING), after=["busy"]),
        a_task("unwanted", ("x", Lane.CLOSING), after=["no"]),
        a_task("refused", refusal="no such thing"),
    ]
    crew.hands["recorded"] = lambda _, __: Hands(
        perform=script, clock=FakeClock(), jitter=lambda: 0.5, patience=Patience()
    )
    address = Server(address=server.address)
    engine = TemporalEngine(address, SCOPE, "recorded", "1.0", PLACES, on_write=lambda _: None, timing=QUICK)
    engine.run(tasks, script, Notes(), Stop())
    asyncio.run(_write(address))
    crew.stop()
    server.kill()


async def _write(server: Server) -> None:
    client = await connect(server, "recorder")
    FOLDER.mkdir(exist_ok=True)
    names = {"run": run_workflow(SCOPE, "recorded"), "change": account_workflow(SCOPE, "new")}
    for name, workflow_id in names.items():
        history = await client.get_workflow_handle(workflow_id).fetch_history()
        (FOLDER / f"{name}-{VERSION}.json").write_text(history.to_json())


if __name__ == "__main__":
    main()
