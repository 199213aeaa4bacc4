"""A worker in a process of its own that customizes accounts with a program that plays Terraform, to be killed."""

from pathlib import Path

from pipeline.app.clock import SystemClock
from pipeline.customizations.failures import Failure
from pipeline.model.customization import Difference, ResourceChange
from pipeline.model.operation import Done, Facts, Lane, Operation, Result
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.patience import Patience
from pipeline.reconcile.temporal.connection import Server
from pipeline.reconcile.temporal.fleet import Post, work
from pipeline.reconcile.temporal.turn import Hands, Turns
from tests.unit.customizations.terraform_bench import Bench, planned

ADDRESS = "aws_vpc.main"

_LOCKED = """
lock, until = os.path.join(here, "lock"), time.time() + 20
def note(what):
    with open(os.path.join(here, "order"), "a") as order:
        order.write(what + "\\n")
while True:
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
        break
    except FileExistsError:
        if time.time() > until:
            sys.exit("the state stays locked")
        time.sleep(0.05)
note(verb + " begins")
"""
"""As Terraform does: whoever plans or applies waits for the lock of the state."""

_PLAN = """
if not os.path.exists(os.path.join(here, "applied")):
    print(json.dumps({change}))
    play["code"] = 2
"""
_APPLY = """
time.sleep({seconds})
open(os.path.join(here, "applied"), "w").close()
"""
_UNLOCKED = """
note(verb + " ends")
os.unlink(lock)
"""


def bench(root: Path, seconds: float) -> Bench:
    """Terraform takes `seconds` to apply, under the lock of the state; afterwards a plan has no changes."""
    made = Bench(root)
    plan = _PLAN.format(change=planned("create", ADDRESS))
    made.terraform.plays("plan", python=(_LOCKED + plan + _UNLOCKED,))
    made.terraform.plays("apply", python=(_LOCKED + _APPLY.format(seconds=seconds) + _UNLOCKED,))
    return made


def customize(address: str, scope: str, root: Path) -> None:
    """Serve the lane `terraform` until killed."""
    bench_ = Bench(root)
    customizer, job = bench_.customizer(), bench_.job()
    reviewed = Difference(changes=(ResourceChange(address=ADDRESS, action="create"),), applicable=True)

    def perform(_: Operation, __: Facts) -> Result:
        ran = customizer.apply(job, reviewed)
        if isinstance(ran, Failure):
            raise ran.error
        return Done(message=type(ran).__name__)

    hands = Hands(perform=perform, clock=SystemClock(), jitter=lambda: 0.5, patience=Patience())
    post = Post(server=Server(address=address), scope=scope, places={Lane.TERRAFORM: 1}, throttle=0.1, sticky=1.0)
    work(post, Turns(lambda _, __, ___: hands, "1.0"), Stop())
