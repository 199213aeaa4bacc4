"""The part `customizations:` of `vending.yaml`, as values."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pipeline.customizations.layers import Layer, Selector
from pipeline.customizations.sources import Unusable, read_source, shown
from pipeline.model.customization import When
from pipeline.model.finding import Finding, Location
from pipeline.model.request import Path

Place = Callable[[Path], Location]
"""Where the value at a path below `customizations` was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateBucket:
    """`prefix`: what the keys of all states begin with."""

    bucket: str
    region: str
    prefix: str = "accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFolder:
    """A folder of this machine, relative to the workspace: for trying out."""

    local: str


class PlanMode(StrEnum):
    """For which accounts `vend plan` runs Terraform."""

    CHANGED = "changed"
    SAMPLE = "sample"
    """One account of each group that has changed in the same way."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terraform:
    """`minimum_version`: what the binary has to be at least. `mirror`: a folder that holds `registry.terraform.io/`."""

    binary: str = "terraform"
    minimum_version: str = "1.10.0"
    mirror: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Customizations:
    """`waves`: numbers of accounts, or shares like "10%". `failure_budget`: failures that stop further starts when exceeded.

    `max_destroys`: resources that one account may lose before its change is held. `parallelism`: Terraform runs at a time,
    None for one per core.
    """

    state: StateBucket | StateFolder | None = None
    layers: tuple[Layer, ...] = ()
    terraform: Terraform = field(default_factory=Terraform)
    plan: PlanMode = PlanMode.CHANGED
    waves: tuple[int | str, ...] = ()
    failure_budget: int = 0
    max_destroys: int = 0
    parallelism: int | None = None


def read_customizations(value: Mapping[str, Any], place: Place) -> Customizations:
    """The settings that a valid mapping stands for; see `check_customizations` for what its schema cannot say."""
    return Customizations(
        state=_state(value["state"]) if "state" in value else None,
        layers=tuple(_layer(layer, number, place) for number, layer in enumerate(value.get("layers", ()))),
        terraform=Terraform(**value.get("terraform", {})),
        plan=PlanMode(value.get("plan", PlanMode.CHANGED)),
        waves=tuple(int(wave) if isinstance(wave, float) else wave for wave in value.get("waves", ())),
        failure_budget=int(value.get("failure_budget", 0)),
        max_destroys=int(value.get("max_destroys", 0)),
        parallelism=int(value["parallelism"]) if "parallelism" in value else None,
    )


def check_customizations(value: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    """What is wrong with a mapping that fits its schema: a state that is half given or given twice, a source not pinned."""
    state = value.get("state")
    if state is not None and set(state) not in ({"local"}, {"bucket", "region"}, {"bucket", "region", "prefix"}):
        yield Finding(
            location=place(("state",)),
            rule="settings-state",
            message="customizations.state names neither a bucket with its Region nor a local folder alone",
            hint="write {bucket: example-vending-state, region: eu-west-1}, or {local: .vend/terraform-state}",
            attribute="customizations.state",
        )
    for number, layer in enumerate(value.get("layers", ())):
        source = read_source(layer["source"]) if "source" in layer else None
        if isinstance(source, Unusable):
            yield Finding(
                location=place(("layers", str(number), "source")),
                rule="customization-source",
                message=f'the source "{shown(layer["source"])}" of the layer "{layer["name"]}" {source.problem}',
                hint=source.hint,
                attribute=f"customizations.layers.{number}.source",
            )


def _state(value: Mapping[str, Any]) -> StateBucket | StateFolder:
    return StateFolder(local=value["local"]) if "local" in value else StateBucket(**value)


def _layer(value: Mapping[str, Any], number: int, place: Place) -> Layer:
    path, inputs = ("layers", str(number)), value.get("inputs", {})
    return Layer(
        name=value["name"],
        location=place((*path, "name")),
        source=value.get("source"),
        selector=_selector(value),
        exclude=_selector(value.get("exclude", {})),
        inputs=inputs,
        origins={key: place((*path, "inputs", key)) for key in inputs},
        depends_on=tuple(value.get("depends_on", ())),
        when=When(value.get("when", When.ALWAYS)),
    )


def _selector(value: Mapping[str, Any]) -> Selector:
    return Selector(units=tuple(value.get("units", ())), tags=value.get("tags", {}), keys=tuple(value.get("keys", ())))
