"""Every error that AWS's models know of an operation that we call leads to its class, and the change goes through later."""

from collections.abc import Iterator
from typing import Final

import botocore.session
import pytest

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.change import ChangeControl, ControlAction, OrganizationChange
from pipeline.model.landing_zone import Mode
from pipeline.model.operation import Done
from pipeline.sandbox.faults import Fault, Kind
from tests.contract.landing_zone_benches import CONTROL, LandingZoneBench, landing_zone, make
from tests.contract.provisioner_benches import carry_out
from tests.contract.test_provisioner_landing_zone import change_of

OPERATIONS: Final = [
    ("servicecatalog", "ProvisionProduct", "create"),
    ("servicecatalog", "UpdateProvisionedProduct", "move"),
    ("servicecatalog", "TerminateProvisionedProduct", "unmanage"),
    ("servicecatalog", "DescribeRecord", "create"),
    ("servicecatalog", "SearchProvisionedProducts", "create"),
    ("servicecatalog", "ListLaunchPaths", "create"),
    ("servicecatalog", "GetProvisionedProductOutputs", "administrator"),
    ("controltower", "EnableBaseline", "register"),
    ("controltower", "ResetEnabledBaseline", "reset"),
    ("controltower", "GetBaselineOperation", "register"),
    ("controltower", "ListEnabledBaselines", "register"),
    ("controltower", "EnableControl", "enable"),
    ("controltower", "UpdateEnabledControl", "update"),
    ("controltower", "DisableControl", "disable"),
    ("controltower", "ResetEnabledControl", "reset control"),
    ("controltower", "GetControlOperation", "enable"),
    ("controltower", "ListEnabledControls", "enable"),
    ("sso-admin", "DeleteAccountAssignment", "administrator"),
]
"""Service, operation, and the kind of a change that calls it."""

NOT_MODELLED: Final = ("ThrottlingException", "AccessDeniedException")
PASSING: Final = {"ThrottlingException", "ConflictException"}
"""Waited out."""

CLASSES: Final = {
    "InternalServerException": {"later"},
    "LimitExceededException": {"later", "fails", "stops"},
    "ServiceQuotaExceededException": {"later", "fails", "stops"},
    "ValidationException": {"fails", "done"},
    "InvalidParametersException": {"fails", "stops", "done", "vanishes"},
    "AccessDeniedException": {"fails", "stops"},
    "DuplicateResourceException": {"later"},
    "ResourceNotFoundException": {"fails", "stops", "done", "vanishes", "later"},
}
"""Section 7 of our notes on AWS. What is not there any more may be as wanted, or nothing to wait for."""


@pytest.fixture(scope="module")
def bench() -> Iterator[LandingZoneBench]:
    with landing_zone(Mode.SERVICE_CATALOG) as shared:
        yield shared


def errors_of(service: str, operation: str) -> set[str]:
    model = botocore.session.get_session().get_service_model(service).operation_model(operation)
    return {each.name for each in model.error_shapes} | set(NOT_MODELLED)


def prepared(bench: LandingZoneBench, kind: str) -> OrganizationChange:
    if kind != "reset control":
        return change_of(bench, kind)
    change_of(bench, "disable")
    bench.drift("control-drift", "Workloads")
    return ChangeControl(path="Workloads", control=CONTROL, action=ControlAction.RESET)


def fault(operation: str, code: str, times: int = 1) -> Fault:
    is_server = code.startswith("Internal")
    return Fault(
        kind=Kind.ERROR,
        operation=operation,
        code=code,
        message="said AWS",
        status=500 if is_server else 400,
        times=1_000 if is_server else times,
    )


def became(bench: LandingZoneBench, change: OrganizationChange) -> str:
    """The class that an error led to; whatever it is, people are told what to do."""
    try:
        results = carry_out(bench, bench.provisioner(), change)
    except (PermanentServiceError, TemporaryServiceError) as error:
        return _class_of(error) if error.hint else "without a hint"
    return "done" if isinstance(results[-1], Done) else "vanishes"


def _class_of(error: PermanentServiceError | TemporaryServiceError) -> str:
    if isinstance(error, TemporaryServiceError):
        return "later"
    return "stops" if error.stops_lane else "fails"


@pytest.mark.parametrize(("service", "operation", "kind"), OPERATIONS)
def test_each_error_that_is_modelled_has_its_class_and_the_change_goes_through_afterwards(
    bench: LandingZoneBench, service: str, operation: str, kind: str
) -> None:
    errors = errors_of(service, operation)
    assert errors <= CLASSES.keys() | PASSING, "the SDK knows an error that this test does not"
    bench.begin_anew()
    change = prepared(bench, kind)
    for code in sorted(errors - PASSING):
        bench.served.inject(fault(operation, code))
        bench.served.calls.clear()
        found = became(bench, change)
        bench.served.sandbox._clear_faults()
        assert found in CLASSES[code], (code, found)
        assert any(each.error for each in bench.served.calls if each.operation == operation), code
        if found == "done":
            bench.begin_anew()
            change = prepared(bench, kind)
    for code in sorted(errors & PASSING):
        bench.served.inject(fault(operation, code))
    if became(bench, change) == "later":  # the engine performs an operation again, too
        make(bench, change)
    assert bench.served.sandbox._pending() == (), "each has been answered"
