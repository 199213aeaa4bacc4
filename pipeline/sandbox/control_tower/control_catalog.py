"""AWS Control Catalog, as far as it tells what controls are made of, by its documentation.

https://docs.aws.amazon.com/controlcatalog/latest/APIReference/API_GetControl.html
Not imitated, and refused as unknown: listing controls, domains, objectives and mappings.
"""

from typing import Final

from pipeline.sandbox.control_tower.catalogue import control_details, is_control
from pipeline.sandbox.identifiers import token
from pipeline.sandbox.organization import Call
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service import Definition, Refusal
from pipeline.sandbox.validation import Problem


def _get_control(call: Call, parameters: Fields) -> Fields:
    """Takes the ARN of either service, and tells the global one."""
    arn = parameters["ControlArn"]
    if not is_control(arn, call.region):
        raise Refusal("ResourceNotFoundException", f"The control {arn} does not exist.")
    name = arn.rpartition("/")[2]
    behavior, implementation = control_details(arn)
    is_global = behavior == "PREVENTIVE"
    return {
        "Arn": arn if ":controlcatalog:" in arn else f"arn:aws:controlcatalog:::control/{token(name, 1, 25)}",
        "Aliases": [name],
        "Name": name,
        "Description": f"The control {name}.",
        "Behavior": behavior,
        "Severity": "MEDIUM",
        "RegionConfiguration": {"Scope": "GLOBAL"}
        if is_global
        else {"Scope": "REGIONAL", "DeployableRegions": [call.region]},
        "Implementation": {"Type": implementation},
    }


def _invalid(problems: list[Problem]) -> Refusal:
    return Refusal("ValidationException", "; ".join(problem.message for problem in problems))


CONTROL_CATALOG: Final = Definition(
    name="controlcatalog",
    operations={"GetControl": _get_control},
    invalid=_invalid,
    throttled=lambda: Refusal("ThrottlingException", "Rate exceeded"),
    authorize=lambda _call, _operation: None,  # it tells every account the same
    message="Message",
)
