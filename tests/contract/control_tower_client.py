"""A sandbox with a landing zone, whose every answer is held against botocore's model of the service."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from pipeline.sandbox.control import ask
from pipeline.sandbox.control_tower.account_factory import AccountFactory
from pipeline.sandbox.control_tower.by_hand import cause
from pipeline.sandbox.control_tower.landing_zone import LandingZone
from pipeline.sandbox.faults import Fault, Kind
from pipeline.sandbox.options import Options
from pipeline.sandbox.organizations.shapes import arn
from pipeline.sandbox.validation import problems
from tests.contract.sandbox_client import Aws, opened

ENDED = 10.0
"""Seconds after which every operation of the sandbox has ended, with the delays of `Options()`."""


class Tower:
    """What tests ask of a landing zone; `misfits` are answers that are not what the service's model says."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.misfits: list[str] = []
        self.api.meta.events.register("before-parse.controltower", self._check)

    def _check(self, operation_model: Any, response_dict: Any, **_: Any) -> None:
        if response_dict["status_code"] == HTTPStatus.OK:
            found = problems(operation_model.output_shape, json.loads(response_dict["body"]))
            self.misfits += [f"{operation_model.name}: {each.message}" for each in found]

    @property
    def api(self) -> Any:
        return self.aws.client("controltower")

    @property
    def zone(self) -> LandingZone:
        found = self.aws.served.sandbox.organization.landing_zone
        assert found is not None
        return found

    @property
    def factory(self) -> AccountFactory:
        return AccountFactory(self.zone)

    def landing_zone(self) -> dict[str, Any]:
        listed = self.api.list_landing_zones()["landingZones"][0]["arn"]
        answer: dict[str, Any] = self.api.get_landing_zone(landingZoneIdentifier=listed)["landingZone"]
        return answer

    def baseline(self, name: str = "AWSControlTowerBaseline") -> str:
        listed = self.api.list_baselines()["baselines"]
        return next(str(each["arn"]) for each in listed if each["name"] == name)

    def enabled(self, **filters: Any) -> list[dict[str, Any]]:
        """Enabled baselines with their children, small pages at a time."""
        pages = self.api.get_paginator("list_enabled_baselines").paginate(
            includeChildren=True, filter=filters, PaginationConfig={"PageSize": 5}
        )
        return [each for page in pages for each in page["enabledBaselines"]]

    def on(self, target_id: str) -> dict[str, Any] | None:
        """What ListEnabledBaselines says of AWSControlTowerBaseline on a unit or an account."""
        target = arn("ou" if target_id.startswith("ou-") else "account", target_id)
        found = self.enabled(targetIdentifiers=[target], baselineIdentifiers=[self.baseline()])
        return found[0] if found else None

    def standing(self, target_id: str) -> str:
        """Status and, behind a blank, inheritance drift; `-` where there is no baseline."""
        found = self.on(target_id)
        if found is None:
            return "-"
        drift = found["driftStatusSummary"]["types"]["inheritance"]["status"]
        return f"{found['statusSummary']['status']} {drift}"

    def unit(self, name: str) -> str:
        return next(each.id for each in self.zone.organization.latest.units if each.name == name)

    def unit_arn(self, name: str) -> str:
        return arn("ou", self.unit(name))

    def center(self) -> list[dict[str, str]]:
        """The parameters of EnableBaseline where Control Tower manages access."""
        found = self.enabled(baselineIdentifiers=[self.baseline("IdentityCenterBaseline")])
        return [{"key": "IdentityCenterEnabledBaselineArn", "value": each["arn"]} for each in found]

    def register(self, unit: str, **more: Any) -> dict[str, Any]:
        """EnableBaseline on the unit of this name; the details of the operation when it has ended."""
        given = {
            "baselineIdentifier": self.baseline(),
            "baselineVersion": self.zone.baseline_version,
            "targetIdentifier": self.unit_arn(unit),
            "parameters": self.center(),
            **more,
        }
        return self.ended(self.api.enable_baseline(**given))

    def reset(self, unit: str) -> dict[str, Any]:
        """ResetEnabledBaseline on the unit of this name; the details of the operation when it has ended."""
        found = self.on(self.unit(unit))
        assert found is not None
        return self.ended(self.api.reset_enabled_baseline(enabledBaselineIdentifier=found["arn"]))

    def ended(self, answer: dict[str, Any]) -> dict[str, Any]:
        self.aws.wait(ENDED)
        operation = answer["operationIdentifier"]
        details: dict[str, Any] = self.api.get_baseline_operation(operationIdentifier=operation)["baselineOperation"]
        return details

    def run(self, operation: str, **parameters: Any) -> tuple[str, str | None, str]:
        """An operation of Account Factory until it has ended: its status, the account's id, and the error."""
        organization = self.zone.organization
        given = dict(parameters)
        if operation != "terminate":
            given["sso_user"] = {"SSOUserEmail": "admin@example.com"}
        with organization.lock:
            organization.advance()
            operation_id = getattr(self.factory, operation)(**given)
        self.aws.wait(ENDED)
        with organization.lock:
            organization.advance()
            found = self.factory.operation(operation_id)
        return found.status, found.account_id, found.error

    def drift(self, kind: str, target: str = "") -> str:
        with self.zone.organization.lock:
            self.zone.organization.advance()
            return cause(self.zone, kind, target)

    def fail(self, step: str, message: str = "A stack set failed.") -> None:
        self.aws.served.inject(Fault(kind=Kind.WORKFLOW_FAILURE, operation=step, message=message))

    def aws_drift(self) -> list[dict[str, str]]:
        """What the sandbox's own endpoint says is in drift."""
        found: list[dict[str, str]] = ask(self.aws.served.url, "drift")["drift"]
        return found

    def events(self, name: str) -> list[dict[str, Any]]:
        details = (each["detail"] for each in self.zone.events)
        return [each["serviceEventDetails"] for each in details if each.get("eventName") == name]

    def has_role(self, account_id: str) -> bool:
        """Whether one can get into the account by AWSControlTowerExecution."""
        try:
            return bool(self.aws.inside(account_id, "AWSControlTowerExecution"))
        except self.aws.client("sts").exceptions.ClientError:
            return False


@contextmanager
def towering(**options: Any) -> Iterator[Tower]:
    """A sandbox with a landing zone; fails at its end if an answer did not fit the model."""
    with opened(Options(landing_zone=True, **options)) as aws:
        tower = Tower(aws)
        yield tower
        assert tower.misfits == []
