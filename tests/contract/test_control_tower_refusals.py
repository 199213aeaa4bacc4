"""Each error of Service Catalog and Control Tower is injected once, and leads to its class."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pipeline.errors import PermanentServiceError, ServiceError, TemporaryServiceError
from pipeline.model.change import ChangeControl, ControlAction, UnmanageAccount
from pipeline.model.landing_zone import Mode
from pipeline.model.operation import Done, Result, Vanished
from pipeline.sandbox.faults import Fault, Kind
from tests.contract.landing_zone_benches import CONTROL, LandingZoneBench, account_named, landing_zone, make, registered
from tests.contract.provisioner_benches import account, carry_out

BUSY = (
    "Account Factory cannot complete an operation on this account, because another AWS Control Tower operation is in "
    "progress. Try again later."
)


ALL: list[tuple[str, str, str, str]] = [
    ("ProvisionProduct", "InvalidParametersException", BUSY, "waits"),
    ("ProvisionProduct", "InvalidParametersException", "because another execution is in progress", "waits"),
    ("ProvisionProduct", "InvalidParametersException", "another request is already in progress", "waits"),
    ("ProvisionProduct", "ResourceInUseException", "in use", "waits"),
    ("ProvisionProduct", "InvalidStateException", "under change", "waits"),
    ("ProvisionProduct", "ThrottlingException", "Rate exceeded", "retries"),
    ("ProvisionProduct", "InternalFailure", "", "later"),
    ("ProvisionProduct", "InvalidParametersException", "A stack named billing already exists", "later"),
    ("ProvisionProduct", "DuplicateResourceException", "A provisioned product named x already exists.", "later"),
    ("ProvisionProduct", "InvalidParametersException", "The parent organizational unit 'x' is not enrolled", "fails"),
    ("ProvisionProduct", "InvalidParametersException", "could not baseline VPC in the managed account", "fails"),
    ("ProvisionProduct", "InvalidParametersException", "who knows", "fails"),
    ("ProvisionProduct", "ResourceNotFoundException", "No launch paths found for resource: prod-1", "stops"),
    ("ProvisionProduct", "AccessDeniedException", "", "fails"),
    ("ProvisionProduct", "ValidationException", "", "fails"),
    ("ListEnabledBaselines", "AccessDeniedException", "", "stops"),
    ("EnableBaseline", "ConflictException", "another operation is in progress", "waits"),
    ("EnableBaseline", "ServiceQuotaExceededException", "", "fails"),
    ("EnableBaseline", "ResourceNotFoundException", "", "vanishes"),
    ("EnableControl", "ConflictException", "another operation is in progress", "waits"),
    ("EnableControl", "ServiceQuotaExceededException", "100 operations are queued", "later"),
    ("TerminateProvisionedProduct", "InvalidStateException", "under change", "waits"),
]
"""Operation, error, its text, and the class that it leads to: section 7 of our notes on AWS.

The errors that the SDK knows of an operation are in test_control_tower_errors.py.
"""


@pytest.fixture(scope="module")
def bench() -> Iterator[LandingZoneBench]:
    with landing_zone(Mode.SERVICE_CATALOG) as shared:
        yield shared


@pytest.mark.parametrize(("operation", "code", "message", "expected"), ALL)
def test_each_error_has_its_class(
    bench: LandingZoneBench, operation: str, code: str, message: str, expected: str
) -> None:
    bench.begin_anew()
    make(bench, *registered("Workloads"))
    change: Any = account_named("billing", Mode.SERVICE_CATALOG)
    if operation == "EnableBaseline":
        change = registered("Data")[1]
        make(bench, registered("Data")[0])
    elif operation == "EnableControl":
        change = ChangeControl(path="Workloads", control=CONTROL, action=ControlAction.ENABLE)
    elif operation == "TerminateProvisionedProduct":
        make(bench, change)
        made = account(bench.provisioner().observe(), "aws+billing@example.com")
        change = UnmanageAccount(key="billing", account_id=made.account_id, name="billing")
    provisioner = bench.provisioner()
    is_server = code.startswith("Internal")
    status, times = (500, 1_000) if is_server else (400, 1)
    refused = Fault(kind=Kind.ERROR, operation=operation, code=code, message=message, status=status, times=times)
    bench.served.inject(refused)
    assert outcome(bench, lambda: carry_out(bench, provisioner, change), operation, code) == expected
    bench.served.sandbox._clear_faults()
    if expected in {"later", "waits", "retries"}:
        make(bench, change)


def outcome(bench: LandingZoneBench, work: Callable[[], list[Result]], operation: str, code: str) -> str:
    """What became of a change whose one call was refused."""
    bench.served.calls.clear()
    slept = bench.clock.monotonic()
    try:
        results = work()
    except (TemporaryServiceError, PermanentServiceError) as error:
        return f"{_class_of(error)}{'' if error.hint else ' without a hint'}"
    if isinstance(results[-1], Vanished):
        return "vanishes"
    assert all(isinstance(each, Done) for each in results)
    assert len([call for call in bench.served.calls if call.operation == operation and call.error]) == 1
    assert bench.clock.monotonic() > slept
    return "retries" if code == "ThrottlingException" else "waits"


def _class_of(error: ServiceError) -> str:
    if isinstance(error, PermanentServiceError):
        return "stops" if error.stops_lane else "fails"
    return "later"
